"""Several mails on their way at a time: threads around the transport, and nothing else in them.

Whoever hands mails over reads the outcomes back in one thread, which alone knows the database.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import Final

from mailbridge.outcomes import Deferred, Outcome
from mailbridge.outgoing import Copy
from mailbridge.transport import Transport

log = logging.getLogger("passerelle.lanes")

AHEAD: Final = 2
"""So many mails for each connection are built and wait, so that none rests meanwhile."""


@dataclass(frozen=True, slots=True)
class _Job:
    key: int
    copy: Copy
    not_after: float


class Lanes:
    """Hands mails to the transport, as many at a time as it has connections.

    With one connection all happens in the thread that asks.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Outcome | None]] = queue.SimpleQueue()
        self._threads = 0
        self._halted = False
        self.busy = 0
        """Mails handed over whose outcome was not read yet."""

    @property
    def room(self) -> bool:
        """Whether another mail may be handed over now."""
        number = self._transport.connections
        return self.busy < (number * AHEAD if number > 1 else 1)

    def submit(self, key: int, copy: Copy, not_after: float) -> None:
        """Hand a mail over.

        Args:
            not_after: by `time.monotonic()`; what was not begun by then is given back untried.
        """
        self.busy += 1
        job = _Job(key, copy, not_after)
        if self._transport.connections == 1:
            self._done.put((key, self._send(job)))
            return
        while self._threads < self._transport.connections:
            # They end with the process: what hangs in the network must not keep it.
            threading.Thread(target=self._work, daemon=True).start()
            self._threads += 1
        self._jobs.put(job)

    def finished(self, seconds: float) -> list[tuple[int, Outcome | None]]:
        """What has an outcome by now, waiting so long for the first; None stands for untried."""
        found: list[tuple[int, Outcome | None]] = []
        try:
            found.append(self._done.get(timeout=seconds))
            while True:
                found.append(self._done.get_nowait())
        except queue.Empty:
            pass
        self.busy -= len(found)
        return found

    def halt(self) -> None:
        """Give back untried what was not begun."""
        self._halted = True

    def go_on(self) -> None:
        """Take mails again."""
        self._halted = False

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            self._done.put((job.key, self._send(job)))

    def _send(self, job: _Job) -> Outcome | None:
        if self._halted or time.monotonic() > job.not_after:
            return None
        try:
            copy = job.copy
            return self._transport.send(copy.reverse_path, copy.recipient, copy.message)
        except Exception as error:
            # A mistake of ours, in one mail: the others go on.
            log.exception("unsent key=%d", job.key)
            return Deferred(f"not sent: {type(error).__name__}")
