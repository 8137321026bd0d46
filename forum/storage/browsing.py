"""What pages, feeds and the API read of lists and threads: rows of plain columns, in few queries.

Nothing here asks who may read: the caller has found the list or thread through `visibility`, or
gives the predicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import MailingList
from forum.storage.people import Author

shown_author = func.coalesce(func.nullif(Post.author_name, ""), Author.name)
"""A post's author as written in the message, else as known from their newest mail."""


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
    labels: tuple[str, ...]
    titles: Mapping[str, str] = field(hash=False)
    """What it is called in a language, where that is not the subject."""
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
    written_by: int | None = None
    """An author who wrote something in it."""

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
        if self.written_by is not None:
            own = Post.author_id == self.written_by, Post.state == PostState.VISIBLE
            found.append(Thread.id.in_(select(Post.thread_id).where(*own)))
        return found


SHOWN: Final = and_(Thread.merged_into_id.is_(None), Thread.post_count > 0)
"""Threads that have something to show."""


def read_columns(
    session: Session, query: Executable, **values: Any
) -> CursorResult[*tuple[Any, ...]]:
    """Plain columns, without the steps that the session takes for entities: a third of the time.

    Args:
        values: Of the query's parameters.
    """
    session.flush()
    return session.connection().execute(query, values)


def count_threads(session: Session, list_id: int, wanted: ThreadFilter) -> int:
    """How many threads of a list a filter leaves."""
    query = (
        select(func.count())
        .select_from(Thread)
        .where(Thread.mailing_list_id == list_id, SHOWN, *wanted.conditions())
    )
    return int(read_columns(session, query).scalar_one())


def threads_of_list(
    session: Session, list_id: int, wanted: ThreadFilter, *, offset: int, limit: int
) -> list[ThreadRow]:
    """A page of a list's threads, pinned ones first, then by latest activity."""
    query, conditions = _threads_of_list(), wanted.conditions()
    if conditions:
        query = query.where(*conditions)
    return _thread_rows(session, query, mailing_list=list_id, first=offset, most=limit)


@cache
def _threads_of_list() -> Select[*tuple[Any, ...]]:
    return (
        _threads()
        .where(Thread.mailing_list_id == bindparam("mailing_list"))
        .order_by(Thread.pinned.desc(), Thread.last_post_at.desc(), Thread.id.desc())
        .offset(bindparam("first", type_=Integer))
        .limit(bindparam("most", type_=Integer))
    )


def latest_threads(session: Session, list_ids: Iterable[int], limit: int) -> list[ThreadRow]:
    """The threads of several lists that moved last."""
    ids = list(list_ids)
    if not ids:
        return []
    values = {f"list_{number}": list_id for number, list_id in enumerate(ids)}
    return _thread_rows(session, _latest(len(ids)), most=limit, **values)


@cache
def _latest(lists: int) -> Select[*tuple[Any, ...]]:
    """The query of `latest_threads` for so many lists."""
    newest = [
        # Each part reads the index; one over all lists would sort every thread there is.
        select(Thread.id)
        .where(
            Thread.mailing_list_id == bindparam(f"list_{number}"),
            Thread.pinned.is_(pinned),
            SHOWN,
        )
        .order_by(Thread.last_post_at.desc())
        .limit(bindparam("most", type_=Integer))
        .subquery()
        for number in range(lists)
        for pinned in (False, True)
    ]
    ids = union_all(*(select(part.c.id) for part in newest))
    query = _threads().where(Thread.id.in_(ids)).order_by(Thread.last_post_at.desc())
    return query.limit(bindparam("most", type_=Integer))


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


@cache
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
            Thread.labels,
            Thread.titles,
            Thread.started_at,
            Thread.last_post_at,
            _writer(Post.position == 0).label("starter"),
            # By date through the index: a thread may hold thousands of posts.
            _writer(
                Post.mailing_list_id == Thread.mailing_list_id, Post.date == Thread.last_post_at
            ).label("last_writer"),
        )
        .join(MailingList, MailingList.id == Thread.mailing_list_id)
        .where(SHOWN)
    )


def _thread_rows(
    session: Session, query: Select[*tuple[Any, ...]], **values: Any
) -> list[ThreadRow]:
    return [
        ThreadRow(
            id=row.id,
            list_slug=row.slug,
            subject=row.subject,
            state=row.state,
            pinned=row.pinned,
            post_count=row.post_count,
            languages=_split(row.languages),
            tags=_split(row.tags),
            labels=_split(row.labels),
            titles=row.titles,
            started_at=row.started_at,
            last_post_at=row.last_post_at,
            starter=row.starter or "",
            last_writer=row.last_writer or "",
        )
        for row in read_columns(session, query, **values).all()
    ]


def _writer(*which: ColumnElement[bool]) -> ScalarSelect[str]:
    """Who wrote the post of a thread that fulfils conditions, the newest of several."""
    return (
        select(shown_author)
        .select_from(Post)
        .join(Author, Author.id == Post.author_id)
        .where(Post.thread_id == Thread.id, Post.state == PostState.VISIBLE, *which)
        .order_by(Post.id.desc())
        .limit(1)
        .correlate(Thread)
        .scalar_subquery()
    )


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _among(column: Any, value: str) -> ColumnElement[bool]:
    """Whether a comma-separated column has a value."""
    found: ColumnElement[bool] = ("," + column + ",").contains(f",{value},", autoescape=True)
    return found
