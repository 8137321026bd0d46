"""Answers that come within minutes in one thread, for who wants them as one mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

COLLECTED_FOR: Final = timedelta(minutes=10)
"""From the first post that waits: what has come by then is one mail."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post that waits to be mailed to a subscription."""

    subscription_id: int
    thread_id: int
    item_id: int
    post_id: int
    ready_at: datetime
    """When its mailing may begin: until then it can be undone."""


def due_bursts(waiting: Iterable[Waiting], now: datetime) -> list[list[Waiting]]:
    """What goes into one mail each: of a subscription and a thread, the oldest first.

    What can still be undone stays behind, and waits from its own time on.
    """
    ordered = sorted(
        (one for one in waiting if one.ready_at <= now),
        key=lambda one: (one.subscription_id, one.thread_id, one.ready_at, one.post_id),
    )
    groups = (
        list(found)
        for _, found in groupby(ordered, key=lambda one: (one.subscription_id, one.thread_id))
    )
    return [group for group in groups if group[0].ready_at <= now - COLLECTED_FOR]
