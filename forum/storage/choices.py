"""What people choose about single threads, and who was invited to a list."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Thread
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Account


class Following(StrEnum):
    """How a person receives one thread."""

    FOLLOW = "follow"
    """Each of its posts at once, whatever the rest of the list."""
    MUTE = "mute"
    """Nothing, also not in digests."""
    USUAL = "usual"
    """As the rest of the list: chosen by who wrote in it and does not want to follow."""


class FollowingReason(StrEnum):
    """Why a person receives a thread as they do."""

    WROTE = "wrote"
    CHOSE = "chose"
    CHOSE_BY_MAIL = "chose-by-mail"
    NOTHING = "nothing"


class InvitationState(StrEnum):
    """What became of an invitation."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ThreadSubscription(Base):
    """What a person chose about one thread; who wrote in it and chose nothing follows it."""

    __tablename__ = "thread_subscription"
    __table_args__ = (UniqueConstraint("author_id", "thread_id"),)

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    state: Mapped[Short]
    reason: Mapped[Short] = mapped_column(default=FollowingReason.CHOSE)
    since: Mapped[datetime]

    thread: Mapped[Thread] = relationship()


class Invitation(Base):
    """An address that was asked to join a list; nobody joins by being asked."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_list", "mailing_list_id", "created_at"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(index=True)
    """Lower case."""
    language: Mapped[Short]
    message: Mapped[str] = mapped_column(default="")
    """The personal word of who invites."""
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    """None for an administrator at the command line."""
    state: Mapped[Short] = mapped_column(default=InvitationState.SENT)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    mailing_list: Mapped[MailingList] = relationship()
    invited_by: Mapped[Account | None] = relationship()


def chosen_following(session: Session, author_id: int, thread_id: int) -> ThreadSubscription | None:
    """What a person chose about a thread, if anything."""
    return session.scalar(
        select(ThreadSubscription).where(
            ThreadSubscription.author_id == author_id, ThreadSubscription.thread_id == thread_id
        )
    )
