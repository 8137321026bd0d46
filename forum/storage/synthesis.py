"""Syntheses: what moderators wrote of a thread as a whole, each version kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post, PostState, Thread
from forum.storage.base import Base
from forum.storage.versions import Version, newest_by_language


class SynthesisVersion(Version, Base):
    """A thread's synthesis in one language, as somebody left it; its text links posts by ids."""

    __tablename__ = "synthesis_version"
    __table_args__ = (Index("ix_synthesis_version_thread", "thread_id", "language"),)

    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("synthesis_version.id", ondelete="SET NULL"), index=True
    )
    """The version that this one translates."""
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    """The post as which it was sent to the list."""
    sent_at: Mapped[datetime | None]
    """When it was sent, or given to the moderators of the list."""

    source: Mapped[SynthesisVersion | None] = relationship(remote_side="SynthesisVersion.id")
    thread: Mapped[Thread] = relationship()


def current_versions(session: Session, thread_id: int) -> dict[str, SynthesisVersion]:
    """What is shown of a thread's synthesis, by language."""
    rows = session.scalars(
        select(SynthesisVersion)
        .where(SynthesisVersion.thread_id == thread_id, SynthesisVersion.stands)
        .order_by(SynthesisVersion.id)
    )
    return newest_by_language(rows)


def versions_of(session: Session, thread_id: int, language: str) -> list[SynthesisVersion]:
    """All versions in a language, newest first, also those that were taken back."""
    return list(
        session.scalars(
            select(SynthesisVersion)
            .where(SynthesisVersion.thread_id == thread_id, SynthesisVersion.language == language)
            .order_by(SynthesisVersion.id.desc())
        )
    )


def posts_since(session: Session, version: SynthesisVersion) -> int:
    """How many visible posts came into the thread after a version was written.

    The one as which it was itself sent to the list does not count.
    """
    sent = select(SynthesisVersion.post_id).where(
        SynthesisVersion.thread_id == version.thread_id, SynthesisVersion.post_id.is_not(None)
    )
    return (
        session.scalar(
            select(func.count(Post.id)).where(
                Post.thread_id == version.thread_id,
                Post.state == PostState.VISIBLE,
                Post.arrived_at > version.written_at,
                Post.id.not_in(sent),
            )
        )
        or 0
    )


def positions_of(session: Session, thread_id: int, post_ids: Iterable[int]) -> dict[int, int]:
    """The places, 0-based, of those of the posts that stand in a thread."""
    rows = session.execute(
        select(Post.id, Post.position).where(
            Post.thread_id == thread_id, Post.id.in_(sorted(set(post_ids)))
        )
    )
    return {row.id: row.position for row in rows}


def posts_at(session: Session, thread_id: int, positions: Iterable[int]) -> dict[int, int]:
    """The posts that stand at places, 0-based, of a thread."""
    rows: Any = session.execute(
        select(Post.position, Post.id).where(
            Post.thread_id == thread_id, Post.position.in_(sorted(set(positions)))
        )
    )
    return {row.position: row.id for row in rows}
