"""After an import: every thread that it touched put in order, a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, insert, literal, or_, select
from sqlalchemy.orm import Session

from forum.domain.reply_tree import SUBJECT_WINDOW
from forum.domain.subject import parse_subject
from forum.domain.values import Source
from forum.operations.arrangement import Arrangement, apply, arrange
from forum.operations.gathering import chunks
from forum.operations.threads import refresh_summaries
from forum.operations.topics import file_threads
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue


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
    session: Session,
    mailing_list: MailingList,
    thread_ids: Collection[int],
    after_post_id: int,
    now: datetime,
    *,
    older: bool = True,
) -> set[int]:
    """Put threads in order with all that hangs on them, and count their posts.

    What stands in its place already stays untouched, so that it may be done twice.

    Args:
        after_post_id: The newest post before the import.
        older: What `has_older` says of it.

    Returns:
        The ids of all threads whose posts changed, those given included.
    """
    wanted = set(thread_ids)
    # Held here, so that they are found in memory one by one.
    rows = session.scalars(select(Thread).where(Thread.id.in_(wanted))).all()
    provisional = {row.id: row for row in rows if row.post_count == 0}
    if older:
        wanted |= _waiting_for(session, wanted)
        wanted |= _seeking(session, mailing_list, wanted, after_post_id)
    arrangement = arrange(session, mailing_list, wanted)
    _name(session, mailing_list, provisional, arrangement)
    touched = apply(session, mailing_list, arrangement, now)
    touched |= {row.id for row in rows}
    _forget(session, provisional)
    refresh_summaries(session, touched)
    file_threads(session, mailing_list, touched, after_post_id)
    _queue(session, mailing_list, touched, after_post_id, now)
    return touched


def _queue(
    session: Session,
    mailing_list: MailingList,
    thread_ids: set[int],
    after_post_id: int,
    now: datetime,
) -> None:
    """Have imported posts made searchable, now that they are shown."""
    for some in chunks(sorted(thread_ids)):
        shown = select(Post.id, literal(now, Post.date.type)).where(
            Post.thread_id.in_(some),
            # The sum keeps SQLite to the threads: it would look through the whole list.
            Post.mailing_list_id + 0 == mailing_list.id,
            Post.id > after_post_id,
            Post.source == Source.IMPORT,
        )
        session.execute(insert(IndexQueue).from_select(["post_id", "queued_at"], shown))


def has_older(session: Session, mailing_list: MailingList, after_post_id: int) -> bool:
    """Whether there are threads that stood in order without what was imported."""
    older = select(Post.id).where(Post.mailing_list_id == mailing_list.id, Post.id <= after_post_id)
    return session.scalar(older.limit(1)) is not None


def _waiting_for(session: Session, thread_ids: set[int]) -> set[int]:
    """Threads that named these posts before they came."""
    found: set[int] = set()
    for some in chunks(sorted(thread_ids)):
        found |= set(
            session.scalars(
                select(MessageLink.thread_id)
                .join(Post, Post.id == MessageLink.post_id)
                .where(Post.thread_id.in_(some), MessageLink.thread_id != Post.thread_id)
                .distinct()
            )
        )
    return found


def _seeking(
    session: Session, mailing_list: MailingList, thread_ids: set[int], after_post_id: int
) -> set[int]:
    """Threads with later answers that may have been looking for these posts by their subject."""
    subjects: dict[str, tuple[datetime, datetime]] = {}
    for some in chunks(sorted(thread_ids)):
        rows = session.execute(
            select(Post.base_subject, Post.date).where(
                Post.thread_id.in_(some), Post.id > after_post_id, Post.base_subject != ""
            )
        )
        for base_subject, date in rows:
            first, last = subjects.get(base_subject, (date, date))
            subjects[base_subject] = (min(first, date), max(last, date))
    found: set[int] = set()
    for part in chunks(sorted(subjects), 50):
        spans = [
            (Post.base_subject == one)
            & (Post.date >= subjects[one][0])
            & (Post.date <= subjects[one][1] + SUBJECT_WINDOW)
            for one in part
        ]
        found |= set(
            session.scalars(
                select(Post.thread_id)
                .where(Post.mailing_list_id == mailing_list.id, Post.is_reply, or_(*spans))
                .distinct()
            )
        )
    return found


def _name(
    session: Session,
    mailing_list: MailingList,
    provisional: Mapping[int, Thread],
    arrangement: Arrangement,
) -> None:
    """Give threads that nobody has seen yet the subject of their first post."""
    first = {
        arrangement.rows[key].id: provisional[thread_id]
        for thread_id, key in arrangement.first.items()
        if thread_id in provisional
    }
    for some in chunks(sorted(first)):
        subjects = session.execute(select(Post.id, Post.subject).where(Post.id.in_(some)))
        for post_id, written in subjects:
            parsed = parse_subject(written, list_prefixes=mailing_list.subject_names)
            first[post_id].subject = parsed.base
    session.flush()


def _forget(session: Session, provisional: Mapping[int, Thread]) -> None:
    """Delete threads whose posts went to others before anybody could see them."""
    session.flush()
    for some in chunks(sorted(provisional)):
        holding = select(Post.thread_id).where(Post.thread_id.in_(some))
        linked = select(MessageLink.thread_id).where(MessageLink.thread_id.in_(some))
        leading = select(Thread.merged_into_id).where(Thread.merged_into_id.in_(some))
        kept = {*session.scalars(holding), *session.scalars(linked), *session.scalars(leading)}
        for thread_id in set(some) - kept:
            session.delete(provisional[thread_id])
    session.flush()


def newest_post_id(session: Session) -> int:
    """The id of the newest post of all; 0 where there is none."""
    return session.scalar(select(func.max(Post.id))) or 0
