"""What a thread knows of its posts, kept beside them so that list pages stay cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.values import MULTIPLE, UNDETERMINED, Role
from forum.operations.gathering import chunks
from forum.storage.archive import Post, PostSegment, PostState, Thread


def refresh_summaries(session: Session, thread_ids: Iterable[int]) -> None:
    """Count posts and languages of threads anew, and find when they began and last moved."""
    session.flush()
    for some in chunks(sorted(set(thread_ids))):
        posts: dict[int, list[tuple[datetime, str]]] = {}
        rows = session.execute(
            select(Post.thread_id, Post.date, Post.language)
            .where(Post.thread_id.in_(some), Post.state == PostState.VISIBLE)
            .order_by(Post.date)
        )
        for thread_id, date, language in rows:
            posts.setdefault(thread_id, []).append((date, language))
        for thread in session.scalars(select(Thread).where(Thread.id.in_(some))):
            _refresh(session, thread, posts.get(thread.id, []))
    session.flush()


def _refresh(session: Session, thread: Thread, posts: Sequence[tuple[datetime, str]]) -> None:
    thread.post_count = len(posts)
    if posts:
        thread.started_at = posts[0][0]
        thread.last_post_at = posts[-1][0]
    counts = Counter(language for _, language in posts)
    if counts.pop(MULTIPLE, 0):
        counts.update(_own_languages(session, thread.id))
    counts.pop(UNDETERMINED, None)
    thread.languages = ",".join(code for code, _ in counts.most_common())


def _own_languages(session: Session, thread_id: int) -> list[str]:
    """The languages inside the thread's posts of several languages, in the order they come."""
    return list(
        session.scalars(
            select(PostSegment.language)
            .join(Post)
            .where(
                Post.thread_id == thread_id,
                Post.state == PostState.VISIBLE,
                Post.language == MULTIPLE,
                PostSegment.role == Role.REPLY,
            )
            .group_by(PostSegment.language)
            .order_by(func.min(Post.position), func.min(PostSegment.position), PostSegment.language)
        )
    )
