"""Lists with how much they hold: counted again only when something in the database has changed.

Nothing here asks who may read: the caller gives the predicate, or has found the list through
`visibility`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from forum.storage.archive import Thread
from forum.storage.base import is_reading
from forum.storage.browsing import SHOWN, read_columns
from forum.storage.lists import MailingList

_KEPT: Final = "passerelle_list_sizes"


@dataclass(frozen=True, slots=True)
class ListSize:
    """How much a list shows."""

    threads: int
    posts: int
    last_post_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list with what it holds."""

    mailing_list: MailingList
    threads: int
    posts: int
    last_post_at: datetime | None


def list_rows(session: Session, visible: ColumnElement[bool]) -> list[ListRow]:
    """The lists that fulfil a predicate, the liveliest first."""
    lists = session.scalars(select(MailingList).where(visible).order_by(MailingList.slug)).all()
    sizes = sizes_of_lists(session, [one.id for one in lists])
    found = [
        ListRow(one, size.threads, size.posts, size.last_post_at)
        for one in lists
        for size in (sizes[one.id],)
    ]
    return sorted(found, key=lambda row: (row.last_post_at is None, _age_key(row)))


def is_list(list_id: int) -> ColumnElement[bool]:
    """The predicate of one list."""
    return MailingList.id == list_id


def size_of_list(session: Session, list_id: int) -> ListSize:
    """How many threads and posts a list shows, and when it moved last."""
    return sizes_of_lists(session, (list_id,))[list_id]


def sizes_of_lists(session: Session, list_ids: Iterable[int]) -> dict[int, ListSize]:
    """The sizes of lists, by list."""
    wanted = tuple(list_ids)
    known: dict[int, ListSize] = kept_values(session, _KEPT)
    missing = [one for one in wanted if one not in known]
    if missing:
        rows: Any = read_columns(session, _sizes(), lists=missing)
        for list_id, threads, posts, *newest in rows:
            last = max(filter(None, newest), default=None)
            known[list_id] = ListSize(threads, int(posts or 0), last)
    return {one: known[one] for one in wanted}


def kept_values(session: Session, name: str) -> dict[int, Any]:
    """What was counted of lists, by list: a dictionary to read and to fill; empty where unsure.

    Args:
        name: Of what is counted.
    """
    return _known(session.connection(), name) if is_reading() else {}


def _known(connection: Connection, name: str) -> dict[int, Any]:
    """What was counted over this connection since anybody last changed anything.

    SQLite says so for each connection: its data_version tells of what others committed (pragma
    data_version), its total_changes of what it wrote itself (sqlite3_total_changes). A transaction
    that only reads has nothing uncommitted. PostgreSQL has no such sign, so nothing is kept.
    """
    if connection.dialect.name != "sqlite":
        return {}
    driver: Any = connection.connection.driver_connection
    state = driver.execute("PRAGMA data_version").fetchone()[0], driver.total_changes
    kept = connection.info.get(name)
    if kept is None or kept[0] != state:
        kept = connection.info[name] = state, {}
    values: dict[int, Any] = kept[1]
    return values


@cache
def _sizes() -> Select[*tuple[Any, ...]]:
    # Not joined and grouped: SQLite takes longer for that than for reading its index twice.
    lists: BindParameter[int] = bindparam("lists", expanding=True)
    return select(
        MailingList.id,
        _of_each_list(func.count()),
        _of_each_list(func.sum(Thread.post_count)),
        *(_newest_of_list(pinned) for pinned in (False, True)),
    ).where(MailingList.id.in_(lists))


def _of_each_list(value: ColumnElement[Any]) -> ColumnElement[Any]:
    # A covering index answers.
    query = select(value).where(Thread.mailing_list_id == MailingList.id, SHOWN)
    return query.correlate(MailingList).scalar_subquery()


def _newest_of_list(pinned: bool) -> ColumnElement[datetime]:
    # The first of an index: the largest of all threads would take as long as counting them.
    thread = aliased(Thread)
    return (
        select(thread.last_post_at)
        .where(
            thread.mailing_list_id == MailingList.id,
            thread.pinned.is_(pinned),
            thread.merged_into_id.is_(None),
            thread.post_count > 0,
        )
        .order_by(thread.last_post_at.desc())
        .limit(1)
        .correlate(MailingList)
        .scalar_subquery()
    )


def _age_key(row: ListRow) -> float:
    return -row.last_post_at.timestamp() if row.last_post_at else 0.0
