"""Where posts stand: pinned by decisions, put in the threads they are to keep, arranged anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.operations.curation import index_again
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a post stood before a decision."""

    post: int
    pin: int | None
    parent: int | None
    thread: int
    first: bool
    """Whether it began the thread, and so kept its number."""


def reseat(session: Session, seats: Mapping[int, int], now: datetime) -> None:
    """Give posts the thread they are to keep, and with them what leads to them.

    Args:
        seats: Threads by post.
    """
    for post_id, thread_id in seats.items():
        session.get_one(Post, post_id).thread_id = thread_id
        session.execute(
            update(MessageLink).where(MessageLink.post_id == post_id).values(thread_id=thread_id)
        )
    index_again(session, seats, now)
    session.flush()


def pin_posts(
    session: Session,
    mailing_list: MailingList,
    pins: Mapping[int, int | None],
    seats: Mapping[int, int],
    now: datetime,
) -> None:
    """Pin posts and arrange their threads anew."""
    rows = posts_by_id(session, pins)
    threads = {row.thread_id for row in rows} | set(seats.values())
    targets = [pin for pin in pins.values() if pin is not None]
    threads |= {row.thread_id for row in posts_by_id(session, targets)}
    for row in rows:
        row.pinned_parent_id = pins[row.id]
    session.flush()
    reseat(session, seats, now)
    refresh_summaries(session, rethread(session, mailing_list, threads, now))
    # Rows were written past the session.
    session.expire_all()


def posts_by_id(session: Session, post_ids: Iterable[int]) -> Sequence[Post]:
    """Posts by their ids, in their order."""
    wanted = sorted(set(post_ids))
    return session.scalars(select(Post).where(Post.id.in_(wanted)).order_by(Post.id)).all()


def above(session: Session, post_id: int, parents: Mapping[int, int | None]) -> list[int]:
    """A post and all above it.

    Args:
        parents: Of posts that are to stand elsewhere than they do.
    """
    path: dict[int, Any] = {}
    current: int | None = post_id
    while current is not None and current not in path:
        path[current] = None
        if current in parents:
            current = parents[current]
        else:
            current = session.scalar(select(Post.parent_id).where(Post.id == current))
    return list(path)
