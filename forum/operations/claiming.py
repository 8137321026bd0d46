"""Who is looking at a held message right now, so that two moderators do not do the same work.

A claim keeps nobody from deciding; it tells. It lapses by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from forum.storage.mail import HeldMessage, HeldState
from forum.storage.people import Account
from forum.storage.rules import HeldClaim

CLAIM: Final = timedelta(minutes=5)


def claim(session: Session, held_ids: Iterable[int], account: Account, now: datetime) -> list[int]:
    """Note that a moderator looks at messages; gives those that are theirs now.

    What somebody else claimed stays theirs until it lapses, and what was decided is nobody's.
    """
    wanted = sorted(set(held_ids))
    # Locked, in the order of their numbers: of two moderators one comes first.
    waiting = session.scalars(
        select(HeldMessage.id)
        .where(HeldMessage.id.in_(wanted), HeldMessage.state == HeldState.HELD)
        .order_by(HeldMessage.id)
        .with_for_update()
    ).all()
    claims = {row.held_id: row for row in _claims(session, waiting)}
    mine: list[int] = []
    for held_id in waiting:
        row = claims.get(held_id)
        if row is None:
            session.add(HeldClaim(held_id=held_id, account_id=account.id, until=now + CLAIM))
        elif row.account_id == account.id or row.until <= now:
            row.account_id, row.until = account.id, now + CLAIM
        else:
            continue
        mine.append(held_id)
    session.flush()
    return mine


def release(session: Session, held_ids: Collection[int]) -> None:
    """Forget claims: the messages are decided."""
    session.execute(delete(HeldClaim).where(HeldClaim.held_id.in_(held_ids)))


def claims_on(session: Session, held_ids: Collection[int], now: datetime) -> dict[int, HeldClaim]:
    """The claims that have not lapsed, by held message."""
    rows = session.scalars(
        select(HeldClaim)
        .where(HeldClaim.held_id.in_(held_ids), HeldClaim.until > now)
        .options(joinedload(HeldClaim.account).joinedload(Account.author))
    )
    return {row.held_id: row for row in rows}


def _claims(session: Session, held_ids: Collection[int]) -> list[HeldClaim]:
    return list(session.scalars(select(HeldClaim).where(HeldClaim.held_id.in_(held_ids))))
