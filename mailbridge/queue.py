"""The queue of outgoing mail: claimed in batches, recorded one by one. These functions commit.

A claim lapses, so that what a killed worker had in hand is sent by another. Only a mail whose
sending was under way at that moment can leave twice, and its Message-ID makes it one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, joinedload, undefer
from sqlalchemy.sql.base import ExecutableOption

from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, Notice, SendState
from forum.storage.people import DeliveryMode, Subscription, receives
from mailbridge.transport import Deferred, Outcome, Refused, Sent

CLAIM: Final = timedelta(seconds=30)
BATCH: Final = 20

RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
RETRY_LATER: Final = timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(days=5)

Kind = type[Delivery] | type[DigestDelivery] | type[Notice]
Row = Delivery | DigestDelivery | Notice


def claim(session: Session, kind: Kind, now: datetime, limit: int = BATCH) -> list[int]:
    """Take what is due, for `CLAIM`, oldest first. Commits.

    Of a list whose outgoing mail is stopped nothing is taken.
    """
    query = select(kind.id).where(_due(kind, now)).order_by(kind.due_at, kind.id).limit(limit)
    if kind is Delivery:
        query = (
            query.join(Post, Post.id == Delivery.post_id)
            .join(MailingList, MailingList.id == Post.mailing_list_id)
            .where(MailingList.outgoing_stopped.is_(False), Post.state == PostState.VISIBLE)
        )
    if kind is DigestDelivery:
        query = (
            query.join(Subscription, Subscription.id == DigestDelivery.subscription_id)
            .join(MailingList, MailingList.id == Subscription.mailing_list_id)
            .where(
                MailingList.outgoing_stopped.is_(False),
                receives(now),
                Subscription.delivery != DeliveryMode.NONE,
            )
        )
    # PostgreSQL: workers pass one another by. SQLite: the transaction began as a writer's.
    query = query.with_for_update(skip_locked=True, of=kind)
    keys = list(session.scalars(query))
    if keys:
        session.execute(
            update(kind)
            .where(kind.id.in_(keys))
            .values(state=SendState.SENDING, claimed_until=now + CLAIM)
            .execution_options(synchronize_session=False)
        )
    session.commit()
    return keys


def load(session: Session, kind: Kind, keys: Sequence[int]) -> dict[int, Row]:
    """The claimed rows with all that a mail is built from, in one query each."""
    options: tuple[ExecutableOption, ...]
    if kind is Delivery:
        options = (
            joinedload(Delivery.subscription).joinedload(Subscription.address),
            joinedload(Delivery.post).joinedload(Post.mailing_list),
            joinedload(Delivery.post).joinedload(Post.raw),
        )
    elif kind is DigestDelivery:
        subscription = joinedload(DigestDelivery.subscription)
        options = (
            subscription.joinedload(Subscription.address),
            subscription.joinedload(Subscription.mailing_list),
        )
    else:
        options = (joinedload(Notice.mailing_list), undefer(Notice.params))
    found = session.scalars(select(kind).where(kind.id.in_(keys)).options(*options))
    rows = {row.id: row for row in cast("Iterable[Row]", found)}
    # As they were claimed: the oldest first.
    return {key: rows[key] for key in keys if key in rows}


def record(session: Session, row: Row, outcome: Outcome, now: datetime) -> None:
    """Write down what became of one mail. Commits.

    By the row's number: one that was deleted meanwhile, with its subscription, is no error.

    Args:
        outcome: `Broken` puts it back as it was, for nobody's address is at fault.
    """
    values: dict[str, Any] = {"last_reply": outcome.reply, "claimed_until": None}
    match outcome:
        case Sent():
            values |= {"state": SendState.SENT, "sent_at": now, "attempts": row.attempts + 1}
        case Refused():
            values |= {"state": SendState.FAILED, "attempts": row.attempts + 1}
        case Deferred():
            pause = RETRIES[row.attempts] if row.attempts < len(RETRIES) else RETRY_LATER
            is_too_old = now - row.queued_at > GIVEN_UP_AFTER
            state = SendState.FAILED if is_too_old else SendState.QUEUED
            values |= {"state": state, "due_at": now + pause, "attempts": row.attempts + 1}
        case _:
            values |= {"state": SendState.QUEUED}
    kind = type(row)
    session.execute(
        update(kind)
        .where(kind.id == row.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.commit()


def release(session: Session, kind: Kind, keys: Sequence[int]) -> None:
    """Put back what was claimed and not tried. Commits."""
    if keys:
        session.execute(
            update(kind)
            .where(kind.id.in_(keys), kind.state == SendState.SENDING)
            .values(state=SendState.QUEUED, claimed_until=None)
            .execution_options(synchronize_session=False)
        )
    session.commit()


def requeue(session: Session, kind: Kind, keys: Sequence[int], due_at: datetime) -> None:
    """Take back refusals that were the smarthost's fault and nobody's address. Commits."""
    if keys:
        session.execute(
            update(kind)
            .where(kind.id.in_(keys), kind.state == SendState.FAILED)
            .values(state=SendState.QUEUED, due_at=due_at)
            .execution_options(synchronize_session=False)
        )
    session.commit()


def _due(kind: Kind, now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(kind.state == SendState.QUEUED, kind.due_at <= now),
        and_(kind.state == SendState.SENDING, kind.claimed_until < now),
    )
