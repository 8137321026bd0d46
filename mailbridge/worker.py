"""The background work: mail out, the search index, what a killed process left behind.

An entrance: it commits. It runs inside one app context, in one thread.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.message import parse
from forum.operations import digests
from forum.operations.raw import load_raw
from forum.search import SearchIndex
from forum.search.indexer import drain
from forum.settings import Settings
from forum.storage.base import reading
from forum.storage.mail import Delivery, DigestDelivery, Incoming, Notice
from forum.storage.people import Account
from mailbridge import notices, queue
from mailbridge.digest import DigestBuilder
from mailbridge.notices import OWNER_MAIL, POSTMASTER_MAIL, SITE_PROBLEM, Attached
from mailbridge.outgoing import Builder, Copy
from mailbridge.receive import resume
from mailbridge.transport import Broken, Outcome, Refused, Sent, Transport

log = logging.getLogger("passerelle.worker")

POLL_SECONDS: Final = 0.25
RESUME_EVERY_SECONDS: Final = 2.0
DIGESTS_EVERY: Final = timedelta(seconds=20)
INDEX_BATCH: Final = 50
HELD_CLAIM_SECONDS: Final = 8.0
"""How long of a claim is used: the transport's own time-out has room in the rest."""

PAUSES: Final = (5.0, 15.0, 60.0, 300.0)
"""Seconds before a smarthost that cannot be used is tried again, longer each time."""

SAME_REFUSALS: Final = 5
"""So many times the same 5xx in a batch, for most of its recipients, is the smarthost's fault."""


