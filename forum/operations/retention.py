"""What is kept for a time only: refused and failed mail, mail that has left, what was put aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.operations.curation_removing import forget_bytes, overwrite_what_is_freed
from forum.operations.notices import ENDED
from forum.storage.imports import QuarantinedMessage
from forum.storage.mail import (
    Delivery,
    DigestDelivery,
    DigestItem,
    HeldMessage,
    HeldState,
    Incoming,
    IncomingState,
    Notice,
)
from forum.storage.mirror import MirrorNotice
from forum.storage.tokens import Token

AT_ONCE: Final = 200
"""Rows of one kind in one transaction."""

_UNWANTED: Final = (
    IncomingState.REJECTED,
    IncomingState.DISCARDED,
    IncomingState.AUTOMATIC,
    IncomingState.BOUNCE,
    IncomingState.COMMAND,
    IncomingState.FAILED,
)


def forget_some(session: Session, now: datetime, days: int) -> int:
    """Delete some of what is older than it may be kept; gives how many rows. No commit.

    Messages that were posted, that wait for a moderator, or that stand in an outside list's notices
    stay.

    Args:
        days: How long; 0 keeps everything.
    """
    if not days:
        return 0
    before = now - timedelta(days=days)
    done = _refused(session, before) + _incoming(session, before)
    done += _sent(session, before)
    expired = select(Token.id).where(Token.expires_at < before).limit(AT_ONCE)
    keys = session.scalars(expired).all()
    session.execute(delete(Token).where(Token.id.in_(keys)))
    return done + len(keys)


def forget_quarantined(session: Session, now: datetime, days: int) -> int:
    """The same for pieces of archives that were put aside, by the day they were found.

    Args:
        days: How long; 0 keeps everything.
    """
    if not days:
        return 0
    old = (
        select(QuarantinedMessage.id)
        .where(QuarantinedMessage.found_at < now - timedelta(days=days))
        .order_by(QuarantinedMessage.id)
        .limit(AT_ONCE)
    )
    keys = session.scalars(old).all()
    if keys:
        overwrite_what_is_freed(session)
        session.execute(delete(QuarantinedMessage).where(QuarantinedMessage.id.in_(keys)))
    return len(keys)


def _refused(session: Session, before: datetime) -> int:
    rows = session.scalars(
        select(HeldMessage)
        .where(
            HeldMessage.state.in_((HeldState.REJECTED, HeldState.DISCARDED)),
            HeldMessage.decided_at < before,
        )
        .order_by(HeldMessage.id)
        .limit(AT_ONCE)
    ).all()
    return _forget(session, rows)


def _incoming(session: Session, before: datetime) -> int:
    held = select(HeldMessage.incoming_id).where(HeldMessage.incoming_id.is_not(None))
    noted = select(MirrorNotice.incoming_id)
    rows = session.scalars(
        select(Incoming)
        .where(
            Incoming.state.in_(_UNWANTED),
            Incoming.received_at < before,
            Incoming.id.not_in(held),
            Incoming.id.not_in(noted),
        )
        .order_by(Incoming.id)
        .limit(AT_ONCE)
    ).all()
    return _forget(session, rows)


def _sent(session: Session, before: datetime) -> int:
    done = 0
    for table in (Notice, Delivery, DigestDelivery):
        old = (
            select(table.id)
            .where(table.state.in_(ENDED), table.queued_at < before)
            .order_by(table.id)
            .limit(AT_ONCE)
        )
        keys = session.scalars(old).all()
        if table is DigestDelivery:
            # An item without its digest would wait for the next one.
            session.execute(delete(DigestItem).where(DigestItem.digest_id.in_(keys)))
        session.execute(delete(table).where(table.id.in_(keys)))
        done += len(keys)
    return done


def _forget(session: Session, rows: Sequence[HeldMessage | Incoming]) -> int:
    """Delete rows, and their bytes where no other row has them; gives how many rows."""
    raw_ids = [row.raw_id for row in rows]
    for row in rows:
        session.delete(row)
    if raw_ids:
        overwrite_what_is_freed(session)
        forget_bytes(session, raw_ids)
    return len(rows)
