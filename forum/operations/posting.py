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
from forum.domain.rules import (
    Accept,
    Discard,
    Hold,
    ListRules,
    PostingPolicy,
    Reason,
    Reject,
    judge,
)
from forum.domain.values import Source, Submission
from forum.operations.accounts import ensure_author
from forum.operations.audit import record
from forum.operations.curation_following import (
    destination,
    gone_posts,
    refuse_again,
    remember_there,
)
from forum.operations.importing_rows import parents
from forum.operations.publishing import add_alias, known_post, publish
from forum.operations.raw import load_raw, store_raw
from forum.storage.archive import MessageLink, Post, PostState, Thread, ThreadState
from forum.storage.lists import MailingList, Posting, Strangers, roles_of
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.people import Account, address_of, is_subscribed
from forum.storage.rules import flag_of, rules_of

_OF_THE_WAY: Final = frozenset(
    {Reason.STRANGER, Reason.UNVERIFIED_SENDER, Reason.SPAM, Reason.NOT_FROM_OUTSIDE}
)
"""Reasons to hold one copy of a message that do not hold for what an outside list passes on."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who handed a message in, besides what it says itself."""

    authenticated: bool = False
    failed: bool = False
    """A believed verdict says that the author's address is forged."""
    marked_spam: bool = False
    """The filter of the trusted mail server takes it for spam."""
    account: Account | None = None
    incoming_id: int | None = None
    from_outside: bool = False
    """The outside list that this one mirrors has passed the message on, by its own rules."""
    goes_out: bool = True
    """Whether the outside list, where there is one, is still to be sent it."""


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
    home, mailing_list = mailing_list, destination(session, mailing_list, parents(submission))
    if known is None and mailing_list.id != home.id:
        known = _known(session, mailing_list, submission)
    if known is not None and not _is_judged_anew(known, sender):
        return known
    policy = _policy(session, mailing_list, submission, sender, max_bytes, now)
    match judge(submission, policy):
        case Accept():
            row = publish(
                session, mailing_list, submission, now,
                source=source, delay=delay, goes_out=sender.goes_out,
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


def _policy(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    sender: Sender,
    max_bytes: int,
    now: datetime,
) -> PostingPolicy:
    address = address_of(session, submission.author.address) if submission.author.address else None
    account = sender.account or (address.author.account if address else None)
    roles = roles_of(session, account.id, mailing_list.id) if account else frozenset()
    author_id = address.author_id if address else None
    author_id = sender.account.author_id if sender.account else author_id
    rules = rules_of(session, mailing_list.id)
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
        from_outside=sender.from_outside,
        flag=flag_of(session, mailing_list.id, author_id, now) if author_id else None,
        has_posted=_has_posted(session, mailing_list, author_id, rules),
        marked_spam=sender.marked_spam,
        rules=rules,
    )


def _has_posted(
    session: Session, mailing_list: MailingList, author_id: int | None, rules: ListRules
) -> bool:
    """Whether a post of theirs stands; looked for only where the list asks."""
    if not rules.first_post or not author_id:
        return not rules.first_post
    here = (Post.mailing_list_id == mailing_list.id) & (Post.state == PostState.VISIBLE)
    wanted = select(Post.id).where(Post.author_id == author_id, here).limit(1)
    return session.scalar(wanted) is not None


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
