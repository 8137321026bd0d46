"""Rules of keeping threads readable: tags, labels, targets as people type them, refusals."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

LABELS: Final = ("illustrate", "debate", "propose")
"""What the method says a thread is for."""

TAGS_OF_A_THREAD: Final = 20
TAG_CHARACTERS: Final = 40
LARGEST_KEY: Final = 999_999_999

_NOT_IN_TAGS: Final = re.compile(r"[\x00-\x1f\x7f\"#<>()\[\]]+")
_TARGET: Final = re.compile(r"(?:/(?P<kind>threads|posts)/|#post-|^#?)(?P<number>\d{1,9})(?!\d)")


class Refusal(StrEnum):
    """Why a decision cannot be carried out; `SENTENCES` says it."""

    NO_POST = "no-post"
    NO_THREAD = "no-thread"
    BEGINS_THREAD = "begins-thread"
    SAME_THREAD = "same-thread"
    SAME_LIST = "same-list"
    OTHER_LIST = "other-list"
    ITSELF = "itself"
    CIRCLE = "circle"
    STANDS_THERE = "stands-there"
    ALREADY_THERE = "already-there"
    MIRRORED = "mirrored"
    NOTHING_CHANGES = "nothing-changes"
    NO_SUBJECT = "no-subject"
    BAD_TAG = "bad-tag"
    TOO_MANY_TAGS = "too-many-tags"
    BAD_LABEL = "bad-label"
    IS_REMOVED = "is-removed"
    WITHDRAWN = "withdrawn"
    NO_REASON = "no-reason"
    NO_DECISION = "no-decision"
    NOT_UNDOABLE = "not-undoable"
    UNDONE = "undone"
    LATER_DECISION = "later-decision"
    NOT_THE_AUTHOR = "not-the-author"
    TOO_LATE = "too-late"
    MAILED_AGAIN = "mailed-again"
    NO_SYNTHESIS = "no-synthesis"
    LONG_SYNTHESIS = "long-synthesis"
    CHANGED_MEANWHILE = "changed-meanwhile"
    SENT_ALREADY = "sent-already"
    LONG_TRANSLATION = "long-translation"
    TRANSLATED_MEANWHILE = "translated-meanwhile"
    NOT_SHOWN = "not-shown"
    OWN_LANGUAGE = "own-language"
    TAG_TAKEN = "tag-taken"


def N_(sentence: str) -> str:
    """Mark a sentence for translators; it is translated where it is shown."""
    return sentence


SENTENCES: Final = {
    Refusal.NO_POST: N_("There is no post %(number)s."),
    Refusal.NO_THREAD: N_("There is no thread %(number)s."),
    Refusal.BEGINS_THREAD: N_("Post %(number)s begins its thread already."),
    Refusal.SAME_THREAD: N_("Thread %(number)s cannot be merged into itself."),
    Refusal.SAME_LIST: N_("Thread %(number)s is on that list already."),
    Refusal.OTHER_LIST: N_("Thread %(number)s is on another list: move one of them first."),
    Refusal.ITSELF: N_("Post %(number)s cannot answer itself."),
    Refusal.CIRCLE: N_("Post %(number)s is itself an answer to that post."),
    Refusal.STANDS_THERE: N_("It answers post %(number)s already."),
    Refusal.ALREADY_THERE: N_(
        "That list holds a copy of one of the messages already: post %(number)s."
    ),
    Refusal.MIRRORED: N_(
        "Thread %(number)s belongs to a mirrored list, whose outside list would keep it."
    ),
    Refusal.NOTHING_CHANGES: N_("Nothing would change."),
    Refusal.NO_SUBJECT: N_("A thread needs a subject."),
    Refusal.BAD_TAG: N_("A tag has 1 to 40 letters, digits, spaces or hyphens."),
    Refusal.TOO_MANY_TAGS: N_("A thread has at most 20 tags."),
    Refusal.BAD_LABEL: N_("The labels are: illustrate, debate, propose."),
    Refusal.IS_REMOVED: N_("Post %(number)s was removed for good."),
    Refusal.WITHDRAWN: N_("Its author took post %(number)s back."),
    Refusal.NO_REASON: N_("Please give a reason: it is shown in the place of the post."),
    Refusal.NO_DECISION: N_("Number %(number)s is no decision that can be undone."),
    Refusal.NOT_UNDOABLE: N_("Decision %(number)s cannot be undone."),
    Refusal.UNDONE: N_("Decision %(number)s was undone already."),
    Refusal.LATER_DECISION: N_("The later decision %(number)s stands in the way: undo it first."),
    Refusal.NOT_THE_AUTHOR: N_("Only its author may do this with post %(number)s."),
    Refusal.TOO_LATE: N_("Post %(number)s can be changed no more: the time for it is over."),
    Refusal.MAILED_AGAIN: N_(
        "A changed text of post %(number)s was mailed already; save this one without mailing it."
    ),
    Refusal.NO_SYNTHESIS: N_("There is no synthesis of thread %(number)s in that language."),
    Refusal.LONG_SYNTHESIS: N_("A synthesis has at most %(number)s characters."),
    Refusal.CHANGED_MEANWHILE: N_(
        "Somebody else has changed the synthesis meanwhile: it is shown below the form. "
        "Keep yours once more to put it in the place of theirs."
    ),
    Refusal.SENT_ALREADY: N_("This version of the synthesis was sent to the list already."),
    Refusal.LONG_TRANSLATION: N_("A translation has at most %(number)s characters."),
    Refusal.TRANSLATED_MEANWHILE: N_(
        "Somebody else has changed the translation meanwhile: it is shown below the form. "
        "Keep yours once more to put it in the place of theirs."
    ),
    Refusal.NOT_SHOWN: N_("Post %(number)s is not shown."),
    Refusal.OWN_LANGUAGE: N_("Post %(number)s needs no translation into that language."),
    Refusal.TAG_TAKEN: N_("Another topic of this list has that tag."),
}
"""In English, with the number of what is meant; translated where they are shown."""


def tags_of(text: str) -> tuple[str, ...] | Refusal:
    """Tags as people type them, with commas between: lower case, sorted, each once.

    Args:
        text: For instance `Eau, biens communs`.
    """
    found = set()
    for part in text.split(","):
        tag = " ".join(unicodedata.normalize("NFC", part).lower().split())
        if not tag:
            continue
        if len(tag) > TAG_CHARACTERS or _NOT_IN_TAGS.search(tag) or not tag.isprintable():
            return Refusal.BAD_TAG
        found.add(tag)
    return tuple(sorted(found))


def is_target_of_post(text: str) -> bool:
    """Whether what was typed names a post rather than a thread."""
    return "/posts/" in text or "#post-" in text


def target_number(text: str) -> int | None:
    """The number of a thread or post in what people type: a number, or an address that holds it.

    Of an address with both the post counts. None where there is none.
    """
    found = list(_TARGET.finditer(text.strip()))
    if not found:
        return None
    number = int(found[-1]["number"])
    return number if 0 < number <= LARGEST_KEY else None
