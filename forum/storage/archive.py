"""The archive: raw messages, threads, posts and what is derived from them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Author


class ThreadState(StrEnum):
    """Whether a thread takes answers."""

    OPEN = "open"
    CLOSED = "closed"


class PostState(StrEnum):
    """Whether a post is shown."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    REMOVED = "removed"


class RawMessage(Base):
    """The bytes of a message as they came, compressed; nothing ever changes them."""

    __tablename__ = "raw_message"

    id: Mapped[Key]
    sha256: Mapped[Short] = mapped_column(unique=True)
    """Hex, of the uncompressed bytes."""
    size: Mapped[int]
    """Bytes, uncompressed."""
    compressed: Mapped[bytes] = mapped_column(deferred=True)
    """zstd."""


class Thread(Base):
    """Posts that answer one another."""

    __tablename__ = "thread"
    __table_args__ = (
        Index("ix_thread_latest", "mailing_list_id", "pinned", "last_post_at"),
        # Counting a list's threads and posts reads nothing but this.
        Index("ix_thread_shown", "mailing_list_id", "merged_into_id", "post_count", "last_post_at"),
    )

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    subject: Mapped[str]
    """As shown: of the first post, without answer marks and list prefixes."""
    state: Mapped[Short] = mapped_column(default=ThreadState.OPEN)
    pinned: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"), index=True)
    """Where its posts are now; the old address redirects there."""
    post_count: Mapped[int] = mapped_column(default=0)
    """Visible posts."""
    languages: Mapped[str] = mapped_column(default="")
    """Of its visible posts, comma-separated, the most frequent first."""
    tags: Mapped[str] = mapped_column(default="")
    """Comma-separated, lower case, sorted."""
    titles: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    """What moderators call it, by interface language; where there is none, the subject stands."""
    labels: Mapped[str] = mapped_column(default="", server_default="")
    """Of the method, comma-separated: `forum.domain.curation.LABELS`."""
    started_at: Mapped[datetime]
    last_post_at: Mapped[datetime]

    mailing_list: Mapped[MailingList] = relationship()
    posts: Mapped[list[Post]] = relationship(back_populates="thread", order_by="Post.position")


class Post(Base):
    """What the forum shows; made from one message."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("mailing_list_id", "message_id"),
        UniqueConstraint("mailing_list_id", "content_digest"),
        # Who began a thread and who wrote last: these hold all that is asked, for the rows of this
        # table are long.
        Index("ix_post_thread", "thread_id", "position", "state", "author_id", "author_name"),
        Index("ix_post_subject", "mailing_list_id", "base_subject", "date"),
        Index(
            "ix_post_date",
            *("mailing_list_id", "date", "thread_id"),
            *("state", "language", "author_id", "author_name"),
        ),
    )

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)
    raw_id: Mapped[int | None] = mapped_column(ForeignKey("raw_message.id"), index=True)
    """None once it was removed for good."""
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    author_name: Mapped[str]
    """As written in this message; may be empty."""
    message_id: Mapped[str]
    """The archive's id, without angle brackets: the Message-ID, or one made unique by a digest."""
    content_digest: Mapped[Short]
    references: Mapped[list[str]] = mapped_column(JSON, default=list)
    """References, then In-Reply-To where it adds one; oldest first, without angle brackets."""
    people: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Author and recipients, lower-case addresses: for threading by subject."""
    thread_index: Mapped[str | None]
    """Outlook's, base64."""
    subject: Mapped[str]
    base_subject: Mapped[str]
    """The comparison key."""
    is_reply: Mapped[bool]
    """Whether the subject carries an answer mark."""
    pinned_parent_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    """A moderator's decision, stronger than the headers; itself: the post starts its own thread."""
    position: Mapped[int] = mapped_column(default=0)
    """0-based place in the thread's reading order (the reply tree walked depth first)."""
    depth: Mapped[int] = mapped_column(default=0)
    """0-based depth in the reply tree."""
    date: Mapped[datetime]
    arrived_at: Mapped[datetime]
    source: Mapped[Short]
    language: Mapped[Short]
    """`fr`, `en`, `es`, another BCP 47 code, `mul` or `und`."""
    text_format: Mapped[Short]
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of `forum.domain.values.Flag`."""
    repairs: Mapped[list[str]] = mapped_column(JSON, default=list)
    """`part:method` of each repair of wrongly decoded text; behind `undone` where taken back."""
    state: Mapped[Short] = mapped_column(default=PostState.VISIBLE)
    corrections: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often its author replaced its text (`forum.storage.curation.PostRevision`)."""
    translated_into: Mapped[str] = mapped_column(default="", server_default="")
    """Languages into which translations stand, comma-separated (`forum.storage.translations`)."""
    excerpt: Mapped[str] = mapped_column(default="")
    """The first words of its own text, addresses masked."""
    html: Mapped[str] = mapped_column(deferred=True)
    """As members read it; safe, made once."""
    public_html: Mapped[str | None] = mapped_column(deferred=True)
    """As anonymous readers read it, addresses masked; None where it is the same."""

    mailing_list: Mapped[MailingList] = relationship()
    thread: Mapped[Thread] = relationship(back_populates="posts")
    author: Mapped[Author] = relationship()
    raw: Mapped[RawMessage | None] = relationship()
    segments: Mapped[list[PostSegment]] = relationship(
        back_populates="post", order_by="PostSegment.position", cascade="all, delete-orphan"
    )
    attachments: Mapped[list[PostAttachment]] = relationship(
        back_populates="post", order_by="PostAttachment.index", cascade="all, delete-orphan"
    )


class PostSegment(Base):
    """A part of a post's body with one role and one language."""

    __tablename__ = "post_segment"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    """0-based, in the order of the body."""
    role: Mapped[Short]
    language: Mapped[Short]
    text: Mapped[str]

    post: Mapped[Post] = relationship(back_populates="segments")


class PostAttachment(Base):
    """What is known of an attachment; its bytes are a part of the raw message."""

    __tablename__ = "post_attachment"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True)
    """0-based: the n of its address."""
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    """Bytes, decoded."""
    content_id: Mapped[str | None]
    inline: Mapped[bool] = mapped_column(default=False)

    post: Mapped[Post] = relationship(back_populates="attachments")


class MessageLink(Base):
    """Every Message-ID known in a list: of posts, of their aliases, and of messages never seen.

    A row with a post is that post's own id or an alias of it. A row without one is an id that
    some post refers to; it holds the posts that name it together in one thread.
    """

    __tablename__ = "message_link"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), index=True
    )
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"), index=True)

    post: Mapped[Post | None] = relationship()
