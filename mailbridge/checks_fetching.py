"""Checks of the mailboxes that lists' mail is fetched from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from forum.operations.fetching import LONGEST_PAUSE, all_fetching
from forum.storage.fetching import Fetching
from mailbridge.findings import Finding, failure, ok, warning

_UNSEEN: Final = timedelta(minutes=10)
"""How much longer than its longest pause a mailbox may go without a look."""


def fetching(session: Session, now: datetime, every: timedelta) -> Iterator[Finding]:
    """A line for each mailbox; none where mail is brought to us alone.

    Args:
        every: The pause between two looks where all is well.
    """
    for row in all_fetching(session):
        yield check(row, now, every)


def check(row: Fetching, now: datetime, every: timedelta) -> Finding:
    """Whether one mailbox is read."""
    topic = f"fetching {row.mailing_list.slug}"
    if row.error:
        last = f"{row.succeeded_at:%Y-%m-%d %H:%M} UTC" if row.succeeded_at else "never"
        return failure(
            topic, f"{row.source}: {row.error} (last read: {last})",
            f"Repair it, or 'passerelle list edit {row.mailing_list.slug} --fetch …'.",
        )  # fmt: skip
    if row.due_at < now - max(every, LONGEST_PAUSE) - _UNSEEN:
        return failure(
            topic, f"{row.source} was due at {row.due_at:%Y-%m-%d %H:%M} UTC",
            "Start 'passerelle worker', which fetches.",
        )  # fmt: skip
    if row.skipped:
        return warning(
            topic, f"{row.taken} messages taken, {row.skipped} too large and left there",
            "Look at them with a mail program, or raise MAX_MESSAGE_BYTES.",
        )  # fmt: skip
    return ok(topic, f"{row.taken} messages taken")
