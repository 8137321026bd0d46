"""From a submission to a post: judged, placed, tagged, rendered, queued, in one transaction.

Both entrances end here: mail and what is written on the web.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import subject
from forum.domain.preparing import Shown, show
from forum.domain.rules import (
    Accept,
    Discard,
    Hold,
    PostingPolicy,
    Reason,
    Reject,
    judge,
)
from forum.domain.values import Source, Submission
from forum.operations import threading
from forum.operations.accounts import ensure_author
from forum.operations.deliveries import queue_deliveries
from forum.operations.deriving import (
    attachment_rows,
    header_values,
    newest_language,
    segment_rows,
    shown_values,
    text_of,
)
from forum.operations.raw import store_raw
from forum.operations.threads import refresh_summaries
from forum.storage.archive import MessageLink, Post, Thread, ThreadState
from forum.storage.lists import MailingList, Posting, Strangers, roles_of
from forum.storage.mail import HeldMessage, HeldState, IndexQueue
from forum.storage.people import Account, Address, address_of, is_subscribed

UNNAMED = "unnamed.invalid"
"""RFC 2606: no Message-ID of the outside world ends so."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who handed a message in, besides what it says itself."""

    authenticated: bool = False
    failed: bool = False
    """A believed verdict says that the author's address is forged."""
    account: Account | None = None
    incoming_id: int | None = None


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
    known = _known(session, mailing_list, submission)
    if known is not None:
        return known
    policy = _policy(session, mailing_list, submission, sender, max_bytes)
    match judge(submission, policy):
        case Accept():
            row = publish(session, mailing_list, submission, now, source=source, delay=delay)
            return Posted(row.id, row.thread_id)
        case Hold(reasons):
            held = hold(session, mailing_list, submission, reasons, now, source, sender)
            return Held(held.id, reasons)
        case Reject(reasons):
            return Rejected(reasons)
        case Discard(reasons):
            return Discarded(reasons)


def publish(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
    *,
    source: Source,
    delay: timedelta = timedelta(0),
    mail: bool = True,
) -> Post:
    """Make a post of a message, without judging it.

    Args:
        mail: Whether subscribers are sent it; imports are not mailed.
    """
    address = ensure_author(session, submission.author, submission.date)
    placement = threading.place(session, mailing_list, submission)
    shown = _read_body(session, submission, placement.parent_id, address)
    row = _insert(session, mailing_list, submission, now, source, address, placement, shown)
    session.flush()
    touched = threading.settle(session, row)
    refresh_summaries(session, touched)
    session.add(IndexQueue(post_id=row.id, queued_at=now))
    if mail:
        copies = {box.key for box in submission.recipients} if source == Source.EMAIL else set()
        queue_deliveries(session, row, mailing_list, now, delay=delay, has_copy=copies)
    return row


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
        held_at=now,
    )
    session.add(held)
    session.flush()
    return held


def known_post(session: Session, mailing_list: MailingList, digest: str) -> Post | None:
    """The post of a list that holds the same content."""
    return session.scalar(
        select(Post).where(Post.mailing_list_id == mailing_list.id, Post.content_digest == digest)
    )


def _known(
    session: Session, mailing_list: MailingList, submission: Submission
) -> Disposition | None:
    known = known_post(session, mailing_list, submission.content_digest)
    if known is not None:
        _add_alias(session, known, submission.message_id)
        return Duplicate(known.id)
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


def _add_alias(session: Session, known: Post, message_id: str | None) -> None:
    if message_id is None or message_id == known.message_id:
        return
    link = session.get(MessageLink, (known.mailing_list_id, message_id))
    if link is None or link.post_id is None:
        refresh_summaries(session, threading.add_alias(session, known, message_id))


def _policy(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    sender: Sender,
    max_bytes: int,
) -> PostingPolicy:
    address = address_of(session, submission.author.address) if submission.author.address else None
    account = sender.account or (address.author.account if address else None)
    roles = roles_of(session, account.id, mailing_list.id) if account else frozenset()
    author_id = sender.account.author_id if sender.account else address and address.author_id
    return PostingPolicy(
        max_bytes=max_bytes,
        members_only=mailing_list.posting != Posting.OPEN,
        moderated=mailing_list.posting == Posting.MODERATED,
        discards_strangers=mailing_list.strangers == Strangers.DISCARD,
        author_is_member=bool(author_id)
        and is_subscribed(session, mailing_list.id, author_id or 0),
        author_is_moderator=bool(roles & {"owner", "moderator"})
        or bool(account and account.is_admin),
        sender_authenticated=sender.authenticated or sender.account is not None,
        sender_failed=sender.failed,
        thread_closed=_answers_closed_thread(session, mailing_list, submission),
    )


def _answers_closed_thread(
    session: Session, mailing_list: MailingList, submission: Submission
) -> bool:
    wanted = [*submission.references, *submission.in_reply_to]
    if not wanted:
        return False
    return (
        session.scalar(
            select(Thread.id)
            .join(MessageLink, MessageLink.thread_id == Thread.id)
            .where(
                MessageLink.mailing_list_id == mailing_list.id,
                MessageLink.message_id.in_(wanted[-50:]),
                Thread.state == ThreadState.CLOSED,
            )
            .limit(1)
        )
        is not None
    )


def _read_body(
    session: Session, submission: Submission, parent_id: int | None, address: Address
) -> Shown:
    parent = session.get(Post, parent_id) if parent_id else None
    inherited = [parent.language] if parent is not None else []
    return show(
        submission.text,
        submission.text_format,
        submission.declared_language,
        text_of(parent) if parent is not None else None,
        (*inherited, *newest_language(session, address.author_id)),
    )


def _insert(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
    source: Source,
    address: Address,
    placement: threading.Placement,
    shown: Shown,
) -> Post:
    thread_id = placement.thread_id
    if thread_id is None:
        title = subject.parse_subject(submission.subject, list_prefixes=(mailing_list.slug,)).base
        thread_id = _start_thread(session, mailing_list, submission, title).id
    row = Post(
        mailing_list_id=mailing_list.id,
        thread_id=thread_id,
        parent_id=placement.parent_id,
        raw_id=store_raw(session, submission.raw).id,
        author_id=address.author_id,
        message_id=_archive_id(session, mailing_list, submission),
        content_digest=submission.content_digest,
        date=submission.date,
        arrived_at=now,
        source=source,
        segments=segment_rows(shown),
        attachments=attachment_rows(submission),
        **header_values(submission, mailing_list.slug),
        **shown_values(shown),
    )
    session.add(row)
    return row


def _start_thread(
    session: Session, mailing_list: MailingList, submission: Submission, shown: str
) -> Thread:
    thread = Thread(
        mailing_list_id=mailing_list.id,
        subject=shown,
        started_at=submission.date,
        last_post_at=submission.date,
    )
    session.add(thread)
    session.flush()
    return thread


def _archive_id(session: Session, mailing_list: MailingList, submission: Submission) -> str:
    """The Message-ID, or one of our own where it is missing or another text bears it."""
    digest = submission.content_digest
    if submission.message_id is None:
        return f"{digest[:40]}@{UNNAMED}"
    link = session.get(MessageLink, (mailing_list.id, submission.message_id))
    if link is not None and link.post_id is not None:
        return f"{submission.message_id}.{digest[:16]}"
    return submission.message_id
