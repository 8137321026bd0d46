"""Texts that somebody is still writing, kept on the server."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import ForeignKey, Index, Select, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post, Thread
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList


class Draft(Base):
    """A text for one thread, or for a new thread of a list; an account has one of each."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_account", "account_id", "mailing_list_id", "thread_id"),)

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), index=True
    )
    thread_id: Mapped[int | None] = mapped_column(
        ForeignKey("thread.id", ondelete="CASCADE"), index=True
    )
    """None: it will start a thread."""
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    """The post it answers; None: the thread as a whole."""
    subject: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    language: Mapped[Short] = mapped_column(default="")
    """As its writer chose it; empty: to be recognised."""
    changed_at: Mapped[datetime]

    mailing_list: Mapped[MailingList] = relationship()
    thread: Mapped[Thread | None] = relationship()
    parent: Mapped[Post | None] = relationship()


def draft_of(
    session: Session, account_id: int, mailing_list_id: int, thread_id: int | None
) -> Draft | None:
    """The newest draft of an account for a thread, or for a new thread of a list."""
    values = {"account": account_id, "mailing_list": mailing_list_id, "thread": thread_id}
    return session.scalar(_draft_query(thread_id is not None), values)


@cache
def _draft_query(of_thread: bool) -> Select[Draft]:
    thread = Draft.thread_id == bindparam("thread") if of_thread else Draft.thread_id.is_(None)
    return (
        select(Draft)
        .where(
            Draft.account_id == bindparam("account"),
            Draft.mailing_list_id == bindparam("mailing_list"),
            thread,
        )
        .order_by(Draft.id.desc())
        .limit(1)
    )


def drafts_of(session: Session, account_id: int) -> list[Draft]:
    """All drafts of an account, the newest first."""
    return list(
        session.scalars(
            select(Draft).where(Draft.account_id == account_id).order_by(Draft.changed_at.desc())
        )
    )
