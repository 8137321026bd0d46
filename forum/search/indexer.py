"""From the posts to the index: the queue that every change of a post fills is drained here.

The rows of the queue are deleted only after the index has committed, so a crash at any moment
loses nothing: what was done twice has the same result.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from forum.search.building import Builders, prepare
from forum.search.protocol import Prepared, SearchIndex
from forum.storage.archive import Post
from forum.storage.base import reading
from forum.storage.mail import IndexQueue

BATCH: Final = 10_000
"""Posts in one commit of the index."""

MANY: Final = 1_000
"""Posts for which other processes are asked."""

_AT_ONCE: Final = 500


def pending(session: Session) -> int:
    """How many posts wait to be indexed."""
    return session.scalar(select(func.count(IndexQueue.post_id.distinct()))) or 0


def drain(
    session: Session, index: SearchIndex, limit: int = BATCH, builders: Builders | None = None
) -> int:
    """Index what waits, or a part of it; the caller commits the session.

    The transaction under way is ended first (rolled back), so that what is read is newer than
    the lock. Where nothing waits, a rebuild that is under way is taken further, and where there is
    none the index is tidied. Somebody else being at it is no error.

    Args:
        session: without changes of its own.
        index: the one to write to.
        limit: posts at most.
        builders: processes that share the work, where there is much.

    Returns:
        How many posts were looked at; 0: nothing is to be done, or another process does it.
    """
    with index.writing() as ours:
        if not ours:
            return 0
        session.rollback()
        with reading():
            rows = session.execute(
                select(IndexQueue.id, IndexQueue.post_id).order_by(IndexQueue.id).limit(limit)
            ).all()
            session.rollback()
        if rows:
            post_ids = list(dict.fromkeys(row.post_id for row in rows))
            _take_in(index, post_ids, _prepare(session, index, post_ids, builders))
            _forget(session, [row.id for row in rows])
            return len(post_ids)
        if index.rebuilt_to() is not None:
            return rebuild_further(session, index, limit, builders)
        index.tidy()
        return 0


def rebuild_further(
    session: Session, index: SearchIndex, limit: int = BATCH, builders: Builders | None = None
) -> int:
    """Take a rebuild one batch further, and end it after the last post.

    For the holder of the writer's lock. The rebuild of an index that was found missing or damaged
    begins here.

    Returns:
        How many posts were looked at; 0: it has ended.
    """
    done = index.rebuilt_to()
    if done is None:
        return 0
    if done == 0:
        index.start_rebuild()
    session.rollback()
    with reading():
        newer = select(Post.id).where(Post.id > done).order_by(Post.id).limit(limit)
        post_ids = list(session.scalars(newer))
        session.rollback()
    if post_ids:
        prepared = _prepare(session, index, post_ids, builders, rebuilding=True)
        index.take_in_rebuilt(prepared, post_ids[-1])
    else:
        index.finish_rebuild()
    return len(post_ids)


def rebuild(session: Session, index: SearchIndex, builders: Builders | None = None) -> int:
    """Make the index anew, to its end; the old one answers meanwhile.

    Returns:
        How many posts were looked at, or -1 where another process writes to the index.
    """
    with index.writing() as ours:
        if not ours:
            return -1
        index.start_rebuild()
        total = 0
        limit = builders.appetite if builders else BATCH
        while count := rebuild_further(session, index, limit, builders):
            total += count
        return total


def _prepare(
    session: Session,
    index: SearchIndex,
    post_ids: list[int],
    builders: Builders | None,
    *,
    rebuilding: bool = False,
) -> list[Prepared]:
    if builders is not None and len(post_ids) >= MANY:
        return builders.prepare(post_ids, rebuilding=rebuilding)
    return prepare(session, index, post_ids, rebuilding=rebuilding)


def _take_in(index: SearchIndex, post_ids: list[int], prepared: list[Prepared]) -> None:
    shown = {post_id for one in prepared for post_id in one.post_ids}
    gone = [post_id for post_id in post_ids if post_id not in shown]
    if shown:
        index.take_in(prepared)
    if gone:
        index.remove(gone)


def _forget(session: Session, row_ids: list[int]) -> None:
    """Delete the rows that were read, and none that came since."""
    for start in range(0, len(row_ids), _AT_ONCE):
        part = row_ids[start : start + _AT_ONCE]
        session.execute(delete(IndexQueue).where(IndexQueue.id.in_(part)))
