"""Random secrets, of which only the digest is kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.storage.lists import MailingList
from forum.storage.people import Account
from forum.storage.tokens import ApiToken, Token, TokenKind, TokenScope

SECRET_BYTES = 24


def new_secret() -> str:
    """192 random bits, lower-case hexadecimal: mail servers may fold the case of an address."""
    return secrets.token_hex(SECRET_BYTES)


def issue(
    session: Session,
    kind: TokenKind,
    email: str,
    now: datetime,
    *,
    mailing_list: MailingList | None = None,
    payload: Mapping[str, str] | None = None,
    hours: int = 24,
) -> str:
    """Make a one-time token and give its secret, which is not kept."""
    secret = new_secret()
    session.add(
        Token(
            kind=kind,
            digest=_digest(secret),
            email=email.lower(),
            mailing_list_id=mailing_list.id if mailing_list else None,
            payload=json.dumps(dict(payload or {})),
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    session.flush()
    return secret


def peek(session: Session, kind: TokenKind, secret: str, now: datetime) -> Token | None:
    """The token behind a secret, if it is still good; nothing is consumed."""
    token = session.scalar(
        select(Token).where(Token.kind == kind, Token.digest == _digest(secret.strip().lower()))
    )
    if token is None or token.used_at is not None or token.expires_at < now:
        return None
    return token


def redeem(session: Session, kind: TokenKind, secret: str, now: datetime) -> Token | None:
    """Use a token up; None where it is unknown, used or too old."""
    token = peek(session, kind, secret, now)
    if token is not None:
        token.used_at = now
        session.flush()
    return token


def payload_of(token: Token) -> dict[str, str]:
    """What was kept with a token."""
    found: dict[str, str] = json.loads(token.payload or "{}")
    return found


def issue_api_token(session: Session, account: Account, scope: TokenScope, now: datetime) -> str:
    """Make a bearer token and give its secret, which is not kept."""
    secret = new_secret()
    session.add(
        ApiToken(account_id=account.id, digest=_digest(secret), scope=scope, created_at=now)
    )
    session.flush()
    return secret


def api_token(session: Session, secret: str) -> ApiToken | None:
    """The bearer token behind a secret."""
    return session.scalar(select(ApiToken).where(ApiToken.digest == _digest(secret)))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
