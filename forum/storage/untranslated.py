"""The posts of a list that nobody has translated into a language, for those who have an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session

from forum.domain.values import MULTIPLE, Role
from forum.storage.archive import Post, PostSegment, PostState, Thread
from forum.storage.browsing import shown_author
from forum.storage.people import Author

POSTS_A_PAGE: Final = 50
CHARACTERS_A_WORD: Final = 6
"""In the three languages, the space counted."""


@dataclass(frozen=True, slots=True)
class UntranslatedPost:
    """A post that waits for a translator."""

    id: int
    thread_id: int
    subject: str
    author: str
    date: datetime
    language: str
    excerpt: str
    words: int
    """About how many are its author's own."""


def untranslated_posts(
    session: Session, mailing_list_id: int, language: str, before: int | None = None
) -> list[UntranslatedPost]:
    """Shown posts with words of their own in other languages alone, the newest first.

    Args:
        before: A post; only older ones than it are given. One that is unknown is ignored.

    Returns:
        At most `POSTS_A_PAGE`, and one more where there are more.
    """
    query = (
        select(
            Post.id,
            Post.thread_id,
            Thread.subject,
            func.coalesce(shown_author, "").label("author"),
            Post.date,
            Post.language,
            Post.excerpt,
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(Author, Author.id == Post.author_id)
        .where(Post.mailing_list_id == mailing_list_id, *_waits(language))
        .order_by(Post.date.desc(), Post.id.desc())
        .limit(POSTS_A_PAGE + 1)
    )
    if before is not None:
        query = query.where(_older(session, before))
    rows = session.execute(query).all()
    words = _words(session, [row.id for row in rows])
    return [
        UntranslatedPost(
            row.id, row.thread_id, row.subject, row.author, row.date, row.language, row.excerpt,
            words.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip


def _waits(language: str) -> tuple[ColumnElement[bool], ...]:
    in_it = exists().where(
        PostSegment.post_id == Post.id,
        PostSegment.role == Role.REPLY,
        PostSegment.language == language,
    )
    return (
        Post.state == PostState.VISIBLE,
        Post.language != language,
        Post.excerpt != "",
        Post.translated_into.not_like(f"%{language}%"),
        or_(Post.language != MULTIPLE, ~in_it),
    )


def _older(session: Session, before: int) -> ColumnElement[bool]:
    # Told from a post and not by counting pages: the index is entered where the page begins.
    date = session.scalar(select(Post.date).where(Post.id == before))
    if date is None:
        return true()
    return and_(Post.date <= date, or_(Post.date < date, Post.id < before))


def _words(session: Session, post_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(PostSegment.post_id, func.sum(func.length(PostSegment.text)))
        .where(PostSegment.post_id.in_(post_ids), PostSegment.role == Role.REPLY)
        .group_by(PostSegment.post_id)
    )
    return {post_id: max(1, int(length) // CHARACTERS_A_WORD) for post_id, length in rows}
