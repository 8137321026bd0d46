"""What a thread knows of its posts, kept beside them so that list pages stay cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import MULTIPLE, UNDETERMINED, Role
from forum.storage.archive import Post, PostSegment, PostState, Thread


def refresh_summaries(session: Session, thread_ids: Iterable[int]) -> None:
    """Count posts and languages of threads anew, and find when they began and last moved."""
    session.flush()
    for thread_id in thread_ids:
        thread = session.get(Thread, thread_id)
        if thread is not None:
            _refresh(session, thread)
    session.flush()


def _refresh(session: Session, thread: Thread) -> None:
    rows = session.execute(
        select(Post.id, Post.date, Post.language)
        .where(Post.thread_id == thread.id, Post.state == PostState.VISIBLE)
        .order_by(Post.date)
    ).all()
    thread.post_count = len(rows)
    if rows:
        thread.started_at = rows[0].date
        thread.last_post_at = rows[-1].date
    counts = Counter(row.language for row in rows)
    if counts.pop(MULTIPLE, 0):
        counts.update(_own_languages(session, thread.id))
    counts.pop(UNDETERMINED, None)
    thread.languages = ",".join(code for code, _ in counts.most_common())


def _own_languages(session: Session, thread_id: int) -> list[str]:
    """The languages inside the thread's posts of several languages."""
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
            .distinct()
        )
    )
