"""The outside world's mail server on a bad day: it refuses, defers, dawdles and hangs up.

As small as SMTP allows, so that ten thousand mails take seconds.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from tests.flows.sink import Received

MESSAGE_ID = re.compile(rb"^Message-ID: <([^>\r\n]+)>", re.MULTILINE | re.IGNORECASE)

REFUSE, DEFER, SLOW, HANG_UP, CUT, LOSE_ANSWER, TAKE = (
    "refuse", "defer", "slow", "hang-up", "cut", "lose-answer", "take",
)  # fmt: skip
"""550 for the recipient; 451 at first; a while to answer; the connection closed instead of an
answer to RCPT at first, before the final dot at first, or after it at first; taken."""


@dataclass
class RoughSink:
    """Takes mail on a free port; `manner` says how it treats a recipient."""

    manner: Callable[[str], str] = lambda recipient: TAKE
    mails: list[Received] = field(default_factory=list)
    hung_up: set[tuple[str, str]] = field(default_factory=set)
    port: int = 0
    connections: int = 0
    at_a_time: int = 0

    def __enter__(self) -> RoughSink:
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.at_a_time = max(self.at_a_time, self._open)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 rough\r\n")
        path = recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"MAIL":
                path = _path(line)
            elif verb == b"RCPT":
                recipient = _path(line)
                manner = self.manner(recipient)
                if manner == HANG_UP and self._is_first(path, recipient):
                    return
                if manner == REFUSE:
                    writer.write(f"550 5.1.1 <{recipient}> no such mailbox\r\n".encode())
                    continue
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                if not await self._data(reader, writer, path, recipient):
                    return
                continue
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            writer.write(b"250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, recipient: str
    ) -> bool:
        """Take one message; False hangs up."""
        manner = self.manner(recipient)
        head = await reader.readuntil(b"\r\n\r\n")
        found = MESSAGE_ID.search(head)
        first = self._is_first(found[1].decode() if found else "", recipient)
        if manner == CUT and first:
            return False
        content = head + await reader.readuntil(b"\r\n.\r\n")
        if manner == DEFER and first:
            writer.write(b"451 4.7.1 greylisted\r\n")
            return True
        self.mails.append(Received(recipient, path, content[:-3]))
        if manner == LOSE_ANSWER and first:
            return False
        if manner == SLOW:
            await asyncio.sleep(0.05)
        writer.write(b"250 taken\r\n")
        return True

    def _is_first(self, what: str, recipient: str) -> bool:
        known = (what, recipient) in self.hung_up
        self.hung_up.add((what, recipient))
        return not known


def _path(line: bytes) -> str:
    found = re.search(rb"<([^>]*)>", line)
    return found[1].decode() if found else ""
