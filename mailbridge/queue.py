"""The queue of outgoing mail: claimed in batches, recorded as it is done. These functions commit.

A claim lapses, so that what a killed worker had in hand is sent by another. Only a mail whose
sending was under way at that moment can leave twice, and its Message-ID makes it one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, Table, Update, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload, undefer
from sqlalchemy.sql.base import ExecutableOption

from forum.operations.limits import not_full
from forum.operations.notices import NoticeKind, forget_secrets
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, Notice, SendState
from forum.storage.people import DeliveryMode, Subscription, receives
from mailbridge.notices import OWNER_MAIL
from mailbridge.outcomes import Deferred, Outcome, Refused, Sent

CLAIM: Final = timedelta(seconds=30)
BATCH: Final = 60
"""Large enough to tell a fault of the smarthost from one of a few addresses."""

TO_OWNERS: Final = (NoticeKind.SENDING_PROBLEM, NoticeKind.BOUNCE_STOPPED, OWNER_MAIL)

RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
RETRY_LATER: Final = timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(days=5)

Kind = type[Delivery] | type[DigestDelivery] | type[Notice]
Row = Delivery | DigestDelivery | Notice


def claim(
    session: Session,
    kind: Kind,
    now: datetime,
    limit: int = BATCH,
    full: Collection[str] = (),
) -> list[int]:
    """Take what is due, for `CLAIM`, oldest first. Commits.

    Of a list whose outgoing mail is stopped nothing is taken but what tells its owners.

    Args:
        full: scopes of `forum.operations.limits` of which nothing may leave now.
    """
    query = select(kind.id).where(_due(kind, now)).order_by(kind.due_at, kind.id).limit(limit)
    query = _that_may_leave(query, kind, now, full)
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


def _that_may_leave(
    query: Select[int], kind: Kind, now: datetime, full: Collection[str]
) -> Select[int]:
    if kind is Notice:
        return query.where(_notice_may_leave())
    if not (kind is Delivery or kind is DigestDelivery):
        return query
    query = (
        query.join(Subscription, Subscription.id == kind.subscription_id)
        .join(MailingList, MailingList.id == Subscription.mailing_list_id)
        .where(MailingList.outgoing_stopped.is_(False), receives(now), *not_full(full))
    )
    if kind is DigestDelivery:
        return query.where(Subscription.delivery != DeliveryMode.NONE)
    shown = Post.state == PostState.VISIBLE
    # A post may have been moved to a list that the subscriber may not read.
    here = Post.mailing_list_id == Subscription.mailing_list_id
    # Empty for the post itself, which every text holds; else a translation that was not taken back.
    stands = Post.translated_into.contains(Delivery.translation)
    return query.join(Post, Post.id == Delivery.post_id).where(shown, here, stands)


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


def record(session: Session, done: Iterable[tuple[Row, Outcome]], now: datetime) -> None:
    """Write down what became of each mail that is done by now. Commits.

    By the row's number: one that was deleted meanwhile, with its subscription, is no error.

    Args:
        done: of one kind. `Broken` puts a mail back as it was, for nobody's address is at fault.
    """
    found = [(row, _recorded(row, outcome, now)) for row, outcome in done]
    if found:
        # Past the ORM, in one statement: this is done for every mail that leaves.
        session.connection().execute(_statement(type(found[0][0])), [one for _, one in found])
    sent = [row.id for row, one in found if one["new_state"] == SendState.SENT]
    if sent and type(found[0][0]) is Notice:
        forget_secrets(session, sent)
    session.commit()


def _recorded(row: Row, outcome: Outcome, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "row_id": row.id, "new_state": SendState.QUEUED, "new_reply": outcome.reply,
        "new_due_at": row.due_at, "new_sent_at": None, "new_attempts": row.attempts + 1,
    }  # fmt: skip
    match outcome:
        case Sent():
            values |= {"new_state": SendState.SENT, "new_sent_at": now}
        case Refused():
            values |= {"new_state": SendState.FAILED}
        case Deferred():
            state = SendState.FAILED if is_given_up(row, now) else SendState.QUEUED
            values |= {"new_state": state, "new_due_at": now + _pause(row.attempts)}
        case _:
            values |= {"new_attempts": row.attempts}
    return values


@cache
def _statement(kind: Kind) -> Update:
    table = cast("Table", kind.__table__)
    return (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(
            state=bindparam("new_state"),
            last_reply=bindparam("new_reply"),
            due_at=bindparam("new_due_at"),
            sent_at=bindparam("new_sent_at"),
            attempts=bindparam("new_attempts"),
            claimed_until=None,
        )
    )


def is_given_up(row: Row, now: datetime) -> bool:
    """Whether a mail that cannot leave now is too old to be tried again."""
    return now - row.queued_at > GIVEN_UP_AFTER


def _pause(attempts: int) -> timedelta:
    return RETRIES[attempts] if attempts < len(RETRIES) else RETRY_LATER


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


def requeue(session: Session, rows: Iterable[Row], now: datetime) -> None:
    """Take back refusals that were the smarthost's fault and nobody's address. Commits."""
    for row in rows:
        if is_given_up(row, now):
            continue
        kind = type(row)
        session.execute(
            update(kind)
            .where(kind.id == row.id, kind.state == SendState.FAILED)
            .values(state=SendState.QUEUED, due_at=now + _pause(row.attempts))
            .execution_options(synchronize_session=False)
        )
    session.commit()


def _notice_may_leave() -> ColumnElement[bool]:
    stopped = select(MailingList.id).where(MailingList.outgoing_stopped.is_(True))
    return or_(
        Notice.mailing_list_id.is_(None),
        Notice.mailing_list_id.not_in(stopped),
        Notice.kind.in_(TO_OWNERS),
    )


def _due(kind: Kind, now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(kind.state == SendState.QUEUED, kind.due_at <= now),
        and_(kind.state == SendState.SENDING, kind.claimed_until < now),
    )
