"""What the owners of a list ask of a message besides who wrote it, and decisions about people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.domain.rules import ListRules, PersonFlag
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage
from forum.storage.people import Account, Author


class RuleSet(Base):
    """The rules of one list; a list without a row has none."""

    __tablename__ = "rule_set"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    first_post: Mapped[bool] = mapped_column(default=False)
    """Whether a person's first post awaits a moderator."""
    words: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Patterns of `forum.domain.rules.words`."""
    max_links: Mapped[int | None]
    max_bytes: Mapped[int | None]
    max_recipients: Mapped[int | None]
    languages: Mapped[str] = mapped_column(default="")
    """That the list uses, comma-separated; empty: any."""
    spam: Mapped[bool] = mapped_column(default=True)
    """Whether a mark of the own mail server's spam filter holds a message."""

    def values(self) -> ListRules:
        """The same, as the rules read them."""
        return ListRules(
            first_post=self.first_post,
            words=tuple(self.words),
            max_links=self.max_links,
            max_bytes=self.max_bytes,
            max_recipients=self.max_recipients,
            languages=tuple(filter(None, self.languages.split(","))),
            spam=self.spam,
        )


class SenderFlag(Base):
    """What moderators decided about all that a person sends, to a list or to the site."""

    __tablename__ = "sender_flag"
    __table_args__ = (UniqueConstraint("mailing_list_id", "author_id"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE")
    )
    """None: on every list."""
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), index=True)
    flag: Mapped[Short]
    """Of `forum.domain.rules.PersonFlag`."""
    until: Mapped[datetime | None]
    """When it ends by itself; None: for good."""
    reason: Mapped[str] = mapped_column(default="")
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    """None: an administrator at the command line."""
    set_at: Mapped[datetime]

    mailing_list: Mapped[MailingList | None] = relationship()
    author: Mapped[Author] = relationship()
    set_by: Mapped[Account | None] = relationship()


class RejectionText(Base):
    """A reason that moderators of a list can choose, in the languages of its authors."""

    __tablename__ = "rejection_text"
    __table_args__ = (Index("ix_rejection_text_list", "mailing_list_id", "position"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    position: Mapped[int]
    """0-based, in the order of the choice."""
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    """By interface language; all three."""


class HeldClaim(Base):
    """A moderator is looking at a held message; the claim lapses by itself."""

    __tablename__ = "held_claim"

    held_id: Mapped[int] = mapped_column(
        ForeignKey("held_message.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    until: Mapped[datetime]

    held: Mapped[HeldMessage] = relationship()
    account: Mapped[Account] = relationship()


def rules_of(session: Session, mailing_list_id: int) -> ListRules:
    """The rules that a list has set."""
    found = session.get(RuleSet, mailing_list_id)
    return found.values() if found is not None else ListRules()


def flag_of(
    session: Session, mailing_list_id: int, author_id: int, now: datetime
) -> PersonFlag | None:
    """What was decided about a person's messages to a list: the site's word before the list's."""
    rows: Any = session.execute(
        select(SenderFlag.mailing_list_id, SenderFlag.flag).where(
            SenderFlag.author_id == author_id,
            or_(
                SenderFlag.mailing_list_id == mailing_list_id,
                SenderFlag.mailing_list_id.is_(None),
            ),
            or_(SenderFlag.until.is_(None), SenderFlag.until > now),
        )
    )
    found = {list_id: PersonFlag(flag) for list_id, flag in rows}
    return found.get(None) or found.get(mailing_list_id)
