"""Who decided what, when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Account


class AuditEntry(Base):
    """One decision; rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_list", "mailing_list_id", "at"),)

    id: Mapped[Key]
    at: Mapped[datetime]
    mailing_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="SET NULL")
    )
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    """None: an administrator at the command line."""
    action: Mapped[Short]
    """The command's word: accept, reject, discard, subscribe, grant, split, undo …"""
    target: Mapped[str]
    """For instance `post 12`, `held 3`, `list atelier7`."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    mailing_list: Mapped[MailingList | None] = relationship()
    account: Mapped[Account | None] = relationship()


def automatic_targets(
    session: Session, list_ids: Collection[int], times: Collection[datetime]
) -> frozenset[str]:
    """Targets, such as `held 12`, that the program itself has decided about at some moments.

    Args:
        list_ids: Of the lists they belong to.
        times: When the decisions fell.
    """
    entries = session.scalars(
        select(AuditEntry).where(
            AuditEntry.mailing_list_id.in_(list_ids),
            AuditEntry.at.in_(times),
            AuditEntry.account_id.is_(None),
        )
    )
    return frozenset(entry.target for entry in entries if entry.details.get("automatic"))
