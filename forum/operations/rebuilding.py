"""Everything shown derived again from the stored bytes, in steps that hold nobody up.

First the posts of a list, oldest first, so that what a text follows or quotes stands before it;
then its threads, a few at a time. What moderators decided stays. Each step is short, and may be
repeated: a rebuilding that broke off is simply done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from forum.operations.deriving import Basis, Derived, basis_of, differs, write
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post, Thread
from forum.storage.lists import MailingList

POSTS_AT_ONCE: Final = 100
"""In the threads that are arranged in one transaction; a longer thread is one step by itself."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The post that was looked at last."""

    date: datetime
    post_id: int


@dataclass(frozen=True, slots=True)
class Step:
    """A post to be looked at."""

    cursor: Cursor
    post_id: int
    basis: Basis | None
    """None where its bytes were removed for good: it stays as it is."""


def next_step(session: Session, mailing_list: MailingList, after: Cursor | None) -> Step | None:
    """Read the next post by date and what it is derived from; None after the last."""
    query = select(Post).where(Post.mailing_list_id == mailing_list.id)
    if after is not None:
        query = query.where(tuple_(Post.date, Post.id) > (after.date, after.post_id))
    row = session.scalar(query.order_by(Post.date, Post.id).limit(1))
    if row is None:
        return None
    return Step(Cursor(row.date, row.id), row.id, basis_of(session, row))


def would_change(session: Session, step: Step, derived: Derived) -> bool:
    """Whether a post stands otherwise than it was derived now."""
    return differs(session.get_one(Post, step.post_id), derived)


def keep(session: Session, step: Step, derived: Derived, now: datetime) -> bool:
    """Write what was derived; False where the post or a decision on it changed meanwhile."""
    row = session.get(Post, step.post_id, with_for_update=True)
    if row is None or step.basis is None or row.raw is None:
        return False
    fresh = basis_of(session, row)
    if fresh != step.basis:
        return False
    write(session, row, derived, now)
    return True


def thread_batches(session: Session, mailing_list: MailingList) -> Iterator[list[int]]:
    """The threads of a list that have posts, in batches of few posts; read at once."""
    rows = session.execute(
        select(Post.thread_id, func.count())
        .where(Post.mailing_list_id == mailing_list.id)
        .group_by(Post.thread_id)
        .order_by(Post.thread_id)
    ).all()
    batch: list[int] = []
    size = 0
    for thread_id, count in rows:
        if batch and size + count > POSTS_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(thread_id)
        size += count
    if batch:
        yield batch


def settle_threads(
    session: Session, mailing_list: MailingList, thread_ids: list[int], now: datetime
) -> int:
    """Put threads in order and count their posts anew.

    Returns:
        How many posts stand elsewhere than before.
    """
    existing = set(session.scalars(select(Thread.id).where(Thread.id.in_(thread_ids))))
    before = _places(session, existing)
    touched = rethread(session, mailing_list, existing, now)
    refresh_summaries(session, touched)
    after = _places(session, touched)
    return sum(1 for post_id, place in before.items() if after.get(post_id) != place)


def _places(session: Session, thread_ids: set[int]) -> dict[int, tuple[int, int | None, int]]:
    rows = session.execute(
        select(Post.id, Post.thread_id, Post.parent_id, Post.position).where(
            Post.thread_id.in_(thread_ids)
        )
    )
    return {row.id: (row.thread_id, row.parent_id, row.position) for row in rows}
