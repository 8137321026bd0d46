"""An outside world with mailing lists that somebody else runs: over real sockets, with real habits.

Each list keeps its own archive, so that both sides of a mirror can be compared.
"""

from __future__ import annotations

import email
import queue
import re
import secrets
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate, make_msgid, parseaddr
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session

from forum.domain.mbox import mbox_entry
from tests.flows.outside_digest import digest
from tests.flows.outside_fields import Identity, reverse_path
from tests.flows.outside_habits import DigestForm, Habits, Software
from tests.flows.outside_mail import Posted, distributed
from tests.flows.sink import FreePort, Received
from tests.flows.site import wire

Door = Callable[[str, str, bytes], None]
"""How mail is handed to a site: reverse path, recipient, message."""


@dataclass
class OutsideList:
    """A mailing list that is not ours."""

    own: Identity
    habits: Habits
    world: OutsideWorld
    members: set[str] = field(default_factory=set)
    archive: list[Posted] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    """From strangers, or come round a second time."""
    waiting: list[Posted] = field(default_factory=list)
    """For the next digest."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Of subscriptions that await their confirmation: the address by its token."""
    received: int = 0
    issues: int = 0

    def take(self, raw: bytes) -> None:
        """A mail for the list's own address."""
        message = email.message_from_bytes(raw)
        author = parseaddr(str(message["From"]))[1].lower()
        self.received += 1
        # Mailman and Google write X-BeenThere, Sympa X-Loop, against their own mail come back.
        seen = [*message.get_all("X-BeenThere", []), *message.get_all("X-Loop", [])]
        if self.own.address in seen or author not in self.members:
            self.refused.append(raw)
        elif self.habits.moderates and author in self.world.doors:
            self.held.append(raw)
            self._notify(author, "awaits moderator approval", raw)
        else:
            self._publish(raw)

    def release(self) -> int:
        """A moderator lets through what was held; gives how many."""
        with self.world.lock:
            held, self.held = self.held, []
            for raw in held:
                self._publish(raw)
        return len(held)

    def _publish(self, raw: bytes) -> None:
        posted = distributed(raw, self.own, self.habits, len(self.archive) + 1)
        self.archive.append(posted)
        for copy in range(self.habits.copies):
            trace = f"Received: by mta{copy}.{self.own.host}; {formatdate()}\r\n".encode()
            for member in sorted(self.members):
                if member in self.world.doors and self.habits.digest is not DigestForm.NONE:
                    continue
                path = reverse_path(self.own, self.habits, posted.number)
                self.world.send(path, member, trace + posted.raw)
        self.waiting.append(posted)

    def send_digest(self) -> int:
        """Send what waits to the bridges as one digest; gives how many messages it holds."""
        with self.world.lock:
            posted, self.waiting = self.waiting, []
        if posted and self.habits.digest is not DigestForm.NONE:
            self.issues += 1
            raw = digest(posted, self.own, self.habits, self.issues)
            for member in sorted(self.members & set(self.world.doors)):
                self.world.send(reverse_path(self.own, self.habits, 0), member, raw)
        return len(posted)

    def as_mbox(self) -> bytes:
        """The list's own archive in one file."""
        now = datetime.now(UTC)
        return b"".join(
            mbox_entry(one.raw.replace(b"\r\n", b"\n"), now, one.author) for one in self.archive
        )

    def ask(self, address: str) -> None:
        """Subscribe an address as its holder asked on the list's pages: it is to confirm."""
        if not self.habits.confirms:
            self.members.add(address)
            return
        token = secrets.token_hex(20)
        self.tokens[token] = address
        if self.habits.software is Software.SYMPA:
            sender, subject = f"sympa@{self.own.host}", f"AUTH {token} ADD {self.own.local}"
        else:
            sender, subject = (
                f"{self.own.local}-confirm+{token}@{self.own.host}",
                f"confirm {token}",
            )
        text = (
            f"Somebody asked to subscribe {address} to the list {self.own.address}.\n"
            "To confirm, simply reply to this message and keep its subject.\n"
        )
        self._mail(sender, address, subject, text)

    def command(self, recipient: str, raw: bytes) -> None:
        """A mail for one of the list's other addresses: a confirmation is looked for."""
        message = email.message_from_bytes(raw)
        for token in re.findall(r"[0-9a-f]{40}", f"{recipient} {message['Subject']}"):
            address = self.tokens.pop(token, None)
            if address is not None:
                self.members.add(address)

    def _notify(self, author: str, what: str, raw: bytes) -> None:
        about = email.message_from_bytes(raw)
        text = (
            f"Your mail to '{self.own.title}' with the subject\n\n    {about['Subject']}\n\n{what}."
        )
        subject = f"Your message to {self.own.title} {what}"
        self._mail(f"{self.own.local}-owner@{self.own.host}", author, subject, text, about)

    def _mail(
        self,
        sender: str,
        to: str,
        subject: str,
        text: str,
        about: email.message.Message | None = None,
    ) -> None:
        lines = [
            f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {formatdate()}",
            f"Message-ID: {make_msgid(domain=self.own.host)}", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=us-ascii", "Precedence: bulk",
        ]  # fmt: skip
        if about is not None and self.habits.software is not Software.SYMPA:
            lines.append(f"In-Reply-To: {about['Message-ID']}")
        if self.habits.software is not Software.SYMPA:
            lines.append("X-List-Administrivia: yes")
        raw = "\r\n".join([*lines, "", text]).encode("ascii", "replace")
        path = f"{self.own.local}-bounces@{self.own.host}"
        self.world.send("" if sender.startswith("sympa@") else path, to, raw)


