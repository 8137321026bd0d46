"""The queue to outside lists: one mail at a time, in order, and never twice for want of knowing.

What a killed worker had in hand may have left. It is tried again only when it has not come back
for some minutes: a list that received it would have sent it by then. These functions commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from forum.operations.mirroring_learning import derive_some
from forum.settings import Settings
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import SendState
from forum.storage.mirror import MirrorDelivery
from mailbridge import mirror_outgoing
from mailbridge.outcomes import Broken, Deferred, Outcome, Refused, Sent
from mailbridge.queue import CLAIM, GIVEN_UP_AFTER, RETRIES, RETRY_LATER
from mailbridge.signing_keys import KeyRing, ring_of
from mailbridge.transport import Transport

log = logging.getLogger("passerelle.mirror")

UNSURE: Final = timedelta(minutes=10)
"""How long a mail whose sending was cut off is waited for before it is sent again."""

PAUSE: Final = timedelta(seconds=30)
"""After a fault of the smarthost."""


@dataclass(slots=True)
class MirrorSender:
    """Sends what waits for outside lists."""

    session: Session
    settings: Settings
    transport: Transport
    now: Callable[[], datetime]
    _ring: KeyRing = field(init=False)
    _paused_until: datetime | None = None

    def __post_init__(self) -> None:
        self._ring = ring_of(self.settings.data_dir, self.settings.mail_domain)

    def send_one(self) -> int:
        """Send the oldest mail that is due; gives how many were tried, 0 or 1."""
        now = self.now()
        if self._paused_until is not None and now < self._paused_until:
            return 0
        key = claim(self.session, now)
        if key is None:
            return 0
        outcome = self._send(key)
        record(self.session, key, outcome, self.now())
        if isinstance(outcome, Broken):
            self._paused_until = self.now() + PAUSE
        log.info("mirror delivery=%d outcome=%s", key, type(outcome).__name__.lower())
        return 1

    def derive_some(self) -> int:
        """Derive posts again of a list whose own lines became known; gives how many."""
        done = derive_some(self.session, self.now())
        self.session.commit()
        return done

    def _send(self, key: int) -> Outcome:
        try:
            delivery = self.session.get_one(MirrorDelivery, key)
            copy = mirror_outgoing.build(self.session, delivery, self.settings, self._ring)
            # Nothing is locked while the network is waited for.
            self.session.commit()
        except Exception as error:
            self.session.rollback()
            log.exception("unbuilt mirror delivery=%d", key)
            return Refused(f"not built: {type(error).__name__}: {error}"[:500])
        return self.transport.send(copy.reverse_path, copy.recipient, copy.message)


def claim(session: Session, now: datetime) -> int | None:
    """Take the oldest mail that is due. Commits."""
    query = (
        select(MirrorDelivery.id)
        .join(MailingList, MailingList.id == MirrorDelivery.mailing_list_id)
        .outerjoin(Post, Post.id == MirrorDelivery.post_id)
        .where(
            or_(
                and_(MirrorDelivery.state == SendState.QUEUED, MirrorDelivery.due_at <= now),
                and_(
                    MirrorDelivery.state == SendState.SENDING,
                    MirrorDelivery.claimed_until < now - UNSURE,
                ),
            ),
            MirrorDelivery.came_back_at.is_(None),
            MailingList.outgoing_stopped.is_(False),
            MailingList.mode == Mode.MIRRORED,
            or_(MirrorDelivery.post_id.is_(None), Post.state == PostState.VISIBLE),
        )
        .order_by(MirrorDelivery.due_at, MirrorDelivery.id)
        .limit(1)
        # PostgreSQL: workers pass one another by. SQLite: the transaction began as a writer's.
        .with_for_update(skip_locked=True, of=MirrorDelivery)
    )
    key = session.scalar(query)
    if key is not None:
        _set(session, key, state=SendState.SENDING, claimed_until=now + CLAIM)
    session.commit()
    return key


def record(session: Session, key: int, outcome: Outcome, now: datetime) -> None:
    """Write down what became of one mail. Commits."""
    row = session.execute(
        select(MirrorDelivery.attempts, MirrorDelivery.queued_at, MirrorDelivery.state).where(
            MirrorDelivery.id == key
        )
    ).first()
    if row is not None and row.state == SendState.SENDING:
        values: dict[str, Any] = {"last_reply": outcome.reply, "claimed_until": None}
        match outcome:
            case Sent():
                values |= {"state": SendState.SENT, "sent_at": now, "attempts": row.attempts + 1}
            case Refused():
                values |= {"state": SendState.FAILED, "attempts": row.attempts + 1}
            case Deferred():
                pause = RETRIES[row.attempts] if row.attempts < len(RETRIES) else RETRY_LATER
                too_old = now - row.queued_at > GIVEN_UP_AFTER
                state = SendState.FAILED if too_old else SendState.QUEUED
                values |= {"state": state, "due_at": now + pause, "attempts": row.attempts + 1}
            case _:
                values |= {"state": SendState.QUEUED}
        _set(session, key, **values)
    session.commit()


def _set(session: Session, key: int, **values: Any) -> None:
    session.execute(
        update(MirrorDelivery)
        .where(MirrorDelivery.id == key)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
