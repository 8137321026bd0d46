"""The background work: mail out, the search index, what a killed process left behind.

An entrance: it commits. It runs inside one app context; one thread knows the database, others only
send.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.message import parse
from forum.operations import digests
from forum.operations.bursts import queue_bursts
from forum.operations.raw import load_raw, newest_raw
from forum.operations.translated import Translated, translated_posts
from forum.search import SearchIndex
from forum.search.indexer import drain
from forum.settings import Settings
from forum.storage.mail import Delivery, DigestDelivery, HeldMessage, Incoming, Notice
from mailbridge import notices, queue
from mailbridge.digest import DigestBuilder
from mailbridge.dispatch import Dispatcher
from mailbridge.file_reader import FileReader
from mailbridge.held_digest import queue_held_digests
from mailbridge.housekeeping import Housekeeping
from mailbridge.mirror_sending import MirrorSender
from mailbridge.notices import OWNER_MAIL, POSTMASTER_MAIL, Attached
from mailbridge.outgoing import Builder, Copy
from mailbridge.picturing import Picturer
from mailbridge.receive import resume
from mailbridge.saved_searches import queue_search_mails
from mailbridge.topic_reminder import queue_topic_reminders
from mailbridge.transport import Transport

log = logging.getLogger("passerelle.worker")

POLL_SECONDS: Final = 0.25
RESUME_EVERY_SECONDS: Final = 2.0
DIGESTS_EVERY: Final = timedelta(seconds=20)
INDEX_BATCH: Final = 500
ATTACHED_BYTES: Final = 5_000_000
"""A larger held message is read on the web alone."""


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
    _translations: dict[tuple[int, str], Translated] = field(default_factory=dict)
    _mirror: MirrorSender = field(init=False)
    _picturer: Picturer = field(init=False)
    _file_reader: FileReader = field(init=False)
    _dispatcher: Dispatcher = field(init=False)
    _resumed_at: float = float("-inf")
    _gathered_at: datetime | None = None
    _housekeeping: Housekeeping = field(init=False)

    def __post_init__(self) -> None:
        self._builder = Builder(self.settings)
        self._digest_builder = DigestBuilder(self.settings)
        self._housekeeping = Housekeeping(self.session, self.settings, lambda: self.now())
        self._mirror = MirrorSender(self.session, self.settings, self.transport, lambda: self.now())
        self._picturer = Picturer(self.session)
        self._file_reader = FileReader(self.session, lambda: self.now())
        self._dispatcher = Dispatcher(
            session=self.session,
            settings=self.settings,
            transport=self.transport,
            build=self._build,
            now=lambda: self.now(),
            stopping=lambda: self.stopping,
        )

    def stop(self) -> None:
        """End after the mails that are being sent, or soon where they take long."""
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
            done = self._resume() + self._index() + self._gather_digests() + self._relearn()
            done += self._picture() + self._read_files()
            upstream = self._send_upstream()
            sent += upstream
            done += upstream
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
        done += self._send_upstream()
        done += self._send(Delivery)
        done += self._index()
        done += self._picture() + self._read_files()
        done += self._relearn()
        done += self._gather_digests()
        done += self._send(DigestDelivery)
        done += 0 if self.stopping else self._housekeeping.step()
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

    def _read_files(self) -> int:
        """Read the text of one attached file."""
        return 0 if self.stopping else self._file_reader.read_one()

    def _picture(self) -> int:
        """Make one small picture of an attached one."""
        return 0 if self.stopping else self._picturer.make_one()

    def _send_upstream(self) -> int:
        """Send one mail to an outside list."""
        return 0 if self.stopping else self._mirror.send_one()

    def _relearn(self) -> int:
        """Show earlier posts without what became known as their outside list's own."""
        return 0 if self.stopping else self._mirror.derive_some()

    def _gather_digests(self) -> int:
        """Queue the digests that have become due; looked for now and then."""
        now = self.now()
        recently = self._gathered_at is not None and (
            timedelta(0) <= now - self._gathered_at < DIGESTS_EVERY
        )
        if self.stopping or recently:
            return 0
        made = len(digests.queue_digests(self.session, now)) + queue_bursts(self.session, now)
        made += queue_held_digests(self.session, now) + queue_topic_reminders(self.session, now)
        made += queue_search_mails(self.session, self.index, self.settings.site_url, now)
        self.session.commit()
        self._gathered_at = now
        return made

    def _send(self, kind: queue.Kind) -> int:
        """Send one batch; gives how many mails were tried."""
        self._translations.clear()
        return self._dispatcher.send(kind)

    def _build(self, row: queue.Row) -> Copy:
        if isinstance(row, Notice):
            return notices.build(row, self.settings, self._attached(row))
        if isinstance(row, DigestDelivery):
            posts = digests.posts_of(self.session, row.id)
            return self._digest_builder.build(row, posts, self.session)
        kept = newest_raw(self.session, row.post)
        if kept is None:
            raise LookupError("the post was removed")
        translated = self._translated(row) if row.translation else None
        return self._builder.build(row.post, lambda: load_raw(kept), row.subscription, translated)

    def _translated(self, row: Delivery) -> Translated:
        """The translation that is newest now; looked up once in a batch."""
        key = (row.post_id, row.translation)
        if key not in self._translations:
            self._translations |= translated_posts(self.session, [(row.post, row.translation)])
        if key not in self._translations:
            raise LookupError("the translation was taken back")
        return self._translations[key]

    def _attached(self, notice: Notice) -> Attached | None:
        if notice.params.get("held_id"):
            return self._attached_held(int(notice.params["held_id"]))
        if notice.kind not in (OWNER_MAIL, POSTMASTER_MAIL):
            return None
        incoming = self.session.get(Incoming, int(notice.params["incoming_id"]))
        if incoming is None:
            raise LookupError("the incoming message is gone")
        raw = load_raw(incoming.raw)
        return Attached(raw, parse(raw, incoming.received_at).author)

    def _attached_held(self, held_id: int) -> Attached | None:
        """A held message for its moderator; without it where its bytes are gone or too many."""
        held = self.session.get(HeldMessage, held_id)
        if held is None or not 0 < held.raw.size <= ATTACHED_BYTES:
            return None
        raw = load_raw(held.raw)
        return Attached(raw, parse(raw, held.held_at).author)
