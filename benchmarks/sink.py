"""`python -m benchmarks.sink`: a mail server that takes everything at once and keeps nothing.

It says what RFC 5321 asks for and no more; `XCOUNT` answers how many mails came. With `lmtp` an
aiosmtpd server whose handler does nothing: the floor of our own listener.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiosmtpd.lmtp import LMTP

_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250 SIZE 99999999\r\n",
    b"MAIL": b"250 OK\r\n",
    b"RCPT": b"250 OK\r\n",
    b"RSET": b"250 OK\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink:
    """What all connections share: how many mails came."""

    def __init__(self) -> None:
        self.count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if line.startswith(b"XCOUNT"):
                writer.write(b"250 %d\r\n" % self.count)
                continue
            writer.write(_ANSWERS.get(verb, b"500 what?\r\n"))
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                self.count += 1
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                break
            await writer.drain()
        writer.close()


class Lines(LMTP):
    """With room for lines as long as ours takes them."""

    line_length_limit = 1 << 16


class Nothing:
    """A handler of aiosmtpd that takes every message and does nothing with it."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take it."""
        return "250 OK"


async def _main(kind: str) -> None:
    loop = asyncio.get_running_loop()
    server: asyncio.AbstractServer
    if kind == "lmtp":
        server = await loop.create_server(lambda: Lines(Nothing(), loop=loop), "127.0.0.1", 0)
    else:
        server = await asyncio.start_server(Sink().serve, "127.0.0.1", 0, limit=1 << 25)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"ready: {kind} {host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1] if len(sys.argv) > 1 else "smtp"))
