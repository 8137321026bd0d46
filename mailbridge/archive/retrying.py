"""What was put aside, tried once more: after a fix of the program, it may be readable."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forum.domain.erasing import Eraser
from forum.domain.preparing import Shown, Understood
from forum.domain.redacting import redacted_piece
from forum.operations.erased_meanwhile import ErasedMeanwhile
from forum.operations.importing import Storing
from forum.operations.importing_rows import Ready
from forum.operations.quarantine import quarantined, quarantined_bytes, release
from forum.operations.raw import LEVEL
from forum.storage.imports import QuarantinedMessage
from forum.storage.lists import MailingList
from forum.storage.mirror import outside_of
from mailbridge.archive.child import Show, Understand, work
from mailbridge.archive.context import Context
from mailbridge.archive.counts import Counts
from mailbridge.archive.found import Fault
from mailbridge.archive.old_pages import hyperkitty_key
from mailbridge.archive.recognise import Kind, recognise


def retry_quarantined(
    session: Session, mailing_list: MailingList, now: datetime
) -> dict[str, Counts]:
    """Store what can be stored now, and leave the rest where it is; commits each.

    Pieces of which only the head is known stay aside: their archive must be read again.

    Returns:
        What became of them, by file.
    """
    counts: dict[str, Counts] = {}
    # As at the first attempt, what a mirrored list holds is the outside list's mail.
    context = Context(session, mailing_list.id, outside_of(session, mailing_list))
    erased = ErasedMeanwhile(session)
    storing = Storing(session, mailing_list, now)
    ids = [row.id for row in quarantined(session, mailing_list)]
    session.rollback()
    for row_id in ids:
        row = session.get_one(QuarantinedMessage, row_id)
        of_file = counts.setdefault(row.file, Counts())
        ready = _ready_now(row, context, erased) if _is_whole(row) else None
        if ready is None:
            of_file.quarantined += 1
            session.rollback()
            continue
        try:
            stored = storing.store([ready])
            release(session, session.get_one(QuarantinedMessage, row_id))
            session.commit()
        except IntegrityError:
            session.rollback()
            of_file.quarantined += 1
            continue
        if stored.new:
            of_file.stored += 1
        else:
            of_file.duplicate += 1
    return counts


def _is_whole(row: QuarantinedMessage) -> bool:
    if row.reason == Fault.CRASH:
        return True
    whole = row.reason in (Fault.NOT_A_MESSAGE, Fault.EMPTY)
    head = quarantined_bytes(row)
    return whole and recognise(head, PurePosixPath(row.file)) is Kind.MESSAGE


def _ready_now(row: QuarantinedMessage, context: Context, erased: ErasedMeanwhile) -> Ready | None:
    """A message without those who were erased up to now; begins the transaction that writes."""
    while True:
        state = erased.state
        ready = _ready(row, context, erased.eraser)
        if ready is None or not erased.since(state):
            return ready
        context.session.rollback()


def _ready(row: QuarantinedMessage, context: Context, eraser: Eraser | None) -> Ready | None:
    arrived_at = row.arrived_at
    outside = context.outside
    raw = quarantined_bytes(row)
    if eraser is not None:
        raw = redacted_piece(raw, eraser)
    understood = work(Understand(raw, arrived_at, LEVEL, outside))
    if not isinstance(understood, Understood):
        return None
    submission = understood.submission
    (parent_text,) = context.parent_texts([submission])
    shown = work(
        Show(
            submission.text,
            submission.text_format,
            submission.declared_language,
            parent_text,
            outside,
        )
    )
    if not isinstance(shown, Shown):
        return None
    shown = context.settled(submission, shown, parent_text)
    keys = tuple(row.old_keys)
    if submission.message_id:
        keys = (*keys, hyperkitty_key(submission.message_id))
    return Ready(understood, shown, arrived_at, keys)
