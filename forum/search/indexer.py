"""From the posts to the index: the queue that every change of a post fills is drained here.

The rows of the queue are deleted only after the index has committed, so a crash at any moment
loses nothing: what was done twice has the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from forum.domain.values import Role, Segment
from forum.search.protocol import IndexDocument, SearchIndex
from forum.storage.archive import Post, PostState
from forum.storage.base import reading
from forum.storage.mail import IndexQueue

BATCH: Final = 10_000
"""Posts in one commit of the index."""

_READ_AT_ONCE: Final = 500


def pending(session: Session) -> int:
    """How many posts wait to be indexed."""
    return session.scalar(select(func.count(IndexQueue.post_id.distinct()))) or 0


def drain(session: Session, index: SearchIndex, limit: int = BATCH) -> int:
    """Index what waits, or a part of it; the caller commits the session.

    The transaction under way is ended first (rolled back), so that what is read is newer than
    the lock. Where nothing waits, a rebuild that is under way is taken further, and where there is
    none the index is tidied. Somebody else being at it is no error.

    Args:
        session: without changes of its own.
        index: the one to write to.
        limit: posts at most.

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
            post_ids = list(dict.fromkeys(row.post_id for row in rows))
            documents = _documents(session, post_ids)
            session.rollback()
        if rows:
            _take_in(index, post_ids, documents)
            _forget(session, [row.id for row in rows])
            return len(post_ids)
        if index.rebuilt_to() is not None:
            return rebuild_further(session, index, limit)
        index.tidy()
        return 0


def rebuild_further(session: Session, index: SearchIndex, limit: int = BATCH) -> int:
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
        documents = _documents(session, post_ids)
        session.rollback()
    if post_ids:
        index.add_rebuilt(documents, post_ids[-1])
    else:
        index.finish_rebuild()
    return len(post_ids)


def rebuild(session: Session, index: SearchIndex) -> int:
    """Make the index anew, to its end; the old one answers meanwhile.

    Returns:
        How many posts were looked at, or -1 where another process writes to the index.
    """
    with index.writing() as ours:
        if not ours:
            return -1
        index.start_rebuild()
        total = 0
        while count := rebuild_further(session, index):
            total += count
        return total


def _take_in(index: SearchIndex, post_ids: list[int], documents: list[IndexDocument]) -> None:
    shown = {document.post_id for document in documents}
    gone = [post_id for post_id in post_ids if post_id not in shown]
    if documents:
        index.add(documents)
    if gone:
        index.remove(gone)


def _forget(session: Session, row_ids: list[int]) -> None:
    """Delete the rows that were read, and none that came since."""
    for start in range(0, len(row_ids), _READ_AT_ONCE):
        part = row_ids[start : start + _READ_AT_ONCE]
        session.execute(delete(IndexQueue).where(IndexQueue.id.in_(part)))


def _documents(session: Session, post_ids: list[int]) -> list[IndexDocument]:
    """The posts among these that are shown, as documents, in the order of the ids."""
    found: list[IndexDocument] = []
    for start in range(0, len(post_ids), _READ_AT_ONCE):
        part = post_ids[start : start + _READ_AT_ONCE]
        posts = session.scalars(
            select(Post)
            .where(Post.id.in_(part), Post.state == PostState.VISIBLE)
            .options(
                joinedload(Post.thread),
                joinedload(Post.mailing_list),
                selectinload(Post.segments),
                selectinload(Post.attachments),
            )
            .order_by(Post.id)
        )
        found += [document_of(post) for post in posts]
        session.expunge_all()
    return found


def document_of(post: Post) -> IndexDocument:
    """What the index is told of a post."""
    segments = tuple(
        Segment(Role(segment.role), segment.text, segment.language) for segment in post.segments
    )
    return IndexDocument(
        post_id=post.id,
        thread_id=post.thread_id,
        list_id=post.mailing_list_id,
        list_slug=post.mailing_list.slug,
        date=post.date,
        subject=post.subject,
        author=post.author_name,
        languages=_languages(segments, post.language),
        tags=tuple(tag for tag in post.thread.tags.split(",") if tag),
        attachment_names=tuple(attachment.filename for attachment in post.attachments),
        segments=segments,
    )


def _languages(segments: Iterable[Segment], language: str) -> tuple[str, ...]:
    own = (segment.language for segment in segments if segment.role == Role.REPLY)
    known = tuple(dict.fromkeys(code for code in own if code != "und"))
    return known or (language,)
