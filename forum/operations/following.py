"""Following and muting one thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from forum.storage.archive import Post, PostState, Thread
from forum.storage.choices import (
    Following,
    FollowingReason,
    ThreadSubscription,
    chosen_following,
)
from forum.storage.mail import Delivery, DigestItem, SendState
from forum.storage.people import Address, Subscription


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person receives a thread, and why."""

    state: Following
    reason: FollowingReason


def standing(session: Session, author_id: int, thread: Thread) -> Standing:
    """How a person receives a thread: as they chose, else by whether they wrote in it."""
    found = session.execute(
        select(ThreadSubscription.state, ThreadSubscription.reason)
        .join(Thread, Thread.id == ThreadSubscription.thread_id)
        .where(
            ThreadSubscription.author_id == author_id,
            or_(Thread.id == thread.id, Thread.merged_into_id == thread.id),
        )
        .order_by(ThreadSubscription.since.desc(), ThreadSubscription.id.desc())
        .limit(1)
    ).first()
    if found is not None:
        return Standing(Following(found[0]), FollowingReason(found[1]))
    if follows_written(session, author_id, thread) and _wrote(session, author_id, thread):
        return Standing(Following.FOLLOW, FollowingReason.WROTE)
    return Standing(Following.USUAL, FollowingReason.NOTHING)


def choose(
    session: Session,
    author_id: int,
    thread: Thread,
    state: Following,
    now: datetime,
    reason: FollowingReason = FollowingReason.CHOSE,
) -> None:
    """Follow or mute a thread, or receive it as the rest of the list.

    What is muted leaves the mail that waits, too.
    """
    row = chosen_following(session, author_id, thread.id)
    if row is None:
        row = ThreadSubscription(author_id=author_id, thread_id=thread.id)
        session.add(row)
    row.state, row.reason, row.since = state, reason, now
    session.flush()
    if state == Following.MUTE:
        _take_back(session, author_id, thread)


def follows_written(session: Session, author_id: int, thread: Thread) -> bool:
    """Whether some subscription of a person has the threads in which they wrote sent at once."""
    return (
        session.scalar(
            select(Subscription.id)
            .join(Address)
            .where(
                Address.author_id == author_id,
                Subscription.mailing_list_id == thread.mailing_list_id,
                Subscription.follows_written,
            )
            .limit(1)
        )
        is not None
    )


def _wrote(session: Session, author_id: int, thread: Thread) -> bool:
    return (
        session.scalar(
            select(Post.id)
            .where(
                Post.thread_id == thread.id,
                Post.author_id == author_id,
                Post.state == PostState.VISIBLE,
            )
            .limit(1)
        )
        is not None
    )


def _take_back(session: Session, author_id: int, thread: Thread) -> None:
    """What is queued of a thread for a person and has not left."""
    own = select(Subscription.id).join(Address).where(Address.author_id == author_id)
    posts = select(Post.id).where(Post.thread_id == thread.id)
    session.execute(
        delete(DigestItem)
        .where(
            DigestItem.subscription_id.in_(own),
            DigestItem.post_id.in_(posts),
            DigestItem.digest_id.is_(None),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Delivery)
        .where(
            Delivery.subscription_id.in_(own),
            Delivery.post_id.in_(posts),
            Delivery.state == SendState.QUEUED,
        )
        .values(state=SendState.CANCELLED)
        .execution_options(synchronize_session=False)
    )
