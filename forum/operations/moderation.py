"""What a moderator decides about a held message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.mirroring import Outside
from forum.domain.values import Source, Submission
from forum.operations import mirroring, publishing
from forum.operations.audit import record
from forum.operations.mirroring_direct import post_by_outside
from forum.operations.mirroring_out import held_goes_out, was_passed_on
from forum.operations.notices import NoticeKind, notify
from forum.operations.raw import load_raw
from forum.operations.recipients import Audience
from forum.operations.twins import told_apart
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.mirror import outside_of
from forum.storage.people import Account, account_by_email, subscription_of


class Verb(StrEnum):
    """What can be decided; the words of commands and of the audit log."""

    ACCEPT = "accept"
    """Publish it, and mail it."""
    REJECT = "reject"
    """Refuse it and tell its author why, in their language."""
    DISCARD = "discard"
    """Set it aside and tell nobody; its bytes stay for a while."""


_STATES: Final = {
    Verb.ACCEPT: (HeldState.ACCEPTED, IncomingState.POSTED),
    Verb.REJECT: (HeldState.REJECTED, IncomingState.REJECTED),
    Verb.DISCARD: (HeldState.DISCARDED, IncomingState.DISCARDED),
}


class AlreadyDecided(Exception):
    """Somebody else was quicker; the held message bears their decision."""


def decide(
    session: Session,
    held: HeldMessage,
    verb: Verb,
    now: datetime,
    *,
    account: Account | None = None,
    reason: str = "",
    audience: Audience | None = None,
) -> bool:
    """Post a held message, refuse it or set it aside, and write down who did.

    Args:
        account: Who decided; None for an administrator at the command line.
        reason: Told to the author of what is rejected, and kept in the audit log.
        audience: Of the lists, where several messages are decided together.

    Returns:
        Whether it was accepted and stands on the list already, by another way: it is that post.

    Raises:
        AlreadyDecided: it waits no longer; it bears the decision.
    """
    stands = False
    if held.state != HeldState.HELD:
        raise AlreadyDecided(f"message {held.id} is {held.state} already")
    if verb is Verb.ACCEPT:
        row, stands = _published(session, held, now, audience)
        held.post_id = row.id
    elif verb is Verb.REJECT:
        _tell_author(session, held, now, reason)
    held.decided_by_id = account.id if account else None
    held.decided_at = now
    held.decision_reason = "" if verb is Verb.ACCEPT else reason
    _close(session, held, verb, stands)
    record(
        session, verb, f"held {held.id}", now, account=account, mailing_list=held.mailing_list,
        reason=held.decision_reason, post=held.post_id,
        **({"duplicate": True} if stands else {}),
    )  # fmt: skip
    return stands


def _close(session: Session, held: HeldMessage, verb: Verb, stands: bool) -> None:
    """Let it wait no longer, and the mail it came as bear what became of it."""
    held.state, incoming_state = _STATES[verb]
    incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
    if incoming is not None:
        incoming.state = IncomingState.DUPLICATE if stands else incoming_state
        incoming.post_id = held.post_id


def _published(
    session: Session, held: HeldMessage, now: datetime, audience: Audience | None
) -> tuple[Post, bool]:
    """The post of a held message, and whether it stood already, by another way."""
    outside = outside_of(session, held.mailing_list)
    submission = message.parse(load_raw(held.raw), held.held_at, outside=outside)
    submission = told_apart(session, held.mailing_list, submission)
    row = _standing(session, held.mailing_list, submission, outside, now)
    stands = row is not None
    if row is None:
        row = publishing.publish(
            session,
            held.mailing_list,
            submission,
            now,
            source=Source(held.source),
            goes_out=held_goes_out(session, held),
            raw=held.raw,
            audience=audience,
        )
    else:
        publishing.add_alias(session, row, submission.message_id)
    if outside is not None and was_passed_on(session, held, outside):
        mirroring.note_sighting(session, held.mailing_list, row, submission, now)
    return row, stands


def _standing(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    outside: Outside | None,
    now: datetime,
) -> Post | None:
    """The post that a held message became since, such as by way of the outside list."""
    row = publishing.known_post(session, mailing_list, submission.content_digest)
    if row is not None or outside is None:
        return row
    known = mirroring.recognise(session, mailing_list, submission, outside, now, by_content=False)
    if isinstance(known, mirroring.Known):
        return session.get(Post, known.post_id)
    return post_by_outside(session, mailing_list, submission, outside)


def _tell_author(session: Session, held: HeldMessage, now: datetime, reason: str) -> None:
    if not held.author_email:
        return
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


def language_for(session: Session, held: HeldMessage) -> str:
    """In which language the author of a held message is answered."""
    subscription = subscription_of(session, held.mailing_list_id, held.author_email)
    if subscription is not None:
        return subscription.language
    account = account_by_email(session, held.author_email)
    return account.language if account else held.mailing_list.language