@dataclass(slots=True)
class Worker:
    """Does what is due, again and again, until it is told to stop.

    Its session keeps what it has loaded over a commit (`expire_on_commit=False`).
    """

    session: Session
    settings: Settings
    transport: Transport
    index: SearchIndex
    now: Callable[[], datetime] = utcnow
    stopping: bool = False
    _builder: Builder = field(init=False)
    _digest_builder: DigestBuilder = field(init=False)
    _faults: int = 0
    _paused_until: float = 0.0
    _resumed_at: float = float("-inf")
    _gathered_at: datetime | None = None

    def __post_init__(self) -> None:
        self._builder = Builder(self.settings)
        self._digest_builder = DigestBuilder(self.settings)

    def stop(self) -> None:
        """End after the mail that is being sent."""
        self.stopping = True

    def run(self) -> None:
        """Work until stopped; a failure is logged and tried again."""
        while not self.stopping:
            try:
                busy = self.step()
            except Exception:
                self.session.rollback()
                log.exception("step failed")
                time.sleep(1.0)
                continue
            self.session.expunge_all()
            if not busy and not self.stopping:
                time.sleep(POLL_SECONDS)
        self.transport.close()

    def drain(self) -> int:
        """Do all that is due and come back; gives the number of mails sent."""
        sent = 0
        while not self.stopping:
            done = self._resume() + self._index() + self._gather_digests()
            kinds: tuple[queue.Kind, ...] = (Notice, Delivery, DigestDelivery)
            for kind in kinds:
                number = self._send(kind)
                sent += number
                done += number
            if not done:
                break
        self.transport.close()
        return sent

    def send_digests(self) -> None:
        """Send the digests that are queued, and nothing else."""
        while self._send(DigestDelivery):
            pass
        self.transport.close()

    def step(self) -> bool:
        """One round; True where there may be more to do at once."""
        done = self._resume()
        # Notices first: somebody waits for a login link.
        done += self._send(Notice)
        done += self._send(Delivery)
        done += self._index()
        done += self._gather_digests()
        done += self._send(DigestDelivery)
        return done > 0

    def _resume(self) -> int:
        if time.monotonic() - self._resumed_at < RESUME_EVERY_SECONDS:
            return 0
        self._resumed_at = time.monotonic()
        return resume(self.session, self.now(), self.settings, lambda: self.stopping)

    def _index(self) -> int:
        if self.stopping:
            return 0
        done = drain(self.session, self.index, INDEX_BATCH)
        self.session.commit()
        return done

    def _gather_digests(self) -> int:
        """Queue the digests that have become due; looked for now and then."""
        now = self.now()
        recently = self._gathered_at is not None and (
            timedelta(0) <= now - self._gathered_at < DIGESTS_EVERY
        )
        if self.stopping or recently:
            return 0
        made = digests.queue_digests(self.session, now)
        self.session.commit()
        self._gathered_at = now
        return len(made)

    def _send(self, kind: queue.Kind) -> int:
        """Send one batch; gives how many mails were tried."""
        if self.stopping or time.monotonic() < self._paused_until:
            return 0
        started = time.monotonic()
        keys = queue.claim(self.session, kind, self.now())
        if not keys:
            return 0
        if kind is DigestDelivery:
            keys = digests.keep_shown(self.session, keys)
            self.session.commit()
            if not keys:
                return self._send(kind)
        with reading():
            rows = queue.load(self.session, kind, keys)
            self.session.commit()
        results: dict[int, Outcome] = {}
        for key, row in rows.items():
            late = time.monotonic() - started > HELD_CLAIM_SECONDS
            if self.stopping or late:
                break
            results[key] = self._send_one(row)
            if isinstance(results[key], Broken):
                break
        queue.release(self.session, kind, [key for key in keys if key not in results])
        self._judge_smarthost(kind, results)
        counts = Counter(type(outcome).__name__.lower() for outcome in results.values())
        log.info(
            "batch kind=%s sent=%d deferred=%d refused=%d broken=%d ms=%.0f",
            kind.__tablename__, counts["sent"], counts["deferred"], counts["refused"],
            counts["broken"], (time.monotonic() - started) * 1000,
        )  # fmt: skip
        return len(results)

    def _send_one(self, row: queue.Row) -> Outcome:
        try:
            with reading():
                copy = self._build(row)
        except Exception as error:
            log.exception("unbuilt kind=%s id=%d", row.__tablename__, row.id)
            outcome: Outcome = Refused(f"not built: {type(error).__name__}: {error}"[:500])
        else:
            # Nothing is locked while the network is waited for.
            self.session.commit()
            outcome = self.transport.send(copy.reverse_path, copy.recipient, copy.message)
        queue.record(self.session, row, outcome, self.now())
        return outcome

    def _build(self, row: queue.Row) -> Copy:
        if isinstance(row, Notice):
            return notices.build(row, self.settings, self._attached(row))
        if isinstance(row, DigestDelivery):
            posts = digests.posts_of(self.session, row.id)
            return self._digest_builder.build(row, posts, self.session)
        kept = row.post.raw
        if kept is None:
            raise LookupError("the post was removed")
        return self._builder.build(row.post, lambda: load_raw(kept), row.subscription)

    def _attached(self, notice: Notice) -> Attached | None:
        if notice.kind not in (OWNER_MAIL, POSTMASTER_MAIL):
            return None
        incoming = self.session.get(Incoming, int(notice.params["incoming_id"]))
        if incoming is None:
            raise LookupError("the incoming message is gone")
        raw = load_raw(incoming.raw)
        return Attached(raw, parse(raw, incoming.received_at).author)

    def _judge_smarthost(self, kind: queue.Kind, results: dict[int, Outcome]) -> None:
        """Tell a fault of the smarthost from one of the recipients, and wait where it is one."""
        fault = next((one.reply for one in results.values() if isinstance(one, Broken)), None)
        refused = {key: one for key, one in results.items() if isinstance(one, Refused)}
        if fault is None and len(refused) >= SAME_REFUSALS:
            # The address stands in many replies: the codes are what is the same.
            codes = Counter(" ".join(one.reply.split()[:2]) for one in refused.values())
            code, number = codes.most_common(1)[0]
            if number >= SAME_REFUSALS and number * 2 > len(results):
                pause = timedelta(seconds=PAUSES[-1])
                queue.requeue(self.session, kind, list(refused), self.now() + pause)
                fault = refused[next(iter(refused))].reply
                log.error("same refusal for most code=%s number=%d", code, number)
        if fault is None:
            if any(isinstance(one, Sent) for one in results.values()):
                self._faults = 0
            return
        pause_seconds = PAUSES[min(self._faults, len(PAUSES) - 1)]
        self._faults += 1
        self._paused_until = time.monotonic() + pause_seconds
        log.error("smarthost unusable pause=%.0f reply=%s", pause_seconds, fault)
        if self._faults == len(PAUSES):
            self._tell_administrators(fault)

    def _tell_administrators(self, reply: str) -> None:
        """A notice to each, once a day at most; it leaves when mail leaves again."""
        now = self.now()
        told = self.session.scalar(
            select(Notice.id)
            .where(Notice.kind == SITE_PROBLEM, Notice.queued_at > now - timedelta(days=1))
            .limit(1)
        )
        if told is None:
            for account in self.session.scalars(select(Account).where(Account.is_admin)):
                notice = Notice(
                    kind=SITE_PROBLEM,
                    recipient=account.email,
                    language=account.language,
                    params={"reply": reply, "since": f"{now:%Y-%m-%d %H:%M}"},
                    due_at=now,
                    queued_at=now,
                )
                self.session.add(notice)
        self.session.commit()
