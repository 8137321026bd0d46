"""Authors, their addresses, web accounts and subscriptions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    UniqueConstraint,
    and_,
    bindparam,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList, RoleGrant


class DeliveryMode(StrEnum):
    """How a subscriber receives posts."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
    NONE = "none"


class DigestFormat(StrEnum):
    """How a digest holds its messages."""

    MIME = "mime"
    """Each as a message of its own (RFC 2046)."""
    PLAIN = "plain"
    """All in one text (RFC 1153)."""


class SubscriptionState(StrEnum):
    """Whether mail goes out to a subscription."""

    ACTIVE = "active"
    PAUSED = "paused"
    BOUNCING = "bouncing"


class HeldMail(StrEnum):
    """How a moderator hears of what waits."""

    EACH = "each"
    DAILY = "daily"


class Author(Base):
    """A person who writes (RFC 5598), with or without an account."""

    __tablename__ = "author"

    id: Mapped[Key]
    name: Mapped[str]
    """As in their newest mail."""
    named_at: Mapped[datetime | None]
    """The date of the mail the name was taken from."""
    name_is_corrected: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether somebody corrected it: then it is not taken from mail, and stands on all posts."""

    addresses: Mapped[list[Address]] = relationship(back_populates="author")
    account: Mapped[Account | None] = relationship(back_populates="author")


class Address(Base):
    """An email address; it belongs to one person."""

    __tablename__ = "address"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case: as it is compared."""
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    confirmed_at: Mapped[datetime | None]
    """When its holder showed that it is theirs."""

    author: Mapped[Author] = relationship(back_populates="addresses")


class Account(Base):
    """A web login."""

    __tablename__ = "account"

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Where login links go; one of the author's addresses."""
    language: Mapped[Short] = mapped_column(default="en")
    time_zone: Mapped[Short] = mapped_column(default="UTC")
    is_admin: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    session_key: Mapped[Short]
    """Random; changing it signs the account out everywhere."""
    held_mail: Mapped[Short] = mapped_column(default=HeldMail.EACH)
    """For who moderates: a mail for what is held, or one a day of all that waits."""
    held_told_at: Mapped[datetime | None]
    """When the last daily one was made."""

    author: Mapped[Author] = relationship(back_populates="account")

    @property
    def name(self) -> str:
        """The person's name."""
        return self.author.name

    # What Flask-Login asks of the object it is given.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the session cookie holds."""
        return f"{self.id}:{self.session_key}"


class Subscription(Base):
    """A person on a list."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("mailing_list_id", "address_id"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), index=True)
    language: Mapped[Short]
    delivery: Mapped[Short] = mapped_column(default=DeliveryMode.EACH)
    digest_format: Mapped[Short] = mapped_column(default=DigestFormat.MIME)
    state: Mapped[Short] = mapped_column(default=SubscriptionState.ACTIVE)
    reads: Mapped[str] = mapped_column(default="")
    """Languages the person reads, comma-separated; empty: all."""
    own_posts: Mapped[bool] = mapped_column(default=False)
    """Whether the person's own posts come back to them."""
    paused_until: Mapped[datetime | None]
    """When a pause ends by itself; None: when its holder says so."""
    bursts: Mapped[bool] = mapped_column(default=False)
    """Whether answers that come within minutes in one thread come as one mail."""
    attachments_as_links: Mapped[bool] = mapped_column(default=False)
    plain_text: Mapped[bool] = mapped_column(default=False)
    """Whether copies come without their HTML."""
    follows_written: Mapped[bool] = mapped_column(default=True)
    """Whether threads in which the person wrote come at once, whatever `delivery` says."""
    translations: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether people's translations into the languages they read come by mail."""
    token: Mapped[Short] = mapped_column(unique=True)
    """Random; in the footer's link and the return path. It can only stop or pause mail."""
    created_at: Mapped[datetime]

    mailing_list: Mapped[MailingList] = relationship()
    address: Mapped[Address] = relationship()

    def state_at(self, now: datetime) -> str:
        """The state as it counts then: a pause with an end is over by itself."""
        is_over = self.paused_until is not None and self.paused_until <= now
        if self.state == SubscriptionState.PAUSED and is_over:
            return SubscriptionState.ACTIVE
        return self.state


def address_of(session: Session, email: str) -> Address | None:
    """The row of an address, whatever its case."""
    return session.scalar(select(Address).where(Address.email == email.lower()))


def account_by_email(session: Session, email: str) -> Account | None:
    """The account to which an address belongs: its login address or a confirmed one."""
    address = address_of(session, email)
    if address is None:
        return None
    account = session.scalar(select(Account).where(Account.author_id == address.author_id))
    if account is None or (account.email != address.email and address.confirmed_at is None):
        return None
    return account


def in_charge(session: Session, mailing_list_id: int, roles: Collection[str]) -> list[Account]:
    """The accounts that hold one of these roles on a list."""
    return list(
        session.scalars(
            select(Account)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(RoleGrant.mailing_list_id == mailing_list_id, RoleGrant.role.in_(roles))
            .distinct()
            .order_by(Account.id)
        )
    )


def administrators(session: Session) -> list[Account]:
    """Who answers for the site, and for a list that nobody holds a role on."""
    return list(session.scalars(select(Account).where(Account.is_admin).order_by(Account.id)))


def subscription_of(session: Session, mailing_list_id: int, email: str) -> Subscription | None:
    """The subscription of an address on a list, whatever its state."""
    return session.scalar(
        select(Subscription)
        .join(Address)
        .where(Subscription.mailing_list_id == mailing_list_id, Address.email == email.lower())
    )


def language_of_subscriber(session: Session, email: str) -> str | None:
    """The language that an address chose on the list it joined last."""
    return session.scalar(
        select(Subscription.language)
        .join(Address)
        .where(Address.email == email.strip().lower())
        .order_by(Subscription.id.desc())
        .limit(1)
    )


def receives(now: Any) -> ColumnElement[bool]:
    """Which rows of `subscription` are sent mail: active, or with a pause that is over.

    Args:
        now: A time, or the parameter of a query.
    """
    return or_(
        Subscription.state == SubscriptionState.ACTIVE,
        and_(Subscription.state == SubscriptionState.PAUSED, Subscription.paused_until <= now),
    )


def is_subscribed(session: Session, mailing_list_id: int, author_id: int) -> bool:
    """Whether a person is on a list with any of their addresses."""
    values = {"mailing_list": mailing_list_id, "author": author_id}
    return session.scalar(_subscribed_query(), values) is not None


@cache
def _subscribed_query() -> Select[int]:
    return (
        select(Subscription.id)
        .join(Address)
        .where(
            Subscription.mailing_list_id == bindparam("mailing_list"),
            Address.author_id == bindparam("author"),
        )
        .limit(1)
    )
