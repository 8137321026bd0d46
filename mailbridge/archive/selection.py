"""Which posts leave: of a list, a thread, a search or a span of time, in an order of their own.

The order is by date and content digest: it depends on the messages alone, so that an archive that
was exported, imported elsewhere and exported again comes out as the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from forum.domain import query
from forum.operations.raw import load_raw
from forum.search import SearchIndex, Sort
from forum.storage.archive import Post, PostState, RawMessage
from forum.storage.base import reading
from forum.storage.lists import MailingList

AT_ONCE: Final = 200
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; all conditions count."""

    mailing_list_id: int
    thread_id: int | None = None
    after: datetime | None = None
    """From this moment on."""
    before: datetime | None = None
    """Earlier than this moment."""
    post_ids: frozenset[int] | None = None
    """What a search has found."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """On `post`."""
        found: list[ColumnElement[bool]] = [
            Post.mailing_list_id == self.mailing_list_id,
            Post.state == PostState.VISIBLE,
        ]
        if self.thread_id is not None:
            found.append(Post.thread_id == self.thread_id)
        if self.after is not None:
            found.append(Post.date >= self.after)
        if self.before is not None:
            found.append(Post.date < self.before)
        return found


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it leaves."""

    post_id: int
    raw: bytes
    arrived_at: datetime


def search_posts(index: SearchIndex, mailing_list: MailingList, text: str) -> frozenset[int]:
    """The posts of a list that a search finds, all of them."""
    wanted = query.parse(text)
    found: set[int] = set()
    page = 1
    while True:
        hits = index.find(wanted, frozenset({mailing_list.id}), page, _PAGE, Sort.OLDEST)
        found |= {hit.post_id for hit in hits.hits}
        if len(hits.hits) < _PAGE:
            return frozenset(found)
        page += 1


def stored_messages(session: Session, selection: Selection) -> Iterator[StoredMessage]:
    """The bytes of the posts one by one; what was removed for good has none."""
    columns = (Post.id, Post.arrived_at, RawMessage.compressed, RawMessage.size)
    for rows in _batches(session, selection, columns, with_raw=True):
        for row in rows:
            raw = load_raw(RawMessage(compressed=row.compressed, size=row.size))
            yield StoredMessage(row.id, raw, row.arrived_at)


def post_ids(session: Session, selection: Selection) -> Iterator[list[int]]:
    """The posts in their order, a few hundred at a time."""
    for rows in _batches(session, selection, (Post.id,), with_raw=False):
        yield [row.id for row in rows]


def _batches(
    session: Session, selection: Selection, columns: tuple[Any, ...], *, with_raw: bool
) -> Iterator[list[Any]]:
    """Rows in short transactions: a slow disk holds nothing up."""
    after: tuple[datetime, str] | None = None
    kept: Callable[[Any], bool] = lambda row: (  # noqa: E731
        selection.post_ids is None or row.id in selection.post_ids
    )
    while True:
        wanted = select(*columns, Post.date, Post.content_digest).where(*selection.conditions())
        if with_raw:
            wanted = wanted.join(RawMessage, RawMessage.id == Post.raw_id)
        if after is not None:
            wanted = wanted.where(tuple_(Post.date, Post.content_digest) > after)
        with reading():
            rows = session.execute(
                wanted.order_by(Post.date, Post.content_digest).limit(AT_ONCE)
            ).all()
            session.rollback()
        if rows:
            after = (rows[-1].date, rows[-1].content_digest)
            yield [row for row in rows if kept(row)]
        if len(rows) < AT_ONCE:
            return
