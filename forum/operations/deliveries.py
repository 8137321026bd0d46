"""Which subscriber gets a copy of a post, queued in the post's own transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from forum.domain.recipients import recipients
from forum.operations.mirroring_out import cancel_upstream
from forum.operations.recipients import candidates_of, occasion_of
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, DigestItem, SendState
from forum.storage.people import Subscription


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

    For those who read digests it waits for the next one, unless they follow the thread.

    Args:
        delay: How long to wait before the first may leave.
        has_copy: Lower-case addresses that the sender has written to directly.
    """
    candidates = candidates_of(session, mailing_list, now)
    occasion = occasion_of(session, post, candidates, has_copy)
    chosen = recipients(candidates, occasion)
    rows = [
        {
            "post_id": post.id,
            "subscription_id": one.subscription.subscription_id,
            "due_at": now + delay,
            "queued_at": now,
        }
        for one in chosen
        if one.at_once
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    items = [
        {
            "post_id": post.id,
            "subscription_id": one.subscription.subscription_id,
            "ready_at": now + delay,
        }
        for one in chosen
        if not one.at_once
    ]
    if items:
        session.execute(insert(DigestItem), items)
    return len(rows)


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
    if started is not None or in_digest is not None or not cancel_upstream(session, post):
        return False
    session.execute(
        update(Delivery).where(Delivery.post_id == post.id).values(state=SendState.CANCELLED)
    )
    session.execute(delete(DigestItem).where(DigestItem.post_id == post.id))
    return True


def cancel_queued(session: Session, subscription: Subscription) -> None:
    """Keep back what is queued for a subscription: its holder wants no mail now."""
    session.execute(
        update(Delivery)
        .where(Delivery.subscription_id == subscription.id, Delivery.state == SendState.QUEUED)
        .values(state=SendState.CANCELLED)
        .execution_options(synchronize_session=False)
    )
