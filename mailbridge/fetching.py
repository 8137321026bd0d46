"""Mail that is not brought but fetched: from each list's mailbox, by the worker.

What is fetched goes the way of all mail: `receive` keeps the bytes first, and a second copy changes
nothing. How far a mailbox has been read is committed after each message, so that a killed worker
reads one message twice at most. These functions are an entrance: they commit. Nothing is locked
while the network is waited for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from forum import config
from forum.clock import utcnow
from forum.domain.fetch_source import ImapSource, MaildirSource, parse_source
from forum.domain.headers import Headers, mailboxes
from forum.extensions import db
from forum.operations import fetching
from forum.operations.sealing import UnsealError, unseal
from forum.settings import Settings
from forum.storage.base import reading
from forum.storage.fetching import Fetching
from mailbridge import fetch_maildir
from mailbridge.fetch_imap import WINDOW, FetchError, ImapMailbox
from mailbridge.receive import UNKNOWN, Envelope, receive

log = logging.getLogger("passerelle.fetching")

BATCH: Final = 100
"""Messages taken in one look; where there are more, the next look follows at once."""

LOOK_SECONDS: Final = 100.0
"""For one look, network and processing together: shorter than a claim."""

POLL_SECONDS: Final = 1.0
STOP_SECONDS: Final = 4.0
"""How long a stop waits for the message in hand; what was not committed is fetched again."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One look into one mailbox."""

    key: int
    source: ImapSource | MaildirSource
    sealed_password: str
    uid_validity: int | None
    last_uid: int
    recipient: str
    """The list's bridge address, or its own: where the messages would have gone by SMTP."""
    deadline: float


