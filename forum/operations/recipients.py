"""What is known of a list's subscribers and of a thread when a post is to be mailed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from forum.domain.recipients import Candidate, Occasion
from forum.operations.gathering import chunks
from forum.storage.archive import Post, PostState, Thread
from forum.storage.choices import ThreadSubscription
from forum.storage.lists import MailingList
from forum.storage.people import Account, Address, Subscription, receives


def candidates_of(session: Session, mailing_list: MailingList, now: datetime) -> list[Candidate]:
    """The subscriptions of a list to which mail is sent at that time."""
    query = (
        select(
            Subscription.id,
            Address.author_id,
            Address.email,
            Subscription.delivery,
            Subscription.language,
            Subscription.reads,
            Subscription.own_posts,
            Subscription.follows_written,
            Subscription.bursts,
            func.coalesce(Account.email == Address.email, false()),
        )
        .join(Address, Address.id == Subscription.address_id)
        .outerjoin(Account, Account.author_id == Address.author_id)
        .where(Subscription.mailing_list_id == mailing_list.id, receives(now))
    )
    rows: Iterable[Sequence[Any]] = session.execute(query)
    return [Candidate(*row) for row in rows]


def occasion_of(
    session: Session, post: Post, candidates: Sequence[Candidate], has_copy: Collection[str] = ()
) -> Occasion:
    """A post, with who wrote in its thread, who follows or mutes it, and who has it already.

    Args:
        has_copy: Lower-case addresses that the sender has written to directly.
    """
    return Occasion(
        author_id=post.author_id,
        language=post.language,
        wrote=writers_of(session, post.thread_id),
        chosen=choices_of(session, post.thread_id),
        has_copy=_people(session, candidates, has_copy),
    )


def writers_of(session: Session, thread_id: int) -> frozenset[int]:
    """Who wrote something in a thread that is shown."""
    query = select(Post.author_id).where(
        Post.thread_id == thread_id, Post.state == PostState.VISIBLE
    )
    return frozenset(session.scalars(query.distinct()))


def choices_of(session: Session, thread_id: int) -> dict[int, str]:
    """What people chose about a thread, or about one that was merged into it since."""
    query = (
        select(ThreadSubscription.author_id, ThreadSubscription.state)
        .join(Thread, Thread.id == ThreadSubscription.thread_id)
        .where(or_(Thread.id == thread_id, Thread.merged_into_id == thread_id))
        # The newest stays in the dictionary.
        .order_by(ThreadSubscription.since, ThreadSubscription.id)
    )
    return dict(session.execute(query).all())


def _people(
    session: Session, candidates: Sequence[Candidate], emails: Collection[str]
) -> frozenset[int]:
    """Whose these addresses are: subscribed here, or confirmed as another of theirs."""
    found = {one.author_id for one in candidates if one.email in emails}
    for some in chunks(sorted(emails)):
        query = select(Address.author_id).where(
            Address.email.in_(some), Address.confirmed_at.is_not(None)
        )
        found |= set(session.scalars(query))
    return frozenset(found)
