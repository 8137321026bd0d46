"""How a message leaves: by SMTP on a kept connection, into a Maildir, or into memory.

Every way answers with an outcome, never with an exception, and says whose fault a refusal is.
"""

from __future__ import annotations

import mailbox
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mailbridge.outcomes import Broken, Outcome, Sent
from mailbridge.smtp_transport import SmtpPool, SmtpTransport


class Transport(Protocol):
    """A way out."""

    connections: int
    """How many threads may send at a time."""

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message for one recipient; `""` is the null reverse path."""

    def close(self) -> None:
        """Let go of what is open; sending may begin again afterwards."""

    def abort(self) -> None:
        """Cut what is under way short: its outcome comes at once."""


def open_transport(smarthost: str, connections: int = 1) -> Transport:
    """The transport that the setting SMARTHOST names, checked when the settings were read.

    Args:
        connections: To a mail server, at a time.
    """
    if smarthost.startswith("file:"):
        return MaildirTransport(Path(smarthost.removeprefix("file:")))
    return SmtpPool(smarthost, connections) if connections > 1 else SmtpTransport(smarthost)


@dataclass(slots=True)
class MemoryTransport:
    """Keeps what it is given: for tests."""

    sent: list[tuple[str, str, bytes]] = field(default_factory=list)
    connections: int = 1

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        """Keep it."""
        self.sent.append((reverse_path, recipient, message))
        return Sent("250 kept")

    def close(self) -> None:
        """Nothing is open."""

    def abort(self) -> None:
        """Nothing takes long."""


class MaildirTransport:
    """Writes each message to a Maildir, with its envelope in Return-Path and Delivered-To."""

    connections = 1

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        """Write it; a full disk is a fault of the smarthost."""
        head = f"Return-Path: <{reverse_path}>\nDelivered-To: {recipient}\n".encode()
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            box = mailbox.Maildir(self._directory, create=True)
            key = box.add(head + message.replace(b"\r\n", b"\n"))
        except OSError as error:
            return Broken(f"{self._directory}: {error.strerror}")
        return Sent(f"250 written as {key}")

    def close(self) -> None:
        """Nothing is open."""

    def abort(self) -> None:
        """Nothing takes long."""
