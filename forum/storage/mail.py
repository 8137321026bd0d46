"""Mail on its way: what came in, what awaits a moderator, what goes out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.storage.archive import Post, RawMessage
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Account, Author, Subscription


class IncomingState(StrEnum):
    """What became of an incoming message."""

    RECEIVED = "received"
    """Stored, not yet processed."""
    POSTED = "posted"
    HELD = "held"
    REJECTED = "rejected"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    COMMAND = "command"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    ECHO = "echo"
    FAILED = "failed"


class HeldState(StrEnum):
    """What a moderator decided."""

    HELD = "held"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DISCARDED = "discarded"


class SendState(StrEnum):
    """Where an outgoing mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    """Claimed by a worker until `claimed_until`."""
    SENT = "sent"
    FAILED = "failed"
    """Given up: refused for good, or too old."""
    CANCELLED = "cancelled"


class Incoming(Base):
    """A message that came in for one address, with what became of it and why."""

    __tablename__ = "incoming"
    __table_args__ = (
        UniqueConstraint("forward_path", "raw_id", "reverse_path"),
        Index("ix_incoming_state", "state"),
    )

    id: Mapped[Key]
    raw_id: Mapped[int] = mapped_column(ForeignKey("raw_message.id"), index=True)
    reverse_path: Mapped[str]
    """Empty for the null path: a unique constraint does not compare NULL."""
    forward_path: Mapped[str]
    """Lower case."""
    mailing_list_id: Mapped[int | None] = mapped_column(ForeignKey("mailing_list.id"), index=True)
    peer: Mapped[str] = mapped_column(default="")
    """The client's address and protocol."""
    authenticated: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[Short] = mapped_column(default=IncomingState.RECEIVED)
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of `forum.domain.rules.Reason`, or of a class of automatic mail."""
    detail: Mapped[str] = mapped_column(default="")
    """For a failure: the exception in one line."""
    subject: Mapped[str] = mapped_column(default="")
    author_email: Mapped[str] = mapped_column(default="", index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="SET NULL"))

    raw: Mapped[RawMessage] = relationship()
    mailing_list: Mapped[MailingList | None] = relationship()


class HeldMessage(Base):
    """A message that awaits a moderator, or has met one."""

    __tablename__ = "held_message"
    __table_args__ = (Index("ix_held_message_waiting", "mailing_list_id", "state"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    raw_id: Mapped[int] = mapped_column(ForeignKey("raw_message.id"))
    incoming_id: Mapped[int | None] = mapped_column(ForeignKey("incoming.id"))
    """None for what was written on the web."""
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author_email: Mapped[str]
    author_name: Mapped[str]
    subject: Mapped[str]
    content_digest: Mapped[Short] = mapped_column(index=True)
    source: Mapped[Short]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[Short] = mapped_column(default="und", server_default="und")
    """Of its own text, as for posts."""
    held_at: Mapped[datetime]
    state: Mapped[Short] = mapped_column(default=HeldState.HELD)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """None while it waits, and for decisions by command."""
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(default="")
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="SET NULL"))

    mailing_list: Mapped[MailingList] = relationship()
    raw: Mapped[RawMessage] = relationship()
    author: Mapped[Author] = relationship()
    decided_by: Mapped[Account | None] = relationship()


class QueuedSend:
    """The columns of anything that a worker sends: a claim lapses, retries wait."""

    state: Mapped[Short] = mapped_column(default=SendState.QUEUED)
    due_at: Mapped[datetime]
    """Not before this time; moved on by each temporary failure."""
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_reply: Mapped[str] = mapped_column(default="")
    """What the smarthost last answered."""


class Delivery(QueuedSend, Base):
    """One post to one subscription, or somebody's translation of it."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("post_id", "subscription_id", "translation"),
        Index("ix_delivery_due", "state", "due_at"),
    )

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), index=True
    )
    translation: Mapped[Short] = mapped_column(default="", server_default="")
    """The language of the translation that is sent; empty: the post itself."""

    post: Mapped[Post] = relationship()
    subscription: Mapped[Subscription] = relationship()


class DigestDelivery(QueuedSend, Base):
    """One digest mail to one subscription; what it holds are its items."""

    __tablename__ = "digest_delivery"
    __table_args__ = (Index("ix_digest_delivery_due", "state", "due_at"),)

    id: Mapped[Key]
    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), index=True
    )

    is_burst: Mapped[bool] = mapped_column(default=False)
    """Whether it holds what came within minutes in one thread."""

    subscription: Mapped[Subscription] = relationship()


class DigestItem(Base):
    """A post, or a translation of it, that a subscription receives in a digest.

    Written in the transaction of the post or of the translation.

    By rows and not by the highest number sent: posts may become visible out of the order of their
    numbers. A post can be in one digest of a subscription only.
    """

    __tablename__ = "digest_item"
    __table_args__ = (
        UniqueConstraint("post_id", "subscription_id", "translation"),
        # What waits has no digest yet.
        Index("ix_digest_item_waiting", "subscription_id", "digest_id"),
    )

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id", ondelete="CASCADE"))
    digest_id: Mapped[int | None] = mapped_column(
        ForeignKey("digest_delivery.id", ondelete="SET NULL"), index=True
    )
    """The digest that holds it; None while it waits for one."""
    ready_at: Mapped[datetime]
    """When the post's mailing may begin: until then it can be undone."""
    translation: Mapped[Short] = mapped_column(default="", server_default="")
    """As `Delivery.translation`."""

    post: Mapped[Post] = relationship()


class Notice(QueuedSend, Base):
    """A mail of our own to one address: a login link, a confirmation, an answer to a command."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_due", "state", "due_at"),)

    id: Mapped[Key]
    kind: Mapped[Short]
    """Of `forum.operations.notices.NoticeKind`."""
    recipient: Mapped[str]
    language: Mapped[Short]
    mailing_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE")
    )
    params: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, deferred=True)
    """What the text names: a link, a subject, a reason."""

    mailing_list: Mapped[MailingList | None] = relationship()


class IndexQueue(Base):
    """A post that the search index has to take in again; written in the post's transaction."""

    __tablename__ = "index_queue"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(index=True)
    """No foreign key: a post that is gone must leave the index too."""
    queued_at: Mapped[datetime]
