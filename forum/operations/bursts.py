"""One mail for what comes within minutes in one thread, for the subscriptions that ask for it.

What waits are the items of digests. One post alone becomes an ordinary copy of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.domain.bursts import Waiting, due_bursts
from forum.operations.digests import POSTS_PER_DIGEST, SHOWN, SUBSCRIPTIONS_AT_ONCE
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, DigestItem
from forum.storage.people import DeliveryMode, Subscription, receives


def queue_bursts(session: Session, now: datetime) -> int:
    """Make a mail, to be sent, of what has waited long enough; gives how many."""
    due = _subscriptions(session, now)
    made = 0
    for start in range(0, len(due), SUBSCRIPTIONS_AT_ONCE):
        waiting = _waiting(session, due[start : start + SUBSCRIPTIONS_AT_ONCE])
        for group in due_bursts(waiting, now):
            for first in range(0, len(group), POSTS_PER_DIGEST):
                _queue(session, group[first : first + POSTS_PER_DIGEST], now)
                made += 1
    session.flush()
    return made


def _subscriptions(session: Session, now: datetime) -> Sequence[int]:
    """Those with something that waits; locked, so that two workers share them."""
    something = (
        select(DigestItem.id)
        .where(
            DigestItem.subscription_id == Subscription.id,
            DigestItem.digest_id.is_(None),
            DigestItem.ready_at <= now,
        )
        .correlate(Subscription)
        .exists()
    )
    query = (
        select(Subscription.id)
        .join(MailingList, MailingList.id == Subscription.mailing_list_id)
        .where(
            Subscription.delivery == DeliveryMode.EACH,
            Subscription.bursts.is_(True),
            MailingList.outgoing_stopped.is_(False),
            receives(now),
            something,
        )
        .order_by(Subscription.id)
        .with_for_update(skip_locked=True, key_share=True, of=Subscription)
    )
    return session.scalars(query).all()


def _waiting(session: Session, subscription_ids: Sequence[int]) -> list[Waiting]:
    """Read after the lock, so that none is taken twice."""
    rows = session.execute(
        select(
            DigestItem.subscription_id,
            Post.thread_id,
            DigestItem.id,
            DigestItem.post_id,
            DigestItem.ready_at,
        )
        .join(Post, Post.id == DigestItem.post_id)
        .join(Subscription, Subscription.id == DigestItem.subscription_id)
        .where(
            DigestItem.subscription_id.in_(subscription_ids), DigestItem.digest_id.is_(None), SHOWN
        )
    )
    return [Waiting(*row) for row in rows]


def _queue(session: Session, group: list[Waiting], now: datetime) -> None:
    first = group[0]
    if len(group) == 1:
        item = session.get_one(DigestItem, first.item_id)
        session.add(
            Delivery(
                post_id=item.post_id,
                subscription_id=item.subscription_id,
                translation=item.translation,
                due_at=now,
                queued_at=now,
            )
        )
        session.delete(item)
        return
    digest = DigestDelivery(
        subscription_id=first.subscription_id, due_at=now, queued_at=now, is_burst=True
    )
    session.add(digest)
    session.flush()
    session.execute(
        update(DigestItem)
        .where(DigestItem.id.in_([one.item_id for one in group]))
        .values(digest_id=digest.id)
        .execution_options(synchronize_session=False)
    )
