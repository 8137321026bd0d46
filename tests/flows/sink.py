"""The outside world's mail server: takes everything, or refuses as it is told."""

from __future__ import annotations

import email
import email.policy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class FreePort(Controller):
    """A controller that knows which port it was given for 0."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass(frozen=True)
class Received:
    """One mail that arrived for one recipient."""

    recipient: str
    reverse_path: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Parsed."""
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def text(self, kind: str = "plain") -> str:
        """The decoded body of that kind."""
        part = self.message.get_body((kind,))
        assert part is not None, f"no text/{kind} in the mail to {self.recipient}"
        content: str = part.get_content()
        return content


@dataclass
class Sink:
    """An SMTP server on a free port of this machine."""

    mails: list[Received] = field(default_factory=list)
    answer: Callable[[str], str | None] = lambda recipient: None
    """What to answer to a recipient instead of taking their mail; None takes it."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    controller: Controller | None = None

    def __enter__(self) -> Sink:
        self.controller = FreePort(self, hostname="127.0.0.1", port=0, ready_timeout=10)
        self.controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.controller is not None
        self.controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self.controller is not None and self.controller.server is not None
        number: int = self.controller.server.sockets[0].getsockname()[1]
        return number

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse as told."""
        refused = self.answer(address)
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail, once for each recipient."""
        content = envelope.content
        assert isinstance(content, bytes)
        with self.lock:
            self.mails.extend(
                Received(recipient, envelope.mail_from or "", content)
                for recipient in envelope.rcpt_tos
            )
        return "250 OK"

    def to(self, recipient: str) -> list[Received]:
        """What came for somebody, oldest first."""
        with self.lock:
            return [mail for mail in self.mails if mail.recipient == recipient]

    def wait_for(self, recipient: str, number: int = 1, seconds: float = 60.0) -> list[Received]:
        """What came for somebody, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(self.to(recipient)) < number:
            assert time.monotonic() < deadline, (
                f"{len(self.to(recipient))} of {number} mails came for {recipient}"
            )
            time.sleep(0.05)
        return self.to(recipient)
