"""What a kept message is, and what follows: a post, a command, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.headers import Headers
from forum.domain.values import Source, Submission
from forum.operations.notices import NoticeKind, notify
from forum.operations.posting import (
    Discarded,
    Disposition,
    Duplicate,
    Held,
    Posted,
    Rejected,
    Sender,
    post,
)
from forum.settings import Settings
from forum.storage.lists import MailingList, Mode, RoleGrant, RoleName
from forum.storage.mail import Incoming, IncomingState, Notice
from forum.storage.people import Account, subscription_of
from mailbridge import automatic, commands, deciding
from mailbridge.addressing import POSTING_KINDS, Route, RouteKind, resolve
from mailbridge.authentication import Verdict, verdict
from mailbridge.automatic import Automatic
from mailbridge.notices import OWNER_MAIL

TOLD_AT_MOST: Final = timedelta(days=1)
"""How often an author is told that mail of theirs is held."""

MODERATORS_TOLD_AT_MOST: Final = timedelta(hours=1)

_LOOPS: Final = 100
"""Received fields; more is a loop (RFC 5321, section 6.3)."""

SAID: Final = "told in the SMTP dialogue"
"""The detail of a refusal that the client hears: members and authenticated senders only."""

_AUTOMATIC_STATES: Final = {
    Automatic.BOUNCE: IncomingState.BOUNCE,
    Automatic.COMPLAINT: IncomingState.BOUNCE,
    Automatic.ECHO: IncomingState.ECHO,
}


def process(session: Session, row: Incoming, raw: bytes, now: datetime, settings: Settings) -> None:
    """Decide what becomes of a kept message and do it; the caller commits."""
    route = resolve(session, row.forward_path, settings.mail_domain)
    mailing_list = _locked(session, route) if route else None
    if route is None or mailing_list is None:
        row.state, row.detail = IncomingState.DISCARDED, "the list is gone"
        return
    submission = message.parse(raw, row.received_at)
    row.subject = submission.subject
    row.author_email = submission.author.key
    kind = _machine(raw, row, mailing_list)
    if kind is not None:
        row.state = _AUTOMATIC_STATES.get(kind, IncomingState.AUTOMATIC)
        row.reasons = [str(kind)]
    elif route.kind is RouteKind.BOUNCES:
        row.state = IncomingState.BOUNCE
    elif route.kind in POSTING_KINDS:
        _post(session, row, mailing_list, submission, raw, now, settings)
    elif route.kind is RouteKind.OWNER:
        _pass_on(session, row, mailing_list, submission, now)
    elif route.kind is RouteKind.MODERATE:
        key = settings.resolved_secret_key()
        done = deciding.decide(session, mailing_list, route.token, submission, now, key)
        row.state, row.reasons = IncomingState.COMMAND, [done]
    else:
        row.reasons = [
            commands.obey(session, route, mailing_list, submission, now, settings.site_url)
        ]
        row.state = IncomingState.COMMAND


def _locked(session: Session, route: Route) -> MailingList | None:
    """The list; where mail is posted, its threads grow by one message at a time."""
    posting = route.kind in POSTING_KINDS
    lock = {"key_share": True} if posting else None
    return session.get(MailingList, route.mailing_list_id, with_for_update=lock)


def _machine(raw: bytes, row: Incoming, mailing_list: MailingList) -> Automatic | None:
    # A mirrored list's own identifier is that of the outside list: its mail is what we want.
    own = (mailing_list.list_id,) if mailing_list.mode == Mode.HOSTED else ()
    kind = automatic.classify(raw, row.reverse_path, own)
    if kind is None and len(Headers.of(raw).raw_all("received")) > _LOOPS:
        return Automatic.ECHO
    return kind


def _post(
    session: Session,
    row: Incoming,
    mailing_list: MailingList,
    submission: Submission,
    raw: bytes,
    now: datetime,
    settings: Settings,
) -> None:
    found = verdict(Headers.of(raw), settings.trusted_authserv)
    sender = Sender(
        authenticated=found is Verdict.PASS,
        failed=found is Verdict.FAIL,
        incoming_id=row.id,
    )
    known = subscription_of(session, mailing_list.id, submission.author.address)
    is_known = found is Verdict.PASS or (known is not None and found is Verdict.NONE)
    disposition = post(
        session,
        mailing_list,
        submission,
        now,
        max_bytes=settings.max_message_bytes,
        source=Source.EMAIL,
        sender=sender,
    )
    row.authenticated = found is Verdict.PASS
    _record(row, disposition)
    if isinstance(disposition, Rejected) and is_known:
        row.detail = SAID
    if isinstance(disposition, Held):
        language = _language(session, mailing_list, submission)
        if is_known:
            _tell_author(session, mailing_list, submission, disposition, language, now)
        _tell_moderators(session, mailing_list, submission, disposition, now, settings)


def _record(row: Incoming, disposition: Disposition) -> None:
    match disposition:
        case Posted(post_id, _):
            row.state, row.post_id = IncomingState.POSTED, post_id
        case Duplicate(post_id):
            row.state, row.post_id = IncomingState.DUPLICATE, post_id
        case Held(_, reasons):
            row.state, row.reasons = IncomingState.HELD, [str(one) for one in reasons]
        case Rejected(reasons):
            row.state, row.reasons = IncomingState.REJECTED, [str(one) for one in reasons]
        case Discarded(reasons):
            row.state, row.reasons = IncomingState.DISCARDED, [str(one) for one in reasons]


def _language(session: Session, mailing_list: MailingList, submission: Submission) -> str:
    return commands.answer_language(session, mailing_list, submission, None)


def _tell_author(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    held: Held,
    language: str,
    now: datetime,
) -> None:
    """Only members and authenticated senders: a forged one must not get our mail."""
    recipient = submission.author.key
    if _told(session, NoticeKind.HELD_AUTHOR, recipient, now - TOLD_AT_MOST):
        return
    notify(
        session,
        NoticeKind.HELD_AUTHOR,
        recipient,
        language,
        now,
        mailing_list=mailing_list,
        subject=submission.subject,
        reasons=",".join(held.reasons),
        in_reply_to=submission.message_id or "",
    )


def _tell_moderators(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    held: Held,
    now: datetime,
    settings: Settings,
) -> None:
    author = submission.author
    key = settings.resolved_secret_key()
    for account in _in_charge(session, mailing_list, (RoleName.MODERATOR, RoleName.OWNER)):
        if _told(
            session,
            NoticeKind.HELD_MODERATOR,
            account.email,
            now - MODERATORS_TOLD_AT_MOST,
            mailing_list,
        ):
            continue
        notify(
            session,
            NoticeKind.HELD_MODERATOR,
            account.email,
            account.language,
            now,
            mailing_list=mailing_list,
            author=f"{author.name} <{author.address}>".strip(),
            decision_token=deciding.decision_token(held.held_id, account.id, key),
            subject=submission.subject,
            reasons=",".join(held.reasons),
        )


def _pass_on(
    session: Session,
    row: Incoming,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
) -> None:
    """Mail to the owners: to each of them, else to the site's administrators."""
    owners = _in_charge(session, mailing_list, (RoleName.OWNER,))
    owners = owners or list(session.scalars(select(Account).where(Account.is_admin)))
    row.state = IncomingState.COMMAND if owners else IncomingState.FAILED
    row.reasons = ["owner"]
    row.detail = "" if owners else "the list has no owner and the site no administrator"
    for account in owners:
        session.add(
            Notice(
                kind=OWNER_MAIL,
                recipient=account.email,
                language=account.language,
                mailing_list_id=mailing_list.id,
                params={
                    "incoming_id": str(row.id),
                    "author": submission.author.name or submission.author.address,
                    "subject": submission.subject,
                },
                due_at=now,
                queued_at=now,
            )
        )


def _in_charge(
    session: Session, mailing_list: MailingList, roles: tuple[RoleName, ...]
) -> list[Account]:
    return list(
        session.scalars(
            select(Account)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(RoleGrant.mailing_list_id == mailing_list.id, RoleGrant.role.in_(roles))
            .distinct()
            .order_by(Account.id)
        )
    )


def _told(
    session: Session,
    kind: NoticeKind,
    recipient: str,
    since: datetime,
    mailing_list: MailingList | None = None,
) -> bool:
    query = select(Notice.id).where(
        Notice.kind == kind, Notice.recipient == recipient, Notice.queued_at > since
    )
    if mailing_list is not None:
        query = query.where(Notice.mailing_list_id == mailing_list.id)
    return session.scalar(query.limit(1)) is not None
