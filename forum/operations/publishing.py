"""Make a post of a message: placed, tagged, rendered, queued for the index and for the mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import subject
from forum.domain.preparing import Shown, show
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
)
from forum.operations.mirroring_out import queue_upstream, readers_outside
from forum.operations.raw import store_raw
from forum.operations.recipients import Audience
from forum.operations.threads import refresh_summaries
from forum.operations.topics import file_thread
from forum.operations.translated import language_answered, quotable_text
from forum.storage.archive import MessageLink, Post, RawMessage, Thread
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import IndexQueue
from forum.storage.mirror import outside_of
from forum.storage.people import Address

UNNAMED = "unnamed.invalid"
"""RFC 2606: no Message-ID of the outside world ends so."""


def publish(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
    *,
    source: Source,
    delay: timedelta = timedelta(0),
    mail: bool = True,
    goes_out: bool = True,
    raw: RawMessage | None = None,
    audience: Audience | None = None,
    placement: threading.Placement | None = None,
) -> Post:
    """Make a post of a message, without judging it.

    Args:
        mail: Whether subscribers are sent it; imports are not mailed.
        goes_out: Whether the outside list of a mirrored list is sent it: not what came from there.
        raw: The bytes of the message, where they are kept already.
        audience: Of the lists, where several posts are made together.
        placement: What `threading.place` told of it in this transaction.
    """
    address = ensure_author(session, submission.author, submission.date)
    placement = placement or threading.place(session, mailing_list, submission)
    # Held on to, so that it is read from the database once.
    parent = session.get(Post, placement.parent_id) if placement.parent_id else None
    shown = _read_body(session, mailing_list, submission, parent, address)
    raw = raw or store_raw(session, submission.raw)
    row = _insert(session, mailing_list, submission, now, source, address, placement, shown, raw)
    session.flush()
    # Written together with what `settle` flushes.
    session.add(IndexQueue(post_id=row.id, queued_at=now))
    keeps_its_id = row.message_id == submission.message_id
    touched = threading.settle(session, row, placement if keeps_its_id else None)
    refresh_summaries(session, touched)
    file_thread(session, mailing_list, row)
    if mail:
        copies = {box.key for box in submission.recipients} if source == Source.EMAIL else set()
        _mail(session, row, mailing_list, now, copies, delay, goes_out, audience)
    return row


def _mail(
    session: Session,
    row: Post,
    mailing_list: MailingList,
    now: datetime,
    copies: set[str],
    delay: timedelta,
    goes_out: bool,
    audience: Audience | None,
) -> None:
    if mailing_list.mode == Mode.MIRRORED:
        if goes_out:
            queue_upstream(session, row, mailing_list, now, written_to=copies, delay=delay)
        copies = copies | readers_outside(session, mailing_list)
    queue_deliveries(
        session, row, mailing_list, now, delay=delay, has_copy=copies, audience=audience
    )


def known_post(session: Session, mailing_list: MailingList, digest: str) -> Post | None:
    """The post of a list that holds the same content."""
    return session.scalar(
        select(Post).where(Post.mailing_list_id == mailing_list.id, Post.content_digest == digest)
    )


def add_alias(session: Session, known: Post, message_id: str | None) -> None:
    """Keep another Message-ID under which a post is known."""
    if message_id is None or message_id == known.message_id:
        return
    link = session.get(MessageLink, (known.mailing_list_id, message_id))
    if link is None or link.post_id is None:
        refresh_summaries(session, threading.add_alias(session, known, message_id))


def _read_body(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    parent: Post | None,
    address: Address,
) -> Shown:
    answered = (*submission.references, *submission.in_reply_to[:1])
    inherited = [language_answered(session, parent, answered)] if parent is not None else []
    return show(
        submission.text,
        submission.text_format,
        submission.declared_language,
        quotable_text(session, parent, answered) if parent is not None else None,
        (*inherited, *newest_language(session, address.author_id)),
        outside_of(session, mailing_list),
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
    raw: RawMessage,
) -> Post:
    thread_id = placement.thread_id
    if thread_id is None:
        names = mailing_list.subject_names
        title = subject.parse_subject(submission.subject, list_prefixes=names).base
        thread_id = _start_thread(session, mailing_list, submission, title).id
    row = Post(
        mailing_list_id=mailing_list.id,
        thread_id=thread_id,
        parent_id=placement.parent_id,
        raw_id=raw.id,
        author_id=address.author_id,
        message_id=_archive_id(session, mailing_list, submission),
        content_digest=submission.content_digest,
        date=submission.date,
        arrived_at=now,
        source=source,
        segments=segment_rows(shown),
        attachments=attachment_rows(submission),
        **header_values(submission, mailing_list.subject_names),
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
