"""A post put below another one of its thread, where nothing else has to change its place."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from forum.storage.archive import Post


def append(session: Session, row: Post, parent_id: int | None) -> None:
    """Give a post its place below another that has none to change; the caller flushes.

    Args:
        row: Flushed; what else waits to be written has no part in it.
    """
    row.parent_id = parent_id
    if parent_id is None:
        row.position = row.depth = 0
        return
    parent = session.get_one(Post, parent_id)
    position = _before(session, row, parent)
    if position is None:
        others = {"thread": row.thread_id, "own": row.id}
        position = (session.connection().execute(_last(), others).scalar() or 0) + 1
    else:
        with session.no_autoflush:
            session.execute(
                update(Post)
                .where(
                    Post.thread_id == row.thread_id, Post.position >= position, Post.id != row.id
                )
                .values(position=Post.position + 1)
            )
    row.depth = parent.depth + 1
    row.position = position


def _before(session: Session, row: Post, parent: Post) -> int | None:
    """Before which place: of the first later answer to the same post, else of what is behind it.

    None where nothing is.
    """
    connection = session.connection()
    values = {"thread": row.thread_id, "own": row.id}
    wanted = (
        (
            _later_answer(),
            {"parent": parent.id, "date": row.date, "digest": row.content_digest},
        ),
        (_behind(), {"position": parent.position, "depth": parent.depth}),
    )
    for query, more in wanted:
        found = connection.execute(query, {**values, **more}).scalar()
        if found is not None:
            return int(found)
    return None


def _among_others(position: ColumnElement[int | None]) -> Select[int | None]:
    return select(position).where(
        Post.thread_id == bindparam("thread"), Post.id != bindparam("own")
    )


@cache
def _later_answer() -> Select[int | None]:
    date: Any = bindparam("date")
    return _among_others(func.min(Post.position)).where(
        Post.parent_id == bindparam("parent"),
        or_(
            Post.date > date,
            and_(Post.date == date, Post.content_digest > bindparam("digest")),
        ),
    )


@cache
def _behind() -> Select[int | None]:
    return _among_others(func.min(Post.position)).where(
        Post.position > bindparam("position"), Post.depth <= bindparam("depth")
    )


@cache
def _last() -> Select[int | None]:
    return _among_others(func.max(Post.position))
