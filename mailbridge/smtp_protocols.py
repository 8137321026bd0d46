"""SMTP and LMTP as we speak them, on top of aiosmtpd.

LMTP answers once for each recipient (RFC 2033), a bare CR or LF is refused (SMTP smuggling), lines
may be of any length, what is no text gets a clear refusal, and connections are bounded.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax

from mailbridge.connections import Connections, peer_address
from mailbridge.receive import ACCEPTED

TOO_MANY_CONNECTIONS: Final = b"421 4.7.0 Too many connections, please try again later\r\n"
BAD_RECIPIENT: Final = "553 5.1.3 This is not an address"
BAD_SENDER: Final = "553 5.1.7 This is not an address"
BARE_LINE_END: Final = "550 5.6.0 Bare CR or LF inside the message"

_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_NO_ADDRESS: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and surrogates for bytes that are not UTF-8 (RFC 6531, section 3.3)."""
_RESET_EVERY: Final = 1 << 16


class _Hardened(SMTP):
    """What both protocols share."""

    def __init__(self, handler: Any, connections: Connections, max_bytes: int) -> None:
        self.connections = connections
        self.limits = connections.limits
        self._refused = False
        super().__init__(
            handler,
            data_size_limit=max_bytes,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname=socket.gethostname() or "localhost",
            ident="Passerelle",
            timeout=self.limits.idle_seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or send it away politely."""
        self._transport_made = transport
        self._peer_address = peer_address(transport.get_extra_info("peername"))
        if self.connections.enter(self._peer_address, transport):
            super().connection_made(transport)
            return
        self._refused = True
        assert isinstance(transport, asyncio.Transport)
        transport.write(TOO_MANY_CONNECTIONS)
        transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for another."""
        self.connections.leave(self._peer_address, self._transport_made)
        if not self._refused:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Nothing is read of who was sent away."""
        if not self._refused:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The client has said all it had to say."""
        return None if self._refused else super().eof_received()

    async def push(self, status: str | bytes) -> None:
        """Send a reply; the one about size names the limit."""
        text = status.decode("utf-8") if isinstance(status, bytes) else status
        if text.startswith("552 Error: message size"):  # aiosmtpd's, at MAIL with SIZE=.
            text = self._too_large()
        # Some replies repeat what the client wrote, which may be no text.
        await super().push(text.encode("utf-8", "replace").decode("utf-8"))

    def _too_large(self) -> str:
        return f"552 5.3.4 Message too large: the limit is {self.data_size_limit} bytes"

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:
        """Begin a message, unless its sender is no text."""
        if arg is not None and _NO_ADDRESS.search(arg):
            await self.push(BAD_SENDER)
            return
        await super().smtp_MAIL(arg)

    @syntax("RCPT TO: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_RCPT(self, arg: str | None) -> None:
        """Add a recipient, unless it is no text."""
        if arg is not None and _NO_ADDRESS.search(arg):
            await self.push(BAD_RECIPIENT)
            return
        await super().smtp_RCPT(arg)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            return super()._getaddr(arg)
        except Exception:
            # The parser of the standard library raises whatever it likes: 553, never 451.
            return None, None

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """Read a message of any line length and answer for it."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        assert self.session is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content, refusal = await self._read_content()
        self._reset_timeout()
        envelope = self.envelope
        if refusal is not None:
            replies = [refusal] * len(envelope.rcpt_tos)
        else:
            replies = await self.event_handler.deliver(self.session, envelope, content)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        for reply in self._answers(replies):
            await self.push(reply)

    def _answers(self, replies: list[str]) -> list[str]:
        """One for all: the first that is not `250`, temporary ones before refusals."""
        bad = sorted(reply for reply in replies if not reply.startswith("250"))
        return [bad[0] if bad else ACCEPTED]

    async def _read_content(self) -> tuple[bytes, str | None]:
        """The message up to the lone dot, without transparency dots, or why it is refused.

        It is read to its end in any case: RFC 5321, section 4.2.5.
        """
        assert self.data_size_limit is not None
        chunks: list[bytes] = []
        size = counted = 0
        refusal: str | None = None
        at_line_start = True
        while True:
            line, whole = await self._read_piece()
            if at_line_start:
                if whole and line == b".\r\n":
                    return b"".join(chunks), refusal
                if line.startswith(b"."):
                    line = line[1:]  # RFC 5321, section 4.5.2.
            at_line_start = whole
            size += len(line)
            if size - counted > _RESET_EVERY:
                counted = size
                self._reset_timeout()
            if size > self.data_size_limit:
                refusal = self._too_large()
            elif refusal is None and _BARE.search(line[:-2] if whole else line):
                refusal = BARE_LINE_END
            if refusal is None:
                chunks.append(line)
            else:
                chunks.clear()

    async def _read_piece(self) -> tuple[bytes, bool]:
        """A line with its end, or a part of one too long for the buffer."""
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as error:
            # Never between CR and LF: what may be the beginning of a line end is left.
            return await self._reader.readexactly(error.consumed), False


class SmtpProtocol(_Hardened):
    """SMTP, for clients that speak nothing else."""

    line_length_limit = 1 << 16
    """Of the buffer and of commands; message lines may be longer."""


class LmtpProtocol(_Hardened, LMTP):
    """LMTP (RFC 2033), for the mail server of the same machine."""

    line_length_limit = 1 << 16

    def _answers(self, replies: list[str]) -> list[str]:
        return replies
