"""What becomes of a submission: known already, published, held, rejected or discarded.

Both entrances end here: mail and what is written on the web.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import body, language, message
from forum.domain.rules import Accept, Discard, Hold, Reason, Reject
from forum.domain.values import Source, Submission
from forum.operations.accounts import ensure_author
from forum.operations.audit import record
from forum.operations.curation_following import (
    destination,
    gone_posts,
    refuse_again,
    remember_there,
)
from forum.operations.judging import Occasion, Sender, judged
from forum.operations.publishing import add_alias, known_post, publish
from forum.operations.raw import load_raw, store_raw
from forum.operations.threading import place
from forum.operations.twins import told_apart
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState

_OF_THE_WAY: Final = frozenset(
    {Reason.STRANGER, Reason.UNVERIFIED_SENDER, Reason.SPAM, Reason.NOT_FROM_OUTSIDE}
)
"""Reasons to hold one copy of a message that do not hold for what an outside list passes on."""


@dataclass(frozen=True, slots=True)
class Posted:
    """It is on its thread's page."""

    post_id: int
    thread_id: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The list had it already."""

    post_id: int


@dataclass(frozen=True, slots=True)
class Held:
    """A moderator will decide."""

    held_id: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The sender is to be told why."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Discarded:
    """Nobody is told."""

    reasons: tuple[Reason, ...]


Disposition = Posted | Duplicate | Held | Rejected | Discarded


def post(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
    *,
    max_bytes: int,
    source: Source,
    sender: Sender | None = None,
    delay: timedelta = timedelta(0),
) -> Disposition:
    """Judge a message for a list and do what follows.

    Args:
        max_bytes: The site's limit on a message.
        source: The entrance it came through.
        delay: How long its mailing waits, so that it can be undone.
    """
    sender = sender or Sender()
    submission = told_apart(session, mailing_list, submission)
    known = _known(session, mailing_list, submission)
    home, mailing_list = mailing_list, destination(session, mailing_list, submission.parents)
    if known is None and mailing_list.id != home.id:
        known = _known(session, mailing_list, submission)
    if known is not None and not _is_judged_anew(known, sender):
        return known
    placement = place(session, mailing_list, submission)
    occasion = Occasion(mailing_list, sender, max_bytes, placement.thread_id)
    match judged(session, submission, occasion, now):
        case Accept():
            row = publish(
                session, mailing_list, submission, now,
                source=source, delay=delay, goes_out=sender.goes_out, placement=placement,
            )  # fmt: skip
            remember_there(session, home, row, now)
            if isinstance(known, Held):
                _settle(session, known, row, now)
            return Posted(row.id, row.thread_id)
        case Hold(reasons):
            if isinstance(known, Held):
                return known
            held = hold(session, mailing_list, submission, reasons, now, source, sender)
            return Held(held.id, reasons)
        case Reject(reasons):
            return Rejected(reasons)
        case Discard(reasons):
            return Discarded(reasons)


def hold(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    reasons: Sequence[Reason],
    now: datetime,
    source: Source,
    sender: Sender,
) -> HeldMessage:
    """Keep a message for a moderator."""
    address = ensure_author(session, submission.author, None)
    held = HeldMessage(
        mailing_list_id=mailing_list.id,
        raw_id=store_raw(session, submission.raw).id,
        incoming_id=sender.incoming_id,
        author_id=address.author_id,
        author_email=submission.author.key,
        author_name=submission.author.name,
        subject=submission.subject,
        content_digest=submission.content_digest,
        source=source,
        reasons=[str(reason) for reason in reasons],
        language=_language_of(submission),
        held_at=now,
    )
    session.add(held)
    session.flush()
    return held


def _language_of(submission: Submission) -> str:
    segments = body.segment(submission.text, submission.text_format)
    return language.tag_languages(segments, declared=submission.declared_language)[1]


def _known(
    session: Session, mailing_list: MailingList, submission: Submission
) -> Disposition | None:
    known = known_post(session, mailing_list, submission.content_digest)
    if known is not None:
        add_alias(session, known, submission.message_id)
        return Duplicate(known.id)
    gone = gone_posts(session, mailing_list.id, [submission.content_digest])
    if gone:
        refuse_again(session, submission)
        return Duplicate(gone[submission.content_digest])
    held = session.scalar(
        select(HeldMessage).where(
            HeldMessage.mailing_list_id == mailing_list.id,
            HeldMessage.content_digest == submission.content_digest,
            HeldMessage.state != HeldState.ACCEPTED,
        )
    )
    if held is None:
        return None
    reasons = tuple(Reason(reason) for reason in held.reasons)
    return Held(held.id, reasons) if held.state == HeldState.HELD else Discarded(reasons)


def _is_judged_anew(known: Disposition, sender: Sender) -> bool:
    """Whether what is held came here first by a way of its own, and by the outside list now."""
    return sender.from_outside and isinstance(known, Held) and _OF_THE_WAY.issuperset(known.reasons)


def _settle(session: Session, known: Held, row: Post, now: datetime) -> None:
    """Let a held copy of a post wait no longer."""
    held = session.get_one(HeldMessage, known.held_id)
    held.state, held.decided_at, held.post_id = HeldState.ACCEPTED, now, row.id
    incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
    if incoming is not None:
        incoming.state, incoming.post_id = IncomingState.DUPLICATE, row.id
    # Its author's copy may bear another Message-ID, which people answer.
    add_alias(session, row, message.parse(load_raw(held.raw), held.held_at).message_id)
    record(
        session, "accept", f"held {held.id}", now,
        mailing_list=held.mailing_list, post=row.id, duplicate=True, automatic=True,
    )  # fmt: skip
