"""SMTP and LMTP in: the envelope is read, the rest is done in threads.

A failure of ours is temporary and tells nothing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from aiosmtpd.smtp import Envelope as SmtpEnvelope
from aiosmtpd.smtp import Session
from flask import Flask

from forum.clock import utcnow
from forum.config import SETTINGS, settings
from forum.extensions import db
from forum.settings import ListenAddress
from forum.storage.base import reading
from mailbridge.addressing import POSTING_KINDS, Route, resolve
from mailbridge.connections import Connections, Limits, peer_address
from mailbridge.receive import UNKNOWN, Envelope, receive
from mailbridge.smtp_protocols import LmtpProtocol, SmtpProtocol

log = logging.getLogger("passerelle.listener")

TEMPORARY: Final = "451 4.3.0 Something went wrong here, please try again later"
SECOND_LIST: Final = "452 4.5.3 One list at a time, please send this one separately"
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Too many recipients"


class Handler:
    """What the protocols ask of us: which address is known, and what becomes of a message."""

    def __init__(self, app: Flask, protocol: str, turn: AbstractContextManager[Any]) -> None:
        self.app = app
        self.protocol = protocol
        self.turn = turn

    async def handle_RCPT(
        self,
        server: Any,
        smtp_session: Session,
        envelope: SmtpEnvelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Accept a recipient that means something here; `250`, `550 5.1.1`, `451` or `452`."""
        if address in envelope.rcpt_tos:
            return "250 2.1.5 OK"
        if len(envelope.rcpt_tos) >= server.limits.recipients:
            return TOO_MANY_RECIPIENTS
        try:
            route = await asyncio.to_thread(self._resolve, address)
        except Exception:
            log.exception("unresolved protocol=%s", self.protocol)
            return TEMPORARY
        if route is None:
            return UNKNOWN
        # SMTP has one answer to DATA for all; two lists may differ in theirs.
        if self.protocol == "smtp" and route.kind in POSTING_KINDS:
            if getattr(envelope, "has_list", False):
                return SECOND_LIST
            envelope.has_list = True  # type: ignore[attr-defined]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def deliver(self, smtp_session: Session, envelope: SmtpEnvelope, raw: bytes) -> list[str]:
        """Receive a message for each recipient, in their order; the replies in the same."""
        replies = []
        for forward_path in envelope.rcpt_tos:
            mine = Envelope(
                reverse_path=(envelope.mail_from or "").strip("<> ") or None,
                forward_path=forward_path,
                peer=f"{peer_address(smtp_session.peer)} {self.protocol}",
            )
            replies.append(await asyncio.to_thread(self._receive, mine, raw))
        return replies

    async def handle_exception(self, error: Exception) -> str:
        """What aiosmtpd answers when anything raises: never the text of the exception."""
        log.error("protocol=%s", self.protocol, exc_info=error)
        return TEMPORARY

    def _resolve(self, address: str) -> Route | None:
        with self.app.app_context(), reading():
            return resolve(db.session(), address, settings().mail_domain)

    def _receive(self, envelope: Envelope, raw: bytes) -> str:
        try:
            with self.turn, self.app.app_context():
                return receive(db.session(), envelope, raw, utcnow(), settings())
        except Exception:
            # Nothing was committed: a full disk, a lost or locked database.
            log.exception("not kept protocol=%s size=%d", self.protocol, len(raw))
            return TEMPORARY


@dataclass(slots=True)
class Listener:
    """The listening sockets of one process."""

    app: Flask
    limits: Limits = field(default_factory=Limits)
    servers: list[asyncio.Server] = field(default_factory=list)
    connections: list[Connections] = field(default_factory=list)
    turn: AbstractContextManager[Any] = field(init=False)
    """SQLite has one writer: threads that wait here wait shorter than by asking it again."""

    def __post_init__(self) -> None:
        database = self.app.extensions[SETTINGS].database_url
        self.turn = threading.Lock() if database.startswith("sqlite") else nullcontext()

    async def open(self, protocol: str, address: ListenAddress) -> tuple[str, int]:
        """Listen; gives the host and the port, which is a free one where 0 was asked for.

        Raises:
            OSError: the address is taken or not ours.
        """
        connections = Connections(self.limits)
        handler = Handler(self.app, protocol, self.turn)
        kind = LmtpProtocol if protocol == "lmtp" else SmtpProtocol
        max_bytes = self.app.extensions[SETTINGS].max_message_bytes
        server = await asyncio.get_running_loop().create_server(
            lambda: kind(handler, connections, max_bytes), address.host, address.port
        )
        self.servers.append(server)
        self.connections.append(connections)
        host, port = server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self, seconds: float = 3.0) -> None:
        """Take no more, let the messages under way be answered, then hang up."""
        for server in self.servers:
            server.close()
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            if not any(connections.open for connections in self.connections):
                break
            await asyncio.sleep(0.05)
        for connections in self.connections:
            for transport in tuple(connections.open):
                transport.close()
        self.servers.clear()
