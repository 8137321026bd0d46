"""Following and muting one thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from forum.storage.archive import Post, PostState, Thread
from forum.storage.browsing import read_columns
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
    values = {"author": author_id, "thread": thread.id, "mailing_list": thread.mailing_list_id}
    found = read_columns(session, _chosen_query(), **values).first()
    if found is not None:
        return Standing(Following(found[0]), FollowingReason(found[1]))
    if read_columns(session, _wrote_query(), **values).first() is not None:
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


@cache
def _wrote_query() -> Select[int]:
    """A post of theirs, where some subscription has the threads they wrote in sent at once."""
    author: Any = bindparam("author")
    follows = (
        select(Subscription.id)
        .join(Address)
        .where(
            Address.author_id == author,
            Subscription.mailing_list_id == bindparam("mailing_list"),
            Subscription.follows_written,
        )
    )
    return (
        select(Post.id)
        .where(
            Post.thread_id == bindparam("thread"),
            Post.author_id == author,
            Post.state == PostState.VISIBLE,
            follows.exists(),
        )
        .limit(1)
    )


@cache
def _chosen_query() -> Select[str, str]:
    thread: Any = bindparam("thread")
    return (
        select(ThreadSubscription.state, ThreadSubscription.reason)
        .join(Thread, Thread.id == ThreadSubscription.thread_id)
        .where(
            ThreadSubscription.author_id == bindparam("author"),
            or_(Thread.id == thread, Thread.merged_into_id == thread),
        )
        .order_by(ThreadSubscription.since.desc(), ThreadSubscription.id.desc())
        .limit(1)
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
