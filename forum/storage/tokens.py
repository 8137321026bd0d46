"""Secrets that open something: one-time tokens sent by mail, and bearer tokens of the API."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Account


class TokenKind(StrEnum):
    """What a one-time token allows."""

    LOGIN = "login"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    ADDRESS = "address"
    SETTINGS = "settings"
    """Opens the choices of one subscription for some time, as often as one likes."""
    CHANGE = "change"
    """Confirms one change that was asked for by mail."""
    INVITATION = "invitation"
    MODERATE = "moderate"
    """One moderator's answer about one held message; good until it expires."""
    ERASURE = "erasure"
    """Confirms that a person wants to be erased."""


class TokenScope(StrEnum):
    """What an API token allows."""

    READ = "read"
    WRITE = "write"


class Token(Base):
    """A random secret sent by mail, good for one thing and some time; only its digest is kept."""

    __tablename__ = "token"

    id: Mapped[Key]
    kind: Mapped[Short]
    digest: Mapped[Short] = mapped_column(unique=True)
    """Hex SHA-256."""
    email: Mapped[str]
    """Lower case: the address it was sent to."""
    mailing_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE")
    )
    payload: Mapped[str] = mapped_column(default="")
    """For instance where to go after signing in, or the name and language of who joins (JSON)."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    mailing_list: Mapped[MailingList | None] = relationship()


class ApiToken(Base):
    """A bearer token of the JSON API; only its digest is kept."""

    __tablename__ = "api_token"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[Short] = mapped_column(unique=True)
    scope: Mapped[Short]
    created_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
