"""After an import: every thread that it touched put in order, a few at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.values import Source
from forum.operations.arrangement import apply, arrange
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post, Thread
from forum.storage.lists import MailingList


def unsettled_threads(
    session: Session, mailing_list: MailingList, after_post_id: int
) -> list[tuple[int, int]]:
    """The threads in which posts were imported after a certain one, each with their number."""
    rows = session.execute(
        select(Post.thread_id, func.count())
        .where(
            Post.mailing_list_id == mailing_list.id,
            Post.id > after_post_id,
            Post.source == Source.IMPORT,
        )
        .group_by(Post.thread_id)
        .order_by(Post.thread_id)
    )
    return [(thread_id, count) for thread_id, count in rows]


def settle_some(
    session: Session, mailing_list: MailingList, thread_ids: Collection[int], now: datetime
) -> set[int]:
    """Put threads in order with all that hangs on them, and count their posts.

    What stands in its place already stays untouched, so that it may be done twice.

    Returns:
        The ids of all threads whose posts changed, those given included.
    """
    wanted = set(thread_ids)
    # Held here, so that they are found in memory one by one.
    rows = session.scalars(select(Thread).where(Thread.id.in_(wanted))).all()
    touched = apply(session, mailing_list, arrange(session, mailing_list, wanted), now)
    touched |= {row.id for row in rows}
    refresh_summaries(session, touched)
    return touched


def newest_post_id(session: Session) -> int:
    """The id of the newest post of all; 0 where there is none."""
    return session.scalar(select(func.max(Post.id))) or 0
