"""Which subscriber gets a copy of a post, queued in the post's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Insert, Select, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from forum.domain.recipients import Recipient, recipients
from forum.operations.gathering import chunks
from forum.operations.mirroring_out import cancel_upstream
from forum.operations.recipients import Audience, occasion_of
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
    audience: Audience | None = None,
) -> int:
    """Queue a post for every subscriber who gets each one; gives their number.

    For those who read digests it waits for the next one, unless they follow the thread.

    Args:
        delay: How long to wait before the first may leave.
        has_copy: Lower-case addresses that the sender has written to directly.
        audience: Of the lists, where several posts are queued together.
    """
    candidates = (audience or Audience(session, now)).of(mailing_list)
    chosen = recipients(candidates, occasion_of(session, post, candidates, has_copy))
    return queue_copies(session, post, chosen, now, delay=delay)


def queue_copies(
    session: Session,
    post: Post,
    chosen: Sequence[Recipient],
    now: datetime,
    *,
    delay: timedelta,
    translation: str = "",
) -> int:
    """Queue a post for the subscriptions that were chosen; gives how many get it at once.

    Args:
        translation: Of the translation that is sent, its language; empty for the post itself.
    """
    at_once = [one.subscription.subscription_id for one in chosen if one.at_once]
    later = [one.subscription.subscription_id for one in chosen if not one.at_once]
    values: dict[str, Any] = {
        "post": post.id, "due": now + delay, "queued": now, "translation": translation
    }  # fmt: skip
    _write(session, _delivery_rows(), at_once, values)
    _write(session, _digest_rows(), later, values)
    return len(at_once)


def _write(
    session: Session,
    rows: Insert,
    subscription_ids: Sequence[int],
    values: Mapping[str, Any],
) -> None:
    """One statement for hundreds of rows: to send them one by one takes longer than all else."""
    for some in chunks(subscription_ids):
        session.connection().execute(rows, {**values, "subscriptions": some})


@cache
def _delivery_rows() -> Insert:
    return insert(Delivery).from_select(
        ["post_id", "due_at", "queued_at", "translation", "subscription_id"],
        _of_subscriptions(
            bindparam("post", type_=Delivery.post_id.type),
            bindparam("due", type_=Delivery.due_at.type),
            bindparam("queued", type_=Delivery.queued_at.type),
            bindparam("translation", type_=Delivery.translation.type),
        ),
    )


@cache
def _digest_rows() -> Insert:
    return insert(DigestItem).from_select(
        ["post_id", "ready_at", "translation", "subscription_id"],
        _of_subscriptions(
            bindparam("post", type_=DigestItem.post_id.type),
            bindparam("due", type_=DigestItem.ready_at.type),
            bindparam("translation", type_=DigestItem.translation.type),
        ),
    )


def _of_subscriptions(*values: BindParameter[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(*values, Subscription.id)
        .where(Subscription.id.in_(bindparam("subscriptions", expanding=True)))
        .order_by(Subscription.id)
    )


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


def cancel_queued_translations(session: Session, subscription: Subscription) -> None:
    """Keep back the translations that wait for a subscription: its holder wants none."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.subscription_id == subscription.id,
            Delivery.state == SendState.QUEUED,
            Delivery.translation != "",
        )
        .values(state=SendState.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(DigestItem)
        .where(
            DigestItem.subscription_id == subscription.id,
            DigestItem.digest_id.is_(None),
            DigestItem.translation != "",
        )
        .execution_options(synchronize_session=False)
    )
