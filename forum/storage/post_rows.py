"""The posts of a thread as pages, feeds and the API show them, in few queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from forum.domain.values import MULTIPLE, UNDETERMINED, Role
from forum.storage.archive import Post, PostAttachment, PostSegment, PostState
from forum.storage.browsing import read_columns, shown_author
from forum.storage.people import Author
from forum.storage.thumbnails import PostThumbnail

PAGE_SIZE: Final = 50
"""Posts on a page of a thread."""


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """An attachment as it is offered."""

    index: int
    filename: str
    content_type: str
    size: int
    width: int = 0
    """Of the small picture that can be shown, pixels; 0 where there is none."""
    height: int = 0


@dataclass(frozen=True, slots=True)
class ParentRow:
    """What a post answers."""

    id: int
    position: int
    author: str
    base_subject: str


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with what its place in the page needs."""

    id: int
    mailing_list_id: int
    thread_id: int
    parent_id: int | None
    author_id: int
    author: str
    message_id: str
    subject: str
    base_subject: str
    position: int
    depth: int
    date: datetime
    arrived_at: datetime
    source: str
    language: str
    state: str
    corrections: int
    """How often its author replaced its text."""
    translated_into: str
    """Languages into which translations stand, comma-separated."""
    flags: tuple[str, ...]
    excerpt: str
    html: str
    languages: tuple[str, ...] = ()
    """The language, or for a post in several the languages of its own text."""
    attachments: tuple[AttachmentRow, ...] = ()
    parent: ParentRow | None = None

    @property
    def is_shown(self) -> bool:
        """Whether everybody who may read the list sees it."""
        return self.state == PostState.VISIBLE

    @property
    def is_removed(self) -> bool:
        """Whether it was removed for good: a tombstone stands in its place."""
        return self.state == PostState.REMOVED


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who took part in a thread."""

    author_id: int
    name: str
    posts: int


def posts_of_page(
    session: Session,
    thread_id: int,
    page: int,
    *,
    members_html: bool,
    with_hidden: bool,
    by_date: bool = False,
) -> list[PostRow]:
    """A page of a thread's posts and tombstones, in reply-tree order or by date.

    Args:
        page: From 1; a page holds PAGE_SIZE places, some of which may be hidden.
        members_html: Whether the reader may see mail addresses.
        with_hidden: Whether hidden posts are wanted too, for moderators.
    """
    query = _page_of_thread(members_html, with_hidden, by_date)
    start = (page - 1) * PAGE_SIZE
    found = read_columns(session, query, thread=thread_id, first=start, after=start + PAGE_SIZE)
    return _completed(session, found)


@cache
def _page_of_thread(
    members_html: bool, with_hidden: bool, by_date: bool
) -> Select[*tuple[Any, ...]]:
    """The query of `posts_of_page`; `after` is the place behind the last one."""
    query = _posts(members_html).where(Post.thread_id == bindparam("thread"))
    if not with_hidden:
        query = query.where(Post.state != PostState.HIDDEN)
    first = bindparam("first", type_=Integer)
    if by_date:
        return query.order_by(Post.date, Post.id).offset(first).limit(PAGE_SIZE)
    query = query.where(Post.position >= first, Post.position < bindparam("after"))
    return query.order_by(Post.position)


def posts_where(
    session: Session,
    *conditions: ColumnElement[bool],
    members_html: bool,
    order: Sequence[Any] = (),
    limit: int | None = None,
    offset: int | None = None,
) -> list[PostRow]:
    """Visible posts that fulfil conditions on `post`, with attachments and languages."""
    query = _posts(members_html).where(Post.state == PostState.VISIBLE, *conditions)
    query = query.order_by(*order).limit(limit).offset(offset)
    return _completed(session, read_columns(session, query))


def _completed(session: Session, found: CursorResult[*tuple[Any, ...]]) -> list[PostRow]:
    """The posts with their attachments, languages and parents."""
    names, rows = tuple(found.keys()), found.all()
    attachments = _attachments(session, [row.id for row in rows])
    languages = own_languages(session, [row.id for row in rows if row.language == MULTIPLE])
    parents = _parents(session, rows)
    return [
        PostRow(
            **(dict(zip(names, row, strict=True)) | {"flags": tuple(row.flags)}),
            languages=languages.get(row.id) or (row.language,),
            attachments=tuple(attachments.get(row.id, ())),
            parent=parents.get(row.parent_id or 0),
        )
        for row in rows
    ]


def own_languages(session: Session, post_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The languages of the own text of posts in several languages, in their order."""
    if not post_ids:
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for post_id, language in session.execute(
        select(PostSegment.post_id, PostSegment.language)
        .where(PostSegment.post_id.in_(post_ids), PostSegment.role == Role.REPLY)
        .order_by(PostSegment.post_id, PostSegment.position)
    ):
        known = found.get(post_id, ())
        if language not in (UNDETERMINED, *known):
            found[post_id] = (*known, language)
    return found


