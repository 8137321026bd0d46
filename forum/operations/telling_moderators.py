"""Who is in charge of a list is told what waits for them, at once or once a day as they choose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.operations import tokens
from forum.operations.notices import NoticeKind, notify
from forum.storage.curation import PostReport
from forum.storage.lists import MailingList, RoleName
from forum.storage.mail import HeldMessage, Notice
from forum.storage.people import Account, HeldMail, administrators, in_charge
from forum.storage.tokens import TokenKind

NOTICES_AN_HOUR: Final = 30
"""To one moderator, of what waits on one list; in a flood the queue alone tells of the rest."""

TOKEN_HOURS: Final = 30 * 24

_AT_ONCE: Final = (NoticeKind.HELD_MODERATOR, NoticeKind.REPORTED)


def tell_of_held(session: Session, held: HeldMessage, now: datetime) -> None:
    """Tell that a message waits; it is attached, and the reply can decide."""
    for account in _to_be_told(session, held.mailing_list, now):
        notify(
            session,
            NoticeKind.HELD_MODERATOR,
            account.email,
            account.language,
            now,
            mailing_list=held.mailing_list,
            author=_mailbox(held.author_name, held.author_email),
            held_id=str(held.id),
            decision_token=decision_token(session, held.id, account, now),
            subject=held.subject,
            reasons=",".join(held.reasons),
        )


def tell_of_report(session: Session, found: PostReport, now: datetime) -> None:
    """Tell that a reader reported a post, and why; who moderates the list and reported it knows."""
    for account in _to_be_told(session, found.post.mailing_list, now):
        if account.id == found.account_id:
            continue
        notify(
            session,
            NoticeKind.REPORTED,
            account.email,
            account.language,
            now,
            mailing_list=found.post.mailing_list,
            author=found.post.author_name,
            subject=found.post.subject,
            post_id=str(found.post_id),
            reason=found.reason,
            by=found.account.name if found.account else "",
        )


def decision_token(session: Session, held_id: int, account: Account, now: datetime) -> str:
    """A token of one moderator for one held message.

    Its digest is kept; the token itself stands in the notice until that has left, and no longer.
    """
    return tokens.issue(
        session,
        TokenKind.MODERATE,
        account.email,
        now,
        payload={"held": str(held_id), "account": str(account.id)},
        hours=TOKEN_HOURS,
    )


def _to_be_told(session: Session, mailing_list: MailingList, now: datetime) -> Iterator[Account]:
    moderators = in_charge(session, mailing_list.id, (RoleName.MODERATOR, RoleName.OWNER))
    for account in moderators or administrators(session):
        is_told_daily = account.held_mail == HeldMail.DAILY
        if not is_told_daily and not _is_flooded(session, account, mailing_list, now):
            yield account


def _is_flooded(
    session: Session, account: Account, mailing_list: MailingList, now: datetime
) -> bool:
    recent = select(func.count(Notice.id)).where(
        Notice.kind.in_(_AT_ONCE),
        Notice.recipient == account.email,
        Notice.mailing_list_id == mailing_list.id,
        Notice.queued_at > now - timedelta(hours=1),
    )
    return (session.scalar(recent) or 0) >= NOTICES_AN_HOUR


def _mailbox(name: str, address: str) -> str:
    return f"{name} <{address}>".strip()
