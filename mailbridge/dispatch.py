"""One batch of outgoing mail: claimed, built, sent on several connections, recorded, judged.

The database is known to one thread, which builds and records; the lanes only send.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.domain.bounce_words import Failure, failure_of
from forum.domain.sending_limits import Allowance
from forum.operations import bounces, digests, limits
from forum.operations.notices import forget_secrets
from forum.settings import Settings
from forum.storage.base import reading
from forum.storage.mail import DigestDelivery, Notice
from forum.storage.people import Subscription
from mailbridge import queue
from mailbridge.lanes import Lanes
from mailbridge.outcomes import Broken, Deferred, Outcome, Refused, Sent
from mailbridge.outgoing import Copy
from mailbridge.smarthost import Patience, judge
from mailbridge.transport import Transport

log = logging.getLogger("passerelle.worker")

HELD_CLAIM_SECONDS: Final = 8.0
"""How long of a claim is used: the transport's own time-out has room in the rest."""

STOP_SECONDS: Final = 4.0
"""So long a mail on its way may take when we are to stop; then its connection is cut."""

CUT_SECONDS: Final = 2.0
LIMITS_EVERY_SECONDS: Final = 10.0
"""How often is read again what other workers have sent."""


@dataclass(slots=True)
class _Batch:
    """What is known of the mails in hand."""

    kind: queue.Kind
    rows: dict[int, queue.Row]
    started: float
    waiting: deque[int] = field(default_factory=deque)
    results: dict[int, Outcome] = field(default_factory=dict)
    is_broken: bool = False