@dataclass
class OutsideWorld:
    """A mail server on a free port, the lists it runs and everybody's mailbox."""

    lists: dict[str, OutsideList] = field(default_factory=dict)
    doors: dict[str, Door] = field(default_factory=dict)
    """How the addresses that a site answers for are reached; or all of a domain."""
    mailboxes: list[Received] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What could not be handed to a site."""
    sent: Counter[str] = field(default_factory=Counter)
    """How many mails were handed over, by recipient."""
    deliver_by: Callable[[Received], None] | None = None
    """What somebody's program does with each mail they receive."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while a list works: its mail comes in on another thread."""
    _jobs: queue.Queue[Received | None] = field(default_factory=queue.Queue)

    def new_list(self, address: str, title: str, habits: Habits) -> OutsideList:
        """Set a list up."""
        made = OutsideList(Identity(address, title), habits, self)
        self.lists[address] = made
        return made

    def __enter__(self) -> OutsideWorld:
        self._controller = FreePort(self, hostname="127.0.0.1", port=0, ready_timeout=10)
        self._controller.start()
        self._postman = threading.Thread(target=self._carry)
        self._postman.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()
        self._jobs.put(None)
        self._postman.join(30)

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._controller.server is not None
        number: int = self._controller.server.sockets[0].getsockname()[1]
        return number

    @property
    def url(self) -> str:
        """As a site's SMARTHOST."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail: each recipient is a list, one of a list's addresses, or a mailbox."""
        assert isinstance(envelope.content, bytes)
        for recipient in envelope.rcpt_tos:
            self._sort(Received(recipient.lower(), envelope.mail_from or "", envelope.content))
        return "250 OK"

    def _sort(self, mail: Received) -> None:
        local, _, host = mail.recipient.partition("@")
        with self.lock:
            if mail.recipient in self.lists:
                self.lists[mail.recipient].take(mail.raw)
                return
            here = [one for one in self.lists.values() if one.own.host == host]
            for one in here:
                # Sympa has one address for the commands of all lists.
                if local == "sympa" or local.startswith(f"{one.own.local}-"):
                    one.command(mail.recipient, mail.raw)
            if not here:
                self.send(mail.reverse_path, mail.recipient, mail.raw)

    def send(self, path: str, recipient: str, raw: bytes) -> None:
        """Have a mail carried to somebody, by a site's door or into their mailbox."""
        self._jobs.put(Received(recipient, path, raw))

    def write(self, sender: str, recipient: str, raw: bytes) -> None:
        """Send a mail as somebody outside does with their program."""
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            client.sendmail(sender, [recipient], wire(raw))

    def _carry(self) -> None:
        while (mail := self._jobs.get()) is not None:
            domain = mail.recipient.partition("@")[2]
            door = self.doors.get(mail.recipient) or self.doors.get(domain)
            try:
                if door is not None:
                    door(mail.reverse_path, mail.recipient, mail.raw)
                self.sent[mail.recipient] += 1
                self.mailboxes.append(mail)
                if self.deliver_by is not None:
                    self.deliver_by(mail)
            except (OSError, smtplib.SMTPException) as error:
                self.failures.append(f"{mail.recipient}: {error}")
            finally:
                self._jobs.task_done()
        self._jobs.task_done()

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until everything handed in so far has been carried."""
        deadline = time.monotonic() + seconds
        while self._jobs.unfinished_tasks:
            assert time.monotonic() < deadline, f"{self._jobs.unfinished_tasks} mails wait"
            time.sleep(0.02)

    def to(self, recipient: str) -> list[Received]:
        """What came for somebody, oldest first."""
        return [mail for mail in list(self.mailboxes) if mail.recipient == recipient]
