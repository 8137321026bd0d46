"""What administrators see of the site at a glance: its queues, and its lists with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from forum.extensions import db
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import (
    Delivery,
    DigestDelivery,
    HeldMessage,
    HeldState,
    Incoming,
    IncomingState,
    IndexQueue,
    Notice,
    SendState,
)
from forum.storage.people import Subscription


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list with its numbers."""

    mailing_list: MailingList
    members: int
    posts: int
    held: int


@dataclass(frozen=True, slots=True)
class Queues:
    """How much waits, and how much went wrong."""

    received: int
    failed: int
    held: int
    deliveries: int
    deliveries_failed: int
    digests: int
    digests_failed: int
    notices: int
    notices_failed: int
    to_index: int


def read_queues() -> Queues:
    """Count everything that waits."""
    waiting = (SendState.QUEUED, SendState.SENDING)
    return Queues(
        received=count(Incoming.id, Incoming.state == IncomingState.RECEIVED),
        failed=count(Incoming.id, Incoming.state == IncomingState.FAILED),
        held=count(HeldMessage.id, HeldMessage.state == HeldState.HELD),
        deliveries=count(Delivery.id, Delivery.state.in_(waiting)),
        deliveries_failed=count(Delivery.id, Delivery.state == SendState.FAILED),
        digests=count(DigestDelivery.id, DigestDelivery.state.in_(waiting)),
        digests_failed=count(DigestDelivery.id, DigestDelivery.state == SendState.FAILED),
        notices=count(Notice.id, Notice.state.in_(waiting)),
        notices_failed=count(Notice.id, Notice.state == SendState.FAILED),
        to_index=count(IndexQueue.id),
    )


def count(column: Any, *conditions: Any) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count(column)).where(*conditions)) or 0


def list_rows() -> list[ListRow]:
    """All lists, by slug."""
    members = _counts(Subscription.mailing_list_id)
    posts = _counts(Post.mailing_list_id)
    held = _counts(HeldMessage.mailing_list_id, HeldMessage.state == HeldState.HELD)
    lists = db.session.scalars(select(MailingList).order_by(MailingList.slug))
    return [
        ListRow(one, members.get(one.id, 0), posts.get(one.id, 0), held.get(one.id, 0))
        for one in lists
    ]


def _counts(column: Any, *conditions: Any) -> dict[int, int]:
    rows = db.session.execute(select(column, func.count()).where(*conditions).group_by(column))
    return {int(key): int(number) for key, number in rows}