def languages_of_post(session: Session, post: Post) -> tuple[str, ...]:
    """The language of a post, or for one in several the languages of its own text."""
    several = own_languages(session, [post.id]) if post.language == MULTIPLE else {}
    return several.get(post.id) or (post.language,)


def participants_of(session: Session, thread_id: int, limit: int) -> list[Participant]:
    """Who wrote in a thread, in the order of their first post."""
    rows = read_columns(session, _participants(), thread=thread_id, most=limit)
    return [Participant(row[0], row[1], row[2]) for row in rows.all()]


@cache
def _participants() -> Select[*tuple[Any, ...]]:
    return (
        select(Post.author_id, func.max(shown_author), func.count())
        .join(Author, Author.id == Post.author_id)
        .where(Post.thread_id == bindparam("thread"), Post.state == PostState.VISIBLE)
        .group_by(Post.author_id)
        .order_by(func.min(Post.date))
        .limit(bindparam("most", type_=Integer))
    )


def page_starts(session: Session, thread_id: int) -> dict[int, datetime]:
    """The date of the first post of each page, for the table of contents of a long thread."""
    rows = session.execute(
        select(Post.position, Post.date)
        .where(
            Post.thread_id == thread_id,
            Post.position % PAGE_SIZE == 0,
            Post.state == PostState.VISIBLE,
        )
        .order_by(Post.position)
    )
    return {position // PAGE_SIZE + 1: date for position, date in rows}


def page_of(position: int) -> int:
    """The page of a place in the reading order."""
    return position // PAGE_SIZE + 1


@cache
def _posts(members_html: bool) -> Select[*tuple[Any, ...]]:
    """The columns of a `PostRow`, by its names."""
    html = Post.html if members_html else func.coalesce(Post.public_html, Post.html)
    return select(
        Post.id,
        Post.mailing_list_id,
        Post.thread_id,
        Post.parent_id,
        Post.author_id,
        func.coalesce(shown_author, "").label("author"),
        Post.message_id,
        Post.subject,
        Post.base_subject,
        Post.position,
        Post.depth,
        Post.date,
        Post.arrived_at,
        Post.source,
        Post.language,
        Post.state,
        Post.corrections,
        Post.translated_into,
        Post.flags,
        Post.excerpt,
        html.label("html"),
    ).join(Author, Author.id == Post.author_id)


def _attachments(session: Session, post_ids: Sequence[int]) -> dict[int, list[AttachmentRow]]:
    found: dict[int, list[AttachmentRow]] = {}
    if not post_ids:
        return found
    for row in read_columns(session, _attachments_query(), posts=post_ids):
        found.setdefault(row[0], []).append(AttachmentRow(*row[1:]))
    return found


@cache
def _attachments_query() -> Select[*tuple[Any, ...]]:
    of_attachment = and_(
        PostThumbnail.post_id == PostAttachment.post_id, PostThumbnail.index == PostAttachment.index
    )
    return (
        select(
            PostAttachment.post_id,
            PostAttachment.index,
            PostAttachment.filename,
            PostAttachment.content_type,
            PostAttachment.size,
            func.coalesce(PostThumbnail.width, 0),
            func.coalesce(PostThumbnail.height, 0),
        )
        .outerjoin(PostThumbnail, of_attachment)
        .where(PostAttachment.post_id.in_(bindparam("posts", expanding=True)))
        .order_by(PostAttachment.post_id, PostAttachment.index)
    )


def _parents(session: Session, rows: Sequence[Any]) -> dict[int, ParentRow]:
    found = {row.id: ParentRow(row.id, row.position, row.author, row.base_subject) for row in rows}
    missing = {row.parent_id for row in rows if row.parent_id and row.parent_id not in found}
    if missing:
        for row in session.execute(
            select(Post.id, Post.position, shown_author.label("author"), Post.base_subject)
            .join(Author, Author.id == Post.author_id)
            .where(Post.id.in_(missing), Post.state == PostState.VISIBLE)
        ):
            found[row.id] = ParentRow(row.id, row.position, row.author or "", row.base_subject)
    return found