@dataclass(slots=True)
class Fetcher:
    """Looks into the mailboxes that are due; one thread, one session."""

    session: Session
    settings: Settings
    now: Callable[[], datetime] = utcnow
    stopped: Callable[[], bool] = lambda: False

    def run_due(self) -> int:
        """Look into every mailbox that is due, until none is; gives the number of messages taken.

        A mailbox that cannot be read costs nothing but its own turn.
        """
        number = 0
        while not self.stopped() and (key := self._claim()) is not None:
            number += self._look(key)
        return number

    def _claim(self) -> int | None:
        """A mailbox that is due and that no other worker has in hand."""
        now = self.now()
        with reading():
            waiting = fetching.due(self.session, now)
            self.session.commit()
        for key in waiting:
            is_ours = fetching.claim(self.session, key, now)
            self.session.commit()
            if is_ours:
                return key
        return None

    def _look(self, key: int) -> int:
        started = time.monotonic()
        every = timedelta(seconds=self.settings.fetch_seconds)
        number, more = 0, False
        try:
            task = self._task(key)
            if task is None:
                return 0
            take = self._from_imap if isinstance(task.source, ImapSource) else self._from_maildir
            number, more = take(task)
            now = self.now()
            fetching.succeeded(self.session, key, now, now if more else now + every)
        except (FetchError, UnsealError) as error:
            self.session.rollback()
            fetching.failed(self.session, key, str(error), self.now(), every)
            log.warning("unfetched list=%d", key)
        except Exception as error:
            self.session.rollback()
            log.exception("unfetched list=%d", key)
            told = f"{type(error).__name__}: {error}"
            fetching.failed(self.session, key, told, self.now(), every)
        self.session.commit()
        self.session.expunge_all()
        taken = (time.monotonic() - started) * 1000
        log.info("fetched list=%d messages=%d more=%s ms=%.0f", key, number, more, taken)
        return number

    def _task(self, key: int) -> _Task | None:
        with reading():
            row = self.session.get(Fetching, key)
            task = None
            if row is not None:
                task = _Task(
                    key,
                    parse_source(row.source),
                    row.sealed_password,
                    row.uid_validity,
                    row.last_uid,
                    row.mailing_list.bridge_address or row.mailing_list.address,
                    time.monotonic() + LOOK_SECONDS,
                )
            self.session.commit()
        return task

    def _from_imap(self, task: _Task) -> tuple[int, bool]:
        assert isinstance(task.source, ImapSource)
        password = ""
        if task.sealed_password:
            password = unseal(task.sealed_password, self.settings.resolved_secret_key())
        with ImapMailbox(task.source, password) as box:
            state = box.open()
            last = task.last_uid
            if state.uid_validity != task.uid_validity:
                # RFC 3501, section 2.3.1.1: all numbers are new. What was taken is known again
                # by its bytes.
                last = 0
                self._keep_place(task.key, uid_validity=state.uid_validity, last_uid=0)
            return self._take_numbers(task, box, last, state.uid_next)

    def _take_numbers(
        self, task: _Task, box: ImapMailbox, last: int, uid_next: int
    ) -> tuple[int, bool]:
        number = 0
        while not uid_next or last + 1 < uid_next:
            # Without UIDNEXT the whole rest is asked for.
            end = last + WINDOW if uid_next else None
            found = box.numbers(last + 1, end)
            sizes = box.sizes(found[:BATCH]) if found else {}
            for uid in found[:BATCH]:
                if number >= BATCH or self._is_over(task):
                    return number, True
                number += self._take_number(task, box, uid, sizes.get(uid))
                last = uid
            if len(found) > BATCH:
                continue
            if end is None:
                break
            last = max(last, min(end, uid_next - 1))
            self._keep_place(task.key, last_uid=last)
        return number, False

    def _take_number(self, task: _Task, box: ImapMailbox, uid: int, size: int | None) -> int:
        skipped, raw = 0, None
        if size is not None and size > self.settings.max_message_bytes:
            skipped = 1
        else:
            raw = box.message(uid, size or self.settings.max_message_bytes)
        if raw is not None:
            self._receive(task, raw)
        self._keep_place(
            task.key,
            last_uid=uid,
            taken=Fetching.taken + int(raw is not None),
            skipped=Fetching.skipped + skipped,
        )
        return int(raw is not None)

    def _from_maildir(self, task: _Task) -> tuple[int, bool]:
        assert isinstance(task.source, MaildirSource)
        found = fetch_maildir.listing(Path(task.source.path))
        with reading():
            known = fetching.known_names(self.session, task.key)
            self.session.commit()
        fetching.forget_names(self.session, task.key, known - {one.name for one in found})
        self.session.commit()
        number = 0
        for one in found:
            if one.name in known:
                continue
            if number >= BATCH or self._is_over(task):
                return number, True
            number += self._take_file(task, one)
        return number, False

    def _take_file(self, task: _Task, found: fetch_maildir.Found) -> int:
        try:
            raw = fetch_maildir.content(found, self.settings.max_message_bytes)
        except FileNotFoundError:
            return 0
        if raw is not None:
            self._receive(task, raw)
        fetching.remember_name(self.session, task.key, found.name)
        self._keep_place(
            task.key,
            taken=Fetching.taken + int(raw is not None),
            skipped=Fetching.skipped + int(raw is None),
        )
        return int(raw is not None)

    def _receive(self, task: _Task, raw: bytes) -> None:
        peer = "maildir"
        if isinstance(task.source, ImapSource):
            peer = f"{task.source.host} {task.source.scheme}"
        envelope = Envelope(reverse_path_of(raw), task.recipient, peer)
        reply = receive(self.session, envelope, raw, self.now(), self.settings)
        if reply == UNKNOWN:
            raise FetchError(f"{task.recipient} is no address of this site any more")

    def _keep_place(self, key: int, **values: object) -> None:
        self.session.execute(
            update(Fetching)
            .where(Fetching.mailing_list_id == key)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        self.session.commit()

    def _is_over(self, task: _Task) -> bool:
        return self.stopped() or time.monotonic() > task.deadline


def reverse_path_of(raw: bytes) -> str | None:
    """The return path under which a message came to a mailbox; None is the null path.

    RFC 5321, section 4.4: whoever delivers writes it into Return-Path. Where that is missing
    nothing is known, and what the message says of its sender stands for it.
    """
    headers = Headers.of(raw)
    written = headers.get("return-path")
    if written is not None:
        return written.strip().strip("<>").strip()[:320] or None
    for name in ("sender", "from"):
        for box in mailboxes(headers.raw(name)):
            if box.address:
                return box.address[:320]
    return None


@contextmanager
def beside(app: Flask) -> Iterator[None]:
    """Fetch in a thread of its own: a mail server that hangs must not hold up the mail out."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(app, stop), name="fetching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)


def _run(app: Flask, stop: threading.Event) -> None:
    with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
        fetcher = Fetcher(session, config.settings(), stopped=stop.is_set)
        while not stop.is_set():
            try:
                fetcher.run_due()
            except Exception:
                session.rollback()
                log.exception("fetching failed")
            stop.wait(POLL_SECONDS)
