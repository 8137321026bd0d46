"""Which posts leave: of a list, a thread, a search or a span of time, in an order of their own.

The order is by date and content digest: it depends on the messages alone, so that an archive that
was exported, imported elsewhere and exported again comes out as the same file. What the web gives
as a file is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from forum.operations.raw import load_raw
from forum.storage.archive import Post, PostState, RawMessage
from forum.storage.base import reading

AT_ONCE: Final = 200


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
    """Rows in short transactions: a slow disk or reader holds nothing up."""
    after: tuple[datetime, str] | None = None
    ids = selection.post_ids
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
            yield [row for row in rows if ids is None or row.id in ids]
        if len(rows) < AT_ONCE:
            return
