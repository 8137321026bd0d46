"""Which subscriber gets a copy of a post, queued in the post's own transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.orm import Session

from forum.storage.archive import Post
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import Delivery, DigestDelivery, DigestItem, SendState
from forum.storage.people import Address, DeliveryMode, Subscription, SubscriptionState


def queue_deliveries(
    session: Session,
    post: Post,
    mailing_list: MailingList,
    now: datetime,
    *,
    delay: timedelta = timedelta(0),
    has_copy: Collection[str] = (),
) -> int:
    """Queue a post for every subscriber who gets each one; gives their number.

    For those who read digests it waits for the next one. A person with two addresses gets one
    copy, and none of what they wrote unless they asked.

    Args:
        delay: How long to wait before the first may leave.
        has_copy: Lower-case addresses that the sender has written to directly.
    """
    if mailing_list.mode == Mode.MIRRORED:
        return 0  # The outside list sends to its own subscribers.
    chosen = _recipients(session, post, mailing_list, has_copy)
    rows = [
        {"post_id": post.id, "subscription_id": key, "due_at": now + delay, "queued_at": now}
        for key, mode in chosen
        if mode == DeliveryMode.EACH
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    items = [
        {"post_id": post.id, "subscription_id": key, "ready_at": now + delay}
        for key, mode in chosen
        if mode != DeliveryMode.EACH
    ]
    if items:
        session.execute(insert(DigestItem), items)
    return len(rows)


def _recipients(
    session: Session, post: Post, mailing_list: MailingList, has_copy: Collection[str]
) -> list[tuple[int, str]]:
    """Subscriptions with their mode; of one person each post goes before a digest."""
    at_once_first = case((Subscription.delivery == DeliveryMode.EACH, 0), else_=1)
    query = (
        select(
            Subscription.id,
            Subscription.delivery,
            Subscription.own_posts,
            Address.author_id,
            Address.email,
        )
        .join(Address)
        .where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.delivery != DeliveryMode.NONE,
            Subscription.state == SubscriptionState.ACTIVE,
        )
        .order_by(at_once_first, Subscription.id)
    )
    chosen: list[tuple[int, str]] = []
    served: set[int] = set()
    for key, mode, own_posts, author_id, email in session.execute(query):
        if author_id in served or (author_id == post.author_id and not own_posts):
            continue
        served.add(author_id)
        if email not in has_copy or author_id == post.author_id:
            chosen.append((key, mode))
    return chosen


def cancel_deliveries(session: Session, post: Post) -> bool:
    """Take back the mailing of a post; False where some of it has left already."""
    started = session.scalar(
        select(Delivery.id)
        .where(
            Delivery.post_id == post.id,
            Delivery.state.not_in([SendState.QUEUED, SendState.CANCELLED]),
        )
        .limit(1)
    )
    in_digest = session.scalar(
        select(DigestItem.id)
        .join(DigestDelivery, DigestDelivery.id == DigestItem.digest_id)
        .where(
            DigestItem.post_id == post.id,
            DigestDelivery.state.not_in([SendState.QUEUED, SendState.CANCELLED]),
        )
        .limit(1)
    )
    if started is not None or in_digest is not None:
        return False
    session.execute(
        update(Delivery).where(Delivery.post_id == post.id).values(state=SendState.CANCELLED)
    )
    session.execute(delete(DigestItem).where(DigestItem.post_id == post.id))
    return True
