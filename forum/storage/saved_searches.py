"""Searches that people keep, to hear of what is newly found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.people import Account


class Told(StrEnum):
    """How often new hits are mailed."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


class SavedSearch(Base):
    """A search of an account."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("account_id", "text"),)

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    text: Mapped[str]
    """As typed."""
    told: Mapped[Short] = mapped_column(index=True)
    token: Mapped[Short] = mapped_column(unique=True)
    """Of its feed's address: whoever has it reads with the account's eyes."""
    seen_to: Mapped[int]
    """The id of the last post that was looked at: no mail goes back before it."""
    told_at: Mapped[datetime]
    """When new hits were last looked for, or when it was saved."""
    created_at: Mapped[datetime]

    account: Mapped[Account] = relationship()


def searches_of(session: Session, account_id: int) -> Sequence[SavedSearch]:
    """An account's searches, in the order in which they were saved."""
    return session.scalars(
        select(SavedSearch).where(SavedSearch.account_id == account_id).order_by(SavedSearch.id)
    ).all()
