"""What the page of a search shows of the posts that were found, in few queries."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from forum.domain.values import Role, Segment
from forum.storage.archive import Post, PostAttachment, PostSegment, PostState, Thread
from forum.storage.attachment_text import AttachmentText
from forum.storage.browsing import read_columns, shown_author
from forum.storage.people import Author


def found_rows(
    session: Session, post_ids: Collection[int], list_ids: Container[int]
) -> dict[int, Row[Any]]:
    """Posts by id, those that are still shown in these lists: the index may be a moment behind."""
    # As a condition of the query, the lists would have SQLite read an index over all their posts.
    rows = read_columns(session, _posts(), posts=list(post_ids)).all()
    return {row.id: row for row in rows if row.mailing_list_id in list_ids}


def found_segments(
    session: Session, post_ids: Collection[int], roles: Iterable[Role]
) -> dict[int, list[Segment]]:
    """The parts of posts that have these roles, by post and in order."""
    found: dict[int, list[Segment]] = {}
    rows = read_columns(session, _segments(), posts=list(post_ids), roles=[*roles])
    for post_id, role, text, language in rows.all():
        found.setdefault(post_id, []).append(Segment(Role(role), text, language))
    return found


def found_files(session: Session, post_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Name and text of the files that came with posts, by post and in order."""
    found: dict[int, list[tuple[str, str]]] = {}
    for post_id, name, text in read_columns(session, _files(), posts=list(post_ids)).all():
        found.setdefault(post_id, []).append((name, text or ""))
    return found


# Made once: making a query costs more than running it.


@cache
def _posts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Post.id,
            Post.thread_id,
            Post.mailing_list_id,
            Post.subject,
            Post.date,
            Post.language,
            Post.translated_into,
            shown_author.label("author"),
            Thread.subject.label("thread_subject"),
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(Author, Author.id == Post.author_id)
        .where(
            Post.id.in_(bindparam("posts", expanding=True)),
            Post.state == PostState.VISIBLE,
        )
    )


@cache
def _segments() -> Select[*tuple[Any, ...]]:
    return (
        select(PostSegment.post_id, PostSegment.role, PostSegment.text, PostSegment.language)
        .where(
            PostSegment.post_id.in_(bindparam("posts", expanding=True)),
            PostSegment.role.in_(bindparam("roles", expanding=True)),
        )
        .order_by(PostSegment.post_id, PostSegment.position)
    )


@cache
def _files() -> Select[*tuple[Any, ...]]:
    same = (AttachmentText.post_id == PostAttachment.post_id) & (
        AttachmentText.index == PostAttachment.index
    )
    return (
        select(PostAttachment.post_id, PostAttachment.filename, AttachmentText.text)
        .outerjoin(AttachmentText, same)
        .where(PostAttachment.post_id.in_(bindparam("posts", expanding=True)))
        .order_by(PostAttachment.post_id, PostAttachment.index)
    )
