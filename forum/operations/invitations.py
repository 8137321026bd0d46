"""Inviting people to a list: they are asked, and join by their own button or reply alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.values import LANGUAGES
from forum.operations import tokens
from forum.operations.accounts import AccountError, check_email
from forum.operations.notices import NoticeKind, notify
from forum.operations.subscriptions import subscribe, welcome
from forum.storage.choices import Invitation, InvitationState
from forum.storage.lists import MailingList
from forum.storage.people import (
    Account,
    Subscription,
    account_by_email,
    language_of_subscriber,
    subscription_of,
)
from forum.storage.tokens import TokenKind

INVITATION_DAYS: Final = 14
PER_HOUR: Final = 100
"""Invitations to one list; a mistake stays small."""

WORD_CHARACTERS: Final = 2_000


class Invited(StrEnum):
    """What became of one address that was to be invited."""

    SENT = "sent"
    BAD = "bad"
    THERE = "there"
    WAITING = "waiting"
    DECLINED = "declined"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One address and what became of it."""

    email: str
    result: Invited


def invite(
    session: Session,
    mailing_list: MailingList,
    emails: Sequence[str],
    now: datetime,
    *,
    site_url: str,
    account: Account | None = None,
    language: str | None = None,
    message: str = "",
    limited: bool = True,
) -> list[Outcome]:
    """Ask addresses to join a list; each is asked once, and who declined is left in peace.

    Args:
        account: Who invites; None for an administrator at the command line.
        language: Of the mail to people whose language is not known: fr, en or es; None takes the
            list's.
        message: A personal word, in whatever language.
        limited: Whether `PER_HOUR` counts.

    Raises:
        AccountError: there is no such language, or the word is too long.
    """
    if language is not None and language not in LANGUAGES:
        raise AccountError(f"the language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    if len(message) > WORD_CHARACTERS:
        raise AccountError(f"a personal word has at most {WORD_CHARACTERS} characters")
    left = PER_HOUR - _sent_lately(session, mailing_list, now) if limited else len(emails)
    asking = _Asking(session, mailing_list, now, site_url, account, language, message.strip())
    outcomes: list[Outcome] = []
    for text in dict.fromkeys(email.strip().lower() for email in emails):
        result = asking.invite(text, left > 0)
        left -= result is Invited.SENT
        outcomes.append(Outcome(text, result))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is the same for all who are invited together."""

    session: Session
    mailing_list: MailingList
    now: datetime
    site_url: str
    account: Account | None
    language: str | None
    message: str

    def invite(self, text: str, may_send: bool) -> Invited:
        try:
            email = check_email(text)
        except AccountError:
            return Invited.BAD
        if subscription_of(self.session, self.mailing_list.id, email) is not None:
            return Invited.THERE
        before = _newest(self.session, self.mailing_list, email)
        if before is not None and before.state == InvitationState.DECLINED:
            return Invited.DECLINED
        if before is not None and waits(before, self.now):
            return Invited.WAITING
        if not may_send:
            return Invited.TOO_MANY
        self._send(email)
        return Invited.SENT

    def _send(self, email: str) -> None:
        session, mailing_list, now = self.session, self.mailing_list, self.now
        language = _language_of(session, email) or self.language or mailing_list.language
        row = Invitation(
            mailing_list_id=mailing_list.id,
            email=email,
            language=language,
            message=self.message,
            invited_by_id=self.account.id if self.account else None,
            created_at=now,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
        session.add(row)
        session.flush()
        secret = tokens.issue(
            session,
            TokenKind.INVITATION,
            email,
            now,
            mailing_list=mailing_list,
            payload={"invitation": str(row.id)},
            hours=INVITATION_DAYS * 24,
        )
        notify(
            session,
            NoticeKind.INVITATION,
            email,
            language,
            now,
            mailing_list=mailing_list,
            secret=secret,
            link=f"{self.site_url}/confirm/{secret}",
            days=str(INVITATION_DAYS),
            inviter=self.account.name if self.account else "",
            unsigned="" if self.account else "yes",
            message=self.message,
        )


def waits(invitation: Invitation, now: datetime) -> bool:
    """Whether the invited person can still answer."""
    return invitation.state == InvitationState.SENT and invitation.expires_at > now


def state_of(invitation: Invitation, now: datetime) -> str:
    """Its state, where `sent` is told apart from `expired`."""
    if invitation.state == InvitationState.SENT and not waits(invitation, now):
        return "expired"
    return invitation.state


def open_invitation(session: Session, secret: str, now: datetime) -> Invitation | None:
    """The invitation behind a secret, if it still waits; nothing is consumed."""
    token = tokens.peek(session, TokenKind.INVITATION, secret, now)
    if token is None:
        return None
    found = session.get(Invitation, int(tokens.payload_of(token).get("invitation", "0")))
    return found if found is not None and waits(found, now) else None


def accept_invitation(session: Session, secret: str, now: datetime) -> Subscription | None:
    """Join by an invitation's secret; None where it is unknown, used, withdrawn or too old."""
    found = open_invitation(session, secret, now)
    if found is None:
        return None
    tokens.redeem(session, TokenKind.INVITATION, secret, now)
    found.state, found.decided_at = InvitationState.ACCEPTED, now
    was_there = subscription_of(session, found.mailing_list_id, found.email) is not None
    subscription = subscribe(session, found.mailing_list, found.email, now, language=found.language)
    if not was_there:
        welcome(session, subscription, now)
    return subscription


def decline_invitation(session: Session, secret: str, now: datetime) -> Invitation | None:
    """Say no: this list invites the address no more."""
    found = open_invitation(session, secret, now)
    if found is not None:
        tokens.redeem(session, TokenKind.INVITATION, secret, now)
        found.state, found.decided_at = InvitationState.DECLINED, now
        session.flush()
    return found


def withdraw(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Take an invitation back; False where it was answered already."""
    if invitation.state != InvitationState.SENT:
        return False
    invitation.state, invitation.decided_at = InvitationState.WITHDRAWN, now
    session.flush()
    return True


def _newest(session: Session, mailing_list: MailingList, email: str) -> Invitation | None:
    return session.scalar(
        select(Invitation)
        .where(Invitation.mailing_list_id == mailing_list.id, Invitation.email == email)
        .order_by(Invitation.id.desc())
        .limit(1)
    )


def _sent_lately(session: Session, mailing_list: MailingList, now: datetime) -> int:
    query = select(func.count(Invitation.id)).where(
        Invitation.mailing_list_id == mailing_list.id,
        Invitation.created_at > now - timedelta(hours=1),
    )
    return session.scalar(query) or 0


def _language_of(session: Session, email: str) -> str | None:
    """The language a person chose here, with an account or on another list."""
    account = account_by_email(session, email)
    if account is not None:
        return account.language
    return language_of_subscriber(session, email)
