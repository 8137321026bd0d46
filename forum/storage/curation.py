"""What moderators and authors decided about posts and threads, kept beside the bytes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post, RawMessage
from forum.storage.audit import AuditEntry
from forum.storage.base import KEYED, Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.people import Account

_AT_ONCE: Final = 500
"""Values in one statement."""


class Aspect(StrEnum):
    """What a decision changed; a later one on the same stands in the way of its undoing."""

    PLACE = "place"
    """Of a post: what it hangs on."""
    LIST = "list"
    """Of a post: the list it stands in."""
    SHOWN = "shown"
    """Of a post: whether it is seen."""
    SUBJECT = "subject"
    """Of a thread, as are the next four."""
    PINNED = "pinned"
    OPEN = "open"
    TAGS = "tags"
    LABELS = "labels"
    SYNTHESIS_FR = "synthesis-fr"
    """Of a thread too: its synthesis in one language, as the next two."""
    SYNTHESIS_EN = "synthesis-en"
    SYNTHESIS_ES = "synthesis-es"
    TRANSLATION_FR = "translation-fr"
    """Of a post: its translation into one language, as the next two."""
    TRANSLATION_EN = "translation-en"
    TRANSLATION_ES = "translation-es"
    TOPIC = "topic"
    """Of a list's calendar: all of one topic."""
    CONCEPT = "concept"
    """Of a list's glossary: all of one concept."""
    LINE = "line"
    """A thread in which the decision is told; never in the way of anything."""


class CurationDecision(Base):
    """A decision that can be undone: on posts, threads, topics or a glossary."""

    __tablename__ = "curation_decision"

    audit_id: Mapped[int] = mapped_column(
        ForeignKey("audit_entry.id", ondelete="CASCADE"), primary_key=True
    )
    undone_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("audit_entry.id", ondelete="SET NULL"), index=True
    )
    """The line of the audit log that took it back."""
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What undoing restores: keys and short values, never a body."""

    entry: Mapped[AuditEntry] = relationship(foreign_keys=[audit_id])


class CurationTouch(Base):
    """A row that a decision changed."""

    __tablename__ = "curation_touch"
    __table_args__ = (Index("ix_curation_touch_row", "row_id", "aspect"),)

    audit_id: Mapped[int] = mapped_column(
        ForeignKey("curation_decision.audit_id", ondelete="CASCADE"), primary_key=True
    )
    aspect: Mapped[Short] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(primary_key=True)
    """Of a post, a thread, a topic or a concept, as the aspect says; no foreign key, for the log
    outlives them."""


class MovedMessage(Base):
    """An id that led to a post of this list before a moderator moved it to another one."""

    __tablename__ = "moved_message"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)

    post: Mapped[Post] = relationship()


class MovedContent(Base):
    """The content of a post that stood in this list: another copy of it is a duplicate."""

    __tablename__ = "moved_content"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    content_digest: Mapped[Short] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)


class RemovedMessage(Base):
    """A message that was removed for good; its post is a tombstone."""

    __tablename__ = "removed_message"
    __table_args__ = (UniqueConstraint("mailing_list_id", "keyed_digest"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    keyed_digest: Mapped[Short]
    """HMAC-SHA-256 of the content digest: a plain one would let anybody confirm a guess."""
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    """None: an administrator at the command line."""
    removed_at: Mapped[datetime]
    reason: Mapped[str]

    account: Mapped[Account | None] = relationship()


class PostRevision(Base):
    """What an author made of a post afterwards; the newest is shown, the first bytes stay."""

    __tablename__ = "post_revision"
    __table_args__ = (Index("ix_post_revision_post", "post_id", "id"),)

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    raw_id: Mapped[int] = mapped_column(ForeignKey("raw_message.id"), index=True)
    message_id: Mapped[str]
    """Its own, without angle brackets: answers to a corrected mail bear it."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime]

    post: Mapped[Post] = relationship()
    raw: Mapped[RawMessage] = relationship()


class PostReport(Base):
    """A reader's word to the moderators about a post."""

    __tablename__ = "post_report"
    __table_args__ = (UniqueConstraint("post_id", "account_id"),)

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    reason: Mapped[str]
    reported_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    post: Mapped[Post] = relationship()
    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])


def keyed_digest(session: Session, content_digest: str) -> str:
    """The digest of a content under the site's secret key, hex.

    Raises:
        KeyError: the database was opened without the key.
    """
    key: bytes = session.connection().get_execution_options()[KEYED]
    return hmac.new(key, b"removed:" + content_digest.encode(), hashlib.sha256).hexdigest()


def removed_posts(
    session: Session, mailing_list_id: int, content_digests: Iterable[str]
) -> dict[str, int]:
    """The tombstones of contents that were removed from a list for good.

    Args:
        content_digests: A few hundred at most.
    """
    here = RemovedMessage.mailing_list_id == mailing_list_id
    if session.scalar(select(RemovedMessage.id).where(here).limit(1)) is None:
        return {}
    wanted = {keyed_digest(session, digest): digest for digest in content_digests}
    rows = session.execute(
        select(RemovedMessage.keyed_digest, RemovedMessage.post_id).where(
            here, RemovedMessage.keyed_digest.in_(wanted)
        )
    )
    return {wanted[keyed]: post_id for keyed, post_id in rows}


def was_removed(session: Session, content_digest: str) -> bool:
    """Whether a content was removed for good from any list."""
    keyed = RemovedMessage.keyed_digest == keyed_digest(session, content_digest)
    return session.scalar(select(RemovedMessage.id).where(keyed).limit(1)) is not None


def moved_posts(
    session: Session, mailing_list_id: int, content_digests: Iterable[str]
) -> dict[str, int]:
    """The posts, now in other lists, whose content stood in this one.

    Args:
        content_digests: A few hundred at most.
    """
    rows = session.execute(
        select(MovedContent.content_digest, MovedContent.post_id).where(
            MovedContent.mailing_list_id == mailing_list_id,
            MovedContent.content_digest.in_(list(content_digests)),
        )
    )
    return {row.content_digest: row.post_id for row in rows}


def moved_links(
    session: Session, mailing_list_id: int, message_ids: Iterable[str]
) -> dict[str, MailingList]:
    """The lists in which posts are now that bore these ids in this list."""
    here = MovedMessage.mailing_list_id == mailing_list_id
    if session.scalar(select(MovedMessage.post_id).where(here).limit(1)) is None:
        return {}
    wanted = sorted(set(message_ids))
    found: dict[str, MailingList] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.execute(
            select(MovedMessage.message_id, MailingList)
            .join(Post, Post.id == MovedMessage.post_id)
            .join(MailingList, MailingList.id == Post.mailing_list_id)
            .where(
                here,
                MovedMessage.message_id.in_(wanted[start : start + _AT_ONCE]),
                Post.mailing_list_id != mailing_list_id,
            )
        )
        found.update({row.message_id: row.MailingList for row in rows})
    return found
