"""What a moderator decides about a held message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.values import Source
from forum.operations import mirroring, publishing
from forum.operations.audit import record
from forum.operations.mirroring_out import held_goes_out
from forum.operations.notices import NoticeKind, notify
from forum.operations.raw import load_raw
from forum.storage.archive import Post
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.mirror import outside_of
from forum.storage.people import Account, account_by_email, subscription_of


class AlreadyDecided(Exception):
    """Somebody else was quicker; the held message bears their decision."""


def accept(
    session: Session, held: HeldMessage, now: datetime, *, account: Account | None = None
) -> Post:
    """Publish a held message, and mail it.

    Args:
        account: Who decided; None for an administrator at the command line.

    Raises:
        AlreadyDecided: it waits no longer.
    """
    _must_wait(held)
    row = _published(session, held, now)
    held.post_id = row.id
    _decide(session, held, HeldState.ACCEPTED, IncomingState.POSTED, now, account, "")
    return row


def _published(session: Session, held: HeldMessage, now: datetime) -> Post:
    """The post of a held message: one that stands since, by another way, or a new one."""
    outside = outside_of(session, held.mailing_list)
    submission = message.parse(load_raw(held.raw), held.held_at, outside=outside)
    row = publishing.known_post(session, held.mailing_list, submission.content_digest)
    if row is None and outside is not None:
        known = mirroring.recognise(
            session, held.mailing_list, submission, outside, now, by_content=False
        )
        row = session.get(Post, known.post_id) if isinstance(known, mirroring.Known) else None
    if row is not None:
        return row
    return publishing.publish(
        session,
        held.mailing_list,
        submission,
        now,
        source=Source(held.source),
        goes_out=held_goes_out(session, held),
    )


def reject(
    session: Session,
    held: HeldMessage,
    now: datetime,
    *,
    account: Account | None = None,
    reason: str = "",
) -> None:
    """Refuse a held message and tell its author why, in their language.

    Raises:
        AlreadyDecided: it waits no longer.
    """
    _must_wait(held)
    if held.author_email:
        notify(
            session,
            NoticeKind.REJECTED,
            held.author_email,
            language_for(session, held),
            now,
            mailing_list=held.mailing_list,
            subject=held.subject,
            reason=reason,
        )
    _decide(session, held, HeldState.REJECTED, IncomingState.REJECTED, now, account, reason)


def discard(
    session: Session,
    held: HeldMessage,
    now: datetime,
    *,
    account: Account | None = None,
    reason: str = "",
) -> None:
    """Set a held message aside and tell nobody; its bytes stay.

    Raises:
        AlreadyDecided: it waits no longer.
    """
    _must_wait(held)
    _decide(session, held, HeldState.DISCARDED, IncomingState.DISCARDED, now, account, reason)


def language_for(session: Session, held: HeldMessage) -> str:
    """In which language the author of a held message is answered."""
    subscription = subscription_of(session, held.mailing_list_id, held.author_email)
    if subscription is not None:
        return subscription.language
    account = account_by_email(session, held.author_email)
    return account.language if account else held.mailing_list.language


def _must_wait(held: HeldMessage) -> None:
    if held.state != HeldState.HELD:
        raise AlreadyDecided(f"message {held.id} is {held.state} already")


def _decide(
    session: Session,
    held: HeldMessage,
    state: HeldState,
    incoming_state: IncomingState,
    now: datetime,
    account: Account | None,
    reason: str,
) -> None:
    held.state = state
    held.decided_by_id = account.id if account else None
    held.decided_at = now
    held.decision_reason = reason
    incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
    if incoming is not None:
        incoming.state = incoming_state
        incoming.post_id = held.post_id
    actions = {
        HeldState.ACCEPTED: "accept",
        HeldState.REJECTED: "reject",
        HeldState.DISCARDED: "discard",
    }
    record(
        session,
        actions[state],
        f"held {held.id}",
        now,
        account=account,
        mailing_list=held.mailing_list,
        reason=reason,
        post=held.post_id,
    )
