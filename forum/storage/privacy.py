"""Who asked to be forgotten, and who was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.people import Account


class ErasureRequest(Base):
    """Somebody with an account asks that all that names them be erased."""

    __tablename__ = "erasure_request"
    __table_args__ = (Index("ix_erasure_request_waiting", "decided_at", "confirmed_at"),)

    id: Mapped[Key]
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    """None once it was granted: the account is gone."""
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When the link in the mail was used; before that nobody is asked to decide."""
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool] = mapped_column(default=False)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(default="")
    """Of a refusal, told to who asked."""

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])


class Erasure(Base):
    """A person whose name and addresses were erased, and how far the stored bytes are gone over."""

    __tablename__ = "erasure"

    author_id: Mapped[int] = mapped_column(
        ForeignKey("author.id", ondelete="CASCADE"), primary_key=True
    )
    """Who has no name any more, and goes on being the author of what they wrote."""
    erased_at: Mapped[datetime]
    scanned_to: Mapped[int] = mapped_column(default=0)
    """The last row of `raw_message` from which the person was taken out."""
    pieces_to: Mapped[int] = mapped_column(default=0)
    """The same of `quarantined_message`."""
    changed: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How many rows, messages, files and pieces of archives named them."""
    finished_at: Mapped[datetime | None]


class ErasedMark(Base):
    """A keyed digest of an address or a name that was erased: a copy that comes again loses it."""

    __tablename__ = "erased_mark"
    __table_args__ = (UniqueConstraint("keyed_digest"),)

    id: Mapped[Key]
    keyed_digest: Mapped[Short]
    author_id: Mapped[int] = mapped_column(
        ForeignKey("erasure.author_id", ondelete="CASCADE"), index=True
    )
    words: Mapped[int] = mapped_column(default=0)
    """Of a name: how many words it has; 0 for an address."""

    erasure: Mapped[Erasure] = relationship()
