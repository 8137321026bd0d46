"""A person asks to be erased: confirmed by mail, decided by an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations import tokens
from forum.operations.audit import record
from forum.operations.erasing import erase
from forum.operations.notices import NoticeKind, notify
from forum.storage.people import Account, administrators
from forum.storage.privacy import ErasureRequest
from forum.storage.tokens import Token, TokenKind

HOURS: Final = 48


def ask(session: Session, account: Account, now: datetime, site_url: str) -> None:
    """Mail a link with which a person confirms that they want to be erased."""
    request = _open_request(session, account)
    if request is None:
        request = ErasureRequest(account_id=account.id, asked_at=now)
        session.add(request)
        session.flush()
    payload = {"request": str(request.id)}
    secret = tokens.issue(
        session, TokenKind.ERASURE, account.email, now, payload=payload, hours=HOURS
    )
    link = f"{site_url}/account/erasure/{secret}"
    notify(
        session, NoticeKind.CONFIRM_ERASURE, account.email, account.language, now,
        link=link, hours=str(HOURS),
    )  # fmt: skip


def asked(session: Session, account: Account, secret: str, now: datetime) -> ErasureRequest | None:
    """The request that a link confirms; None where it is too old or another's."""
    token = tokens.peek(session, TokenKind.ERASURE, secret, now)
    return _request_of(session, account, token)


def confirm(session: Session, account: Account, secret: str, now: datetime, site_url: str) -> bool:
    """Confirm a request, and ask the administrators; False where the link is no good."""
    request = asked(session, account, secret, now)
    if request is None:
        return False
    tokens.redeem(session, TokenKind.ERASURE, secret, now)
    if request.confirmed_at is None:
        request.confirmed_at = now
        record(session, "ask-erasure", f"person {account.author_id}", now, account=account)
        for one in administrators(session):
            notify(
                session, NoticeKind.ERASURE_ASKED, one.email, one.language, now,
                name=account.name, link=f"{site_url}/admin/erasures",
            )  # fmt: skip
    session.flush()
    return True


def waiting(session: Session) -> Sequence[ErasureRequest]:
    """What administrators have to decide, oldest first."""
    return session.scalars(
        select(ErasureRequest)
        .where(
            ErasureRequest.confirmed_at.is_not(None),
            ErasureRequest.decided_at.is_(None),
            ErasureRequest.account_id.is_not(None),
        )
        .order_by(ErasureRequest.confirmed_at, ErasureRequest.id)
    ).all()


def grant(session: Session, request: ErasureRequest, by: Account, now: datetime) -> None:
    """Erase who asked; a last mail tells them.

    Raises:
        LastAdministrator: nobody would be left who can run the site.
    """
    account = request.account
    assert account is not None
    email, language = account.email, account.language
    erase(session, account.author, now, by)
    # Queued afterwards: the worker sends it, and forgets it with what is kept for a time.
    notify(session, NoticeKind.ERASED, email, language, now)


def refuse(
    session: Session, request: ErasureRequest, by: Account, reason: str, now: datetime
) -> None:
    """Leave everything as it is, and tell who asked why."""
    request.decided_at, request.decided_by_id, request.reason = now, by.id, reason
    account = request.account
    assert account is not None
    record(session, "refuse-erasure", f"person {account.author_id}", now, account=by, reason=reason)
    notify(session, NoticeKind.ERASURE_REFUSED, account.email, account.language, now, reason=reason)


def _open_request(session: Session, account: Account) -> ErasureRequest | None:
    return session.scalar(
        select(ErasureRequest).where(
            ErasureRequest.account_id == account.id, ErasureRequest.decided_at.is_(None)
        )
    )


def _request_of(session: Session, account: Account, token: Token | None) -> ErasureRequest | None:
    if token is None:
        return None
    request = session.get(ErasureRequest, int(tokens.payload_of(token)["request"]))
    mine = request is not None and request.account_id == account.id
    return request if mine and request is not None and request.decided_at is None else None
