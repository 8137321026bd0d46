"""Mailing lists and who holds which role on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.base import Base, Key, Short

if TYPE_CHECKING:
    from forum.storage.people import Account


class Mode(StrEnum):
    """Who sends a list's mail to its subscribers."""

    HOSTED = "hosted"
    MIRRORED = "mirrored"


class Visibility(StrEnum):
    """Who may read a list."""

    PUBLIC = "public"
    PRIVATE = "private"


class Posting(StrEnum):
    """Who may post without a moderator."""

    OPEN = "open"
    MEMBERS = "members"
    MODERATED = "moderated"


class FromPolicy(StrEnum):
    """Whether the author's address stays in From."""

    AUTO = "auto"
    KEEP = "keep"
    ALWAYS = "always"


class ReplyTo(StrEnum):
    """Where an answer to a post goes."""

    LIST = "list"
    AUTHOR = "author"
    BOTH = "both"


class Strangers(StrEnum):
    """What becomes of a post from an address that is not subscribed."""

    HOLD = "hold"
    DISCARD = "discard"


class RoleName(StrEnum):
    """What an account may do on a list."""

    OWNER = "owner"
    MODERATOR = "moderator"
    TRANSLATOR = "translator"


def names_before_subjects(slug: str, subject_prefix: str) -> tuple[str, ...]:
    """What stands before a list's subjects, with or without brackets, and is no part of them."""
    return (slug, subject_prefix) if subject_prefix else (slug,)


def title_in(one: Any, language: str) -> str:
    """The title of a list, or of what has the same columns, in a language or in the list's own."""
    return str(getattr(one, f"title_{language}", "") or getattr(one, f"title_{one.language}"))


class MailingList(Base):
    """A list of RFC 2919: one address, its threads and its subscribers."""

    __tablename__ = "mailing_list"

    id: Mapped[Key]
    slug: Mapped[Short] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    title_fr: Mapped[str]
    title_en: Mapped[str]
    title_es: Mapped[str]
    description_fr: Mapped[str] = mapped_column(default="")
    description_en: Mapped[str] = mapped_column(default="")
    description_es: Mapped[str] = mapped_column(default="")
    mode: Mapped[Short] = mapped_column(default=Mode.HOSTED)
    upstream_address: Mapped[str | None]
    bridge_address: Mapped[str | None] = mapped_column(unique=True)
    upstream_list_id: Mapped[str | None]
    visibility: Mapped[Short] = mapped_column(default=Visibility.PUBLIC)
    posting: Mapped[Short] = mapped_column(default=Posting.MEMBERS)
    strangers: Mapped[Short] = mapped_column(default=Strangers.HOLD)
    language: Mapped[Short] = mapped_column(default="en")
    """Of the list's own notices to people whose language is not known."""
    from_policy: Mapped[Short] = mapped_column(default=FromPolicy.AUTO)
    reply_to: Mapped[Short] = mapped_column(default=ReplyTo.BOTH)
    subject_prefix: Mapped[Short] = mapped_column(default="")
    """In brackets, such as `[ancrage]`, or empty for none."""
    outgoing_stopped: Mapped[bool] = mapped_column(default=False)
    hourly_limit: Mapped[int | None]
    """Copies that may leave in an hour; None: the setting, 0: as many as there are."""
    time_zone: Mapped[Short] = mapped_column(default="UTC")
    """An IANA name: where the hour of digests is read off."""
    digest_hour: Mapped[int] = mapped_column(default=6)
    """0 to 23: when digests leave, daily or on Mondays."""
    welcome_fr: Mapped[str] = mapped_column(default="")
    welcome_en: Mapped[str] = mapped_column(default="")
    welcome_es: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]

    def title(self, language: str) -> str:
        """The title in an interface language, or in the list's own."""
        return title_in(self, language)

    def description(self, language: str) -> str:
        """The description in an interface language, or in the list's own."""
        own = getattr(self, f"description_{self.language}")
        return str(getattr(self, f"description_{language}", "") or own)

    def welcome(self, language: str) -> str:
        """What the owners say to new subscribers, in a language or in the list's own."""
        own = getattr(self, f"welcome_{self.language}")
        return str(getattr(self, f"welcome_{language}", "") or own)

    @property
    def subject_names(self) -> tuple[str, ...]:
        """What stands before subjects and is no part of them: the list's names in brackets."""
        return names_before_subjects(self.slug, self.subject_prefix)

    @property
    def list_id(self) -> str:
        """The identifier of RFC 2919, without angle brackets."""
        return self.address.replace("@", ".")


class RoleGrant(Base):
    """An account's role on a list."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("mailing_list_id", "account_id", "role"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Short]

    mailing_list: Mapped[MailingList] = relationship()
    account: Mapped[Account] = relationship()


def list_by_slug(session: Session, slug: str) -> MailingList | None:
    """The list with this slug, whoever may see it."""
    return session.scalar(select(MailingList).where(MailingList.slug == slug))


def list_by_address(session: Session, address: str) -> MailingList | None:
    """The list with this address, its own or its bridge address."""
    key = address.lower()
    return session.scalar(
        select(MailingList).where(
            (MailingList.address == key) | (MailingList.bridge_address == key)
        )
    )


def roles_of(session: Session, account_id: int, mailing_list_id: int) -> frozenset[str]:
    """The roles an account holds on a list."""
    rows = session.scalars(
        select(RoleGrant.role).where(
            RoleGrant.account_id == account_id, RoleGrant.mailing_list_id == mailing_list_id
        )
    )
    return frozenset(rows)
