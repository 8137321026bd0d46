"""How far an account has read: rows only for lists it has opened, and threads in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ForeignKey,
    Select,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from forum.domain.values import Source
from forum.storage.archive import Post, PostState, Thread
from forum.storage.base import Base
from forum.storage.browsing import read_columns


class ListMark(Base):
    """Up to which post an account counts everything in a list as read.

    Made when the account first opens the list: what was written before is not news.
    """

    __tablename__ = "list_mark"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    post_id: Mapped[int]
    """No foreign key: the post may be gone, its number stays a bound."""


class ThreadMark(Base):
    """Up to which post an account has read a thread."""

    __tablename__ = "thread_mark"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    thread_id: Mapped[int] = mapped_column(
        ForeignKey("thread.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    post_id: Mapped[int]
    """No foreign key, as above."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A post that somebody has not read."""

    post_id: int
    position: int


def newest_post_id(session: Session, list_id: int) -> int:
    """The highest number of a list's posts, shown or not; 0 where there is none."""
    return session.scalar(select(func.max(Post.id)).where(Post.mailing_list_id == list_id)) or 0


def is_open(session: Session, account_id: int, list_id: int) -> bool:
    """Whether what is new in a list is counted for an account."""
    values = {"account": account_id, "mailing_list": list_id}
    return read_columns(session, _mark_query(), **values).first() is not None


@cache
def _mark_query() -> Select[int]:
    return select(ListMark.post_id).where(
        ListMark.account_id == bindparam("account"),
        ListMark.mailing_list_id == bindparam("mailing_list"),
    )


def unread_counts(
    session: Session, account_id: int, author_id: int, thread_ids: Sequence[int]
) -> dict[int, int]:
    """How many posts of each thread an account has not read; threads without any are left out.

    Its own posts are read, and so is what an import brought.
    """
    if not thread_ids:
        return {}
    values = {"account": account_id, "author": author_id, "threads": thread_ids}
    rows: Any = read_columns(session, _counts_query(), **values)
    return {row[0]: row[1] for row in rows}


@cache
def _counts_query() -> Select[int, int]:
    threads: BindParameter[int] = bindparam("threads", expanding=True)
    query = _of_news(select(Post.thread_id, func.count()))
    return query.where(Thread.id.in_(threads)).group_by(Post.thread_id)


def unread_posts(session: Session, account_id: int, author_id: int, thread_id: int) -> list[Unread]:
    """The posts of a thread an account has not read, in reading order."""
    values = {"account": account_id, "author": author_id, "thread": thread_id}
    return [Unread(*row) for row in read_columns(session, _posts_query(), **values)]


@cache
def _posts_query() -> Select[int, int]:
    query = _of_news(select(Post.id, Post.position))
    return query.where(Thread.id == bindparam("thread")).order_by(Post.position)


# With the parameters `account` and `author`. Marks are found by the thread, not by the post: else
# SQLite walks through all posts of the list.


def _of_news(query: Select[int, int]) -> Select[int, int]:
    """The posts of a query's columns that the account has not read."""
    return (
        query.select_from(Thread)
        .join(ListMark, _of_list())
        .outerjoin(ThreadMark, _of_thread())
        .join(Post, Post.thread_id == Thread.id)
        .where(*_is_news())
    )


def _of_list() -> ColumnElement[bool]:
    account: Any = bindparam("account")
    return and_(ListMark.mailing_list_id == Thread.mailing_list_id, ListMark.account_id == account)


def _of_thread() -> ColumnElement[bool]:
    account: Any = bindparam("account")
    return and_(ThreadMark.thread_id == Thread.id, ThreadMark.account_id == account)


def _is_news() -> tuple[ColumnElement[bool], ...]:
    return (
        Post.id > ListMark.post_id,
        Post.id > func.coalesce(ThreadMark.post_id, 0),
        Post.state == PostState.VISIBLE,
        Post.author_id != bindparam("author"),
        Post.source != Source.IMPORT,
    )
