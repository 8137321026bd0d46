"""What is known of the way out: what bounces, how much was sent, and faults of the smarthost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.people import Subscription


class BounceStanding(Base):
    """What came back from a subscription's address; no row where nothing did."""

    __tablename__ = "bounce_standing"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    score: Mapped[float] = mapped_column(Double, default=0.0)
    """As it was at `counted_at`; `forum.domain.bounce_score` says what it is worth later."""
    counted_at: Mapped[datetime | None]
    """When a bounce last counted."""
    last_reply: Mapped[str] = mapped_column(default="")
    """What the other side said, in one line."""
    probe_token: Mapped[Short | None] = mapped_column(unique=True)
    """Of the return path of the warning: known to the address alone."""
    probed_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    """Since when nothing is sent to it; None while mail goes on."""

    subscription: Mapped[Subscription] = relationship()


class SentCount(Base):
    """How many copies left within some minutes, for a list or for a domain of recipients."""

    __tablename__ = "sent_count"

    scope: Mapped[str] = mapped_column(primary_key=True)
    """`list:NUMBER` or `domain:NAME`."""
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    number: Mapped[int]


class SmarthostFault(Base):
    """The smarthost takes nothing; at most one row, gone when a mail has left."""

    __tablename__ = "smarthost_fault"

    id: Mapped[Key]
    since: Mapped[datetime]
    last_at: Mapped[datetime]
    reply: Mapped[str]


def current_fault(session: Session) -> SmarthostFault | None:
    """The fault that stands, if any."""
    return session.scalar(select(SmarthostFault).order_by(SmarthostFault.id).limit(1))
