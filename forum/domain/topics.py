"""Topics of a list: their tags in subjects, their days, and when people are reminded."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from forum.domain.analysis import fold
from forum.domain.digest_schedule import time_zone

USUAL_REMINDER: Final = 7
"""Days before the end."""
LONGEST_REMINDER: Final = 90
TITLE_CHARACTERS: Final = 120
PRODUCT_CHARACTERS: Final = 500
MOST_TOPICS: Final = 500
"""Of one list."""

_TAG: Final = re.compile(r"\s*\[([^\[\]]{1,80})\]")


class TopicFault(StrEnum):
    """What is wrong with a topic; `SENTENCES` says it."""

    TAG = "tag"
    TAKEN = "taken"
    LIST_NAME = "list-name"
    TITLES = "titles"
    LONG_TITLE = "long-title"
    LONG_PRODUCT = "long-product"
    DAYS = "days"
    REMINDER = "reminder"
    MANY = "many"


def N_(sentence: str) -> str:
    """Mark a sentence for translators; it is translated where it is shown."""
    return sentence


SENTENCES: Final = {
    TopicFault.TAG: N_("A topic has one tag of 1 to 40 letters, digits, spaces or hyphens."),
    TopicFault.TAKEN: N_("Another topic of this list has that tag."),
    TopicFault.LIST_NAME: N_(
        "The name of the list cannot be a tag: it stands before all subjects."
    ),
    TopicFault.TITLES: N_("A topic needs a title in each language."),
    TopicFault.LONG_TITLE: N_("The title of a topic has at most 120 characters."),
    TopicFault.LONG_PRODUCT: N_("What is expected has at most 500 characters."),
    TopicFault.DAYS: N_("A topic ends on the day it begins, or later."),
    TopicFault.REMINDER: N_("The reminder goes out 0 to 90 days before the end."),
    TopicFault.MANY: N_("A list has at most 500 topics."),
}
"""In English; translated where they are shown."""


def tag_key(tag: str) -> str:
    """What tags are compared by: without case, accents, and surplus space."""
    return " ".join(fold(tag).split())


def tags_in_subject(base_subject: str) -> tuple[str, ...]:
    """The keys of the tags in square brackets at the front of a subject, each once.

    Args:
        base_subject: Without answer marks and the list's own prefix (`forum.domain.subject`).
    """
    found: list[str] = []
    place = 0
    while match := _TAG.match(base_subject, place):
        found.append(tag_key(match[1]))
        place = match.end()
    return tuple(dict.fromkeys(key for key in found if key))


def today_of(now: datetime, zone_name: str) -> date:
    """The day by the clocks of a time zone."""
    return now.astimezone(time_zone(zone_name)).date()


def reminder_day(starts_on: date, ends_on: date, days: int) -> date | None:
    """The day on which people are reminded; None where they are not.

    A topic that is shorter than that is told of when it begins.
    """
    return max(starts_on, ends_on - timedelta(days=days)) if days else None


def is_reminder_due(
    now: datetime, zone_name: str, hour: int, starts_on: date, ends_on: date, days: int
) -> bool:
    """Whether people are to be reminded by now: from an hour of that day to the end of the topic.

    Args:
        hour: 0 to 23, by the clocks of the zone.
    """
    day = reminder_day(starts_on, ends_on, days)
    here = now.astimezone(time_zone(zone_name))
    return (
        day is not None
        and day <= here.date() <= ends_on
        and (here.date() > day or here.hour >= hour)
    )