@dataclass(slots=True)
class Dispatcher:
    """Sends batch after batch, as long as the smarthost takes them."""

    session: Session
    settings: Settings
    transport: Transport
    build: Callable[[queue.Row], Copy]
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    patience: Patience = field(default_factory=Patience)
    _lanes: Lanes = field(init=False)
    _allowance: Allowance = field(default_factory=lambda: Allowance(0, 0))
    _allowed_at: float = float("-inf")

    def __post_init__(self) -> None:
        self._lanes = Lanes(self.transport)

    def send(self, kind: queue.Kind) -> int:
        """Send one batch; gives how many mails were tried."""
        if self.stopping() or self.patience.must_wait:
            return 0
        started = time.monotonic()
        self._read_limits()
        keys = queue.claim(self.session, kind, self.now(), full=self._allowance.full())
        if kind is DigestDelivery and keys:
            keys = digests.keep_shown(self.session, keys)
            self.session.commit()
            if not keys:
                return self.send(kind)
        if not keys:
            return 0
        with reading():
            rows = queue.load(self.session, kind, keys)
            self.session.commit()
        batch = _Batch(kind, rows, started, deque(rows))
        self._work_off(batch)
        queue.release(self.session, kind, [key for key in keys if key not in batch.results])
        self._draw_conclusions(batch)
        _log(batch)
        return len(batch.results)

    def _work_off(self, batch: _Batch) -> None:
        self._lanes.go_on()
        self._fill(batch)
        stop_at: float | None = None
        while self._lanes.busy:
            self._take(batch, self._lanes.finished(0.2))
            if self.stopping() or batch.is_broken:
                self._lanes.halt()
            if self.stopping():
                stop_at = stop_at or time.monotonic() + STOP_SECONDS
                if time.monotonic() > stop_at:
                    self.transport.abort()
                if time.monotonic() > stop_at + CUT_SECONDS:
                    log.warning("left under way number=%d", self._lanes.busy)
                    return  # Their claims lapse.
            self._fill(batch)

    def _fill(self, batch: _Batch) -> None:
        """Hand over what there is room for; a mail nobody can build fails alone."""
        not_after = batch.started + HELD_CLAIM_SECONDS
        while batch.waiting and self._lanes.room:
            late = time.monotonic() > not_after
            if self.stopping() or batch.is_broken or late:
                batch.waiting.clear()
                return
            key = batch.waiting.popleft()
            row = batch.rows[key]
            if not self._may_leave(row):
                continue
            try:
                with reading():
                    copy = self.build(row)
            except Exception as error:
                log.exception("unbuilt kind=%s id=%d", row.__tablename__, row.id)
                told = f"not built: {type(error).__name__}: {error}"[:500]
                self._take(batch, [(key, Refused(told, by_mailbox=False))])
                continue
            # Nothing is locked while the network is waited for.
            self.session.commit()
            self._lanes.submit(key, copy, not_after)
            if self._lanes.busy and self.transport.connections == 1:
                self._take(batch, self._lanes.finished(0.0))

    def _may_leave(self, row: queue.Row) -> bool:
        return isinstance(row, Notice) or self._allowance.take(limits.scopes_of(row))

    def _take(self, batch: _Batch, done: list[tuple[int, Outcome | None]]) -> None:
        """Record what has an outcome, all that came by now at once."""
        outcomes = {key: outcome for key, outcome in done if outcome is not None}
        for key, outcome in done:
            row = batch.rows[key]
            if not isinstance(outcome, Sent) and not isinstance(row, Notice):
                self._allowance.give_back(limits.scopes_of(row))
        if not outcomes:
            return
        batch.results |= outcomes
        batch.is_broken = batch.is_broken or any(
            isinstance(one, Broken) for one in outcomes.values()
        )
        recorded = [(batch.rows[key], outcome) for key, outcome in outcomes.items()]
        queue.record(self.session, recorded, self.now())

    def _read_limits(self) -> None:
        if time.monotonic() - self._allowed_at < LIMITS_EVERY_SECONDS:
            return
        with reading():
            self._allowance = limits.allowance(
                self.session, self.settings.hourly_limits, self.now()
            )
            self.session.commit()
        self._allowed_at = time.monotonic()

    def _draw_conclusions(self, batch: _Batch) -> None:
        """Find out whose fault refusals are, count the bounces, and count what has left."""
        now, session = self.now(), self.session
        verdict = judge(batch.rows, batch.results)
        queue.requeue(session, [batch.rows[key] for key in verdict.not_theirs], now)
        for key, outcome in batch.results.items():
            if key not in verdict.not_theirs:
                self._count_failure(batch.rows[key], outcome, now)
        if batch.kind is Notice:
            # Only now is it known which refusals were the smarthost's fault and are tried again.
            forget_secrets(session, batch.results.keys())
        if self.settings.hourly_limits is not None:
            limits.count_sent(session, _scopes(batch.rows, batch.results), now)
        session.commit()
        # What was cut short because we are to stop says nothing of the smarthost.
        if not self.stopping():
            self.patience.heed(session, verdict, batch.results, now)

    def _count_failure(self, row: queue.Row, outcome: Outcome, now: datetime) -> None:
        """5xx for a recipient is a bounce; so is what was put off until it was given up."""
        match outcome:
            case Refused(reply, by_mailbox=True):
                failure = failure_of("", reply) or Failure.HARD
            case Deferred(reply) if queue.is_given_up(row, now):
                failure = Failure.SOFT
            case _:
                return
        if isinstance(row, Notice):
            warned = bounces.warned_by(self.session, row.params.get("probe_token", "-"))
            if warned is not None:
                bounces.stop(self.session, warned, reply, now)
            return
        # Who left meanwhile is gone.
        subscription = self.session.get(Subscription, row.subscription_id, populate_existing=True)
        if subscription is not None:
            bounces.count_bounce(self.session, subscription, failure, reply, now)


def _scopes(rows: Mapping[int, queue.Row], results: Mapping[int, Outcome]) -> list[str]:
    scopes: list[str] = []
    for key, outcome in results.items():
        row = rows[key]
        if isinstance(outcome, Sent) and not isinstance(row, Notice):
            scopes += limits.scopes_of(row)
    return scopes


def _log(batch: _Batch) -> None:
    counts = Counter(type(outcome).__name__.lower() for outcome in batch.results.values())
    log.info(
        "batch kind=%s sent=%d deferred=%d refused=%d broken=%d ms=%.0f",
        batch.kind.__tablename__, counts["sent"], counts["deferred"], counts["refused"],
        counts["broken"], (time.monotonic() - batch.started) * 1000,
    )  # fmt: skip
