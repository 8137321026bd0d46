"""What is known of a list's subscribers and of a thread when a post is to be mailed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, false, func, or_, select
from sqlalchemy.orm import Session

from forum.domain.recipients import Candidate, Occasion
from forum.operations.gathering import chunks
from forum.storage.archive import Post, PostState, Thread
from forum.storage.browsing import read_columns
from forum.storage.choices import ThreadSubscription
from forum.storage.lists import MailingList
from forum.storage.people import Account, Address, Subscription, receives


class Audience:
    """Whom lists may send mail to at one time: read once for all that is posted together."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._by_list: dict[int, Sequence[Candidate]] = {}

    def of(self, mailing_list: MailingList) -> Sequence[Candidate]:
        """The subscriptions of a list to which mail is sent."""
        if mailing_list.id not in self._by_list:
            found = candidates_of(self._session, mailing_list, self._now)
            self._by_list[mailing_list.id] = found
        return self._by_list[mailing_list.id]


def candidates_of(session: Session, mailing_list: MailingList, now: datetime) -> list[Candidate]:
    """The subscriptions of a list to which mail is sent at that time."""
    rows: Any = read_columns(session, _candidates_query(), mailing_list=mailing_list.id, now=now)
    return [Candidate(*row) for row in rows]


@cache
def _candidates_query() -> Select[*tuple[Any, ...]]:
    return (
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
            Subscription.translations,
        )
        .join(Address, Address.id == Subscription.address_id)
        .outerjoin(Account, Account.author_id == Address.author_id)
        .where(
            Subscription.mailing_list_id == bindparam("mailing_list"), receives(bindparam("now"))
        )
    )


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
    return frozenset(read_columns(session, _writers_query(), thread=thread_id).scalars())


@cache
def _writers_query() -> Select[*tuple[Any, ...]]:
    return (
        select(Post.author_id)
        .where(Post.thread_id == bindparam("thread"), Post.state == PostState.VISIBLE)
        .distinct()
    )


def choices_of(session: Session, thread_id: int) -> dict[int, str]:
    """What people chose about a thread, or about one that was merged into it since."""
    rows: Any = read_columns(session, _choices_query(), thread=thread_id)
    return dict(rows.all())


@cache
def _choices_query() -> Select[*tuple[Any, ...]]:
    thread: Any = bindparam("thread")
    return (
        select(ThreadSubscription.author_id, ThreadSubscription.state)
        .join(Thread, Thread.id == ThreadSubscription.thread_id)
        .where(or_(Thread.id == thread, Thread.merged_into_id == thread))
        # The newest stays in the dictionary.
        .order_by(ThreadSubscription.since, ThreadSubscription.id)
    )


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
