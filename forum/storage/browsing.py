"""What pages, feeds and the API read of lists and threads: rows of plain columns, in few queries.

Nothing here asks who may read: the caller has found the list or thread through `visibility`, or
gives the predicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, func, select, type_coerce, union_all
from sqlalchemy.orm import Session

from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import MailingList
from forum.storage.people import Author

shown_author = func.coalesce(func.nullif(Post.author_name, ""), Author.name)
"""A post's author as written in the message, else as known from their newest mail."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list with what it holds."""

    mailing_list: MailingList
    threads: int
    posts: int
    last_post_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread as lists of threads show it."""

    id: int
    list_slug: str
    subject: str
    state: str
    pinned: bool
    post_count: int
    languages: tuple[str, ...]
    """The most frequent first."""
    tags: tuple[str, ...]
    started_at: datetime
    last_post_at: datetime
    starter: str
    """Who wrote the first post; empty where that cannot be seen."""
    last_writer: str


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """Which threads of a list are wanted; empty: all."""

    language: str = ""
    tag: str = ""
    started_from: datetime | None = None
    started_before: datetime | None = None
    unanswered: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on `thread`."""
        found: list[ColumnElement[bool]] = []
        if self.language:
            found.append(_among(Thread.languages, self.language))
        if self.tag:
            found.append(_among(Thread.tags, self.tag))
        if self.started_from:
            found.append(Thread.started_at >= self.started_from)
        if self.started_before:
            found.append(Thread.started_at < self.started_before)
        if self.unanswered:
            found.append(Thread.post_count == 1)
        return found


SHOWN: Final = and_(Thread.merged_into_id.is_(None), Thread.post_count > 0)
"""Threads that have something to show."""


def list_rows(session: Session, visible: ColumnElement[bool]) -> list[ListRow]:
    """The lists that fulfil a predicate, the liveliest first."""
    # A subquery for each figure reads a covering index; a GROUP BY would read every thread.
    of_list = and_(Thread.mailing_list_id == MailingList.id, SHOWN)
    threads = select(func.count()).select_from(Thread).where(of_list).scalar_subquery()
    posts = select(func.sum(Thread.post_count)).where(of_list).scalar_subquery()
    last = select(func.max(Thread.last_post_at)).where(of_list).scalar_subquery()
    rows = session.execute(
        select(MailingList, threads, posts, last).where(visible).order_by(MailingList.slug)
    ).all()
    found = [ListRow(row[0], row[1] or 0, int(row[2] or 0), row[3]) for row in rows]
    return sorted(found, key=lambda row: (row.last_post_at is None, _age_key(row)))


def is_list(list_id: int) -> ColumnElement[bool]:
    """The predicate of one list."""
    return MailingList.id == list_id


def count_threads(session: Session, list_id: int, wanted: ThreadFilter) -> int:
    """How many threads of a list a filter leaves."""
    return int(
        session.scalar(
            select(func.count())
            .select_from(Thread)
            .where(Thread.mailing_list_id == list_id, SHOWN, *wanted.conditions())
        )
        or 0
    )


def threads_of_list(
    session: Session, list_id: int, wanted: ThreadFilter, *, offset: int, limit: int
) -> list[ThreadRow]:
    """A page of a list's threads, pinned ones first, then by latest activity."""
    return _thread_rows(
        session,
        _threads()
        .where(Thread.mailing_list_id == list_id, *wanted.conditions())
        .order_by(Thread.pinned.desc(), Thread.last_post_at.desc(), Thread.id.desc())
        .offset(offset)
        .limit(limit),
    )


def latest_threads(session: Session, list_ids: Iterable[int], limit: int) -> list[ThreadRow]:
    """The threads of several lists that moved last."""
    newest = [
        # Each part reads the index; one over all lists would sort every thread there is.
        select(Thread.id)
        .where(Thread.mailing_list_id == list_id, Thread.pinned.is_(pinned), SHOWN)
        .order_by(Thread.last_post_at.desc())
        .limit(limit)
        .subquery()
        for list_id in list_ids
        for pinned in (False, True)
    ]
    if not newest:
        return []
    ids = union_all(*(select(part.c.id) for part in newest))
    query = _threads().where(Thread.id.in_(ids)).order_by(Thread.last_post_at.desc()).limit(limit)
    return _thread_rows(session, query)


def thread_row(session: Session, thread_id: int) -> ThreadRow | None:
    """One thread."""
    rows = _thread_rows(session, _threads().where(Thread.id == thread_id))
    return rows[0] if rows else None


def months_of_list(session: Session, list_id: int) -> dict[tuple[int, int], dict[str, int]]:
    """How many visible posts a list has in each month (UTC), by language."""
    if session.get_bind().dialect.name == "sqlite":
        month = func.substr(type_coerce(Post.date, String), 1, 7)
    else:
        month = func.to_char(func.timezone("UTC", Post.date), "YYYY-MM")
    rows = session.execute(
        select(month, Post.language, func.count())
        .where(Post.mailing_list_id == list_id, Post.state == PostState.VISIBLE)
        .group_by(month, Post.language)
        .order_by(month)
    )
    found: dict[tuple[int, int], dict[str, int]] = {}
    for name, language, count in rows:
        year, _, number = name.partition("-")
        found.setdefault((int(year), int(number)), {})[language] = count
    return found


def _threads() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Thread.id,
            Thread.mailing_list_id,
            MailingList.slug,
            Thread.subject,
            Thread.state,
            Thread.pinned,
            Thread.post_count,
            Thread.languages,
            Thread.tags,
            Thread.started_at,
            Thread.last_post_at,
        )
        .join(MailingList, MailingList.id == Thread.mailing_list_id)
        .where(SHOWN)
    )


def _thread_rows(session: Session, query: Select[*tuple[Any, ...]]) -> list[ThreadRow]:
    found = [
        ThreadRow(
            id=row.id,
            list_slug=row.slug,
            subject=row.subject,
            state=row.state,
            pinned=row.pinned,
            post_count=row.post_count,
            languages=_split(row.languages),
            tags=_split(row.tags),
            started_at=row.started_at,
            last_post_at=row.last_post_at,
            starter="",
            last_writer="",
        )
        for row in session.execute(query)
    ]
    return _with_writers(session, found)


def _with_writers(session: Session, rows: list[ThreadRow]) -> list[ThreadRow]:
    """Say who began each thread and who wrote last, in two queries for all of them."""
    if not rows:
        return rows
    ids = [row.id for row in rows]
    authors = (
        select(Post.thread_id, shown_author)
        .join(Author, Author.id == Post.author_id)
        .where(Post.state == PostState.VISIBLE)
    )
    first = authors.where(Post.thread_id.in_(ids), Post.position == 0)
    # By date through the index: a thread may hold thousands of posts.
    last = authors.join(MailingList, MailingList.id == Post.mailing_list_id).where(
        MailingList.slug.in_({row.list_slug for row in rows}),
        Post.date.in_({row.last_post_at for row in rows}),
        Post.thread_id.in_(ids),
    )
    starters = {row[0]: row[1] for row in session.execute(first)}
    writers = {row[0]: row[1] for row in session.execute(last)}
    return [
        replace(row, starter=starters.get(row.id) or "", last_writer=writers.get(row.id) or "")
        for row in rows
    ]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _among(column: Any, value: str) -> ColumnElement[bool]:
    """Whether a comma-separated column has a value."""
    found: ColumnElement[bool] = ("," + column + ",").contains(f",{value},", autoescape=True)
    return found


def _age_key(row: ListRow) -> float:
    return -row.last_post_at.timestamp() if row.last_post_at else 0.0
