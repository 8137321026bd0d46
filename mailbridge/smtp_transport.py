"""How a message leaves by SMTP: on kept connections, within a time, one recipient each."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from typing import Final
from urllib.parse import unquote, urlsplit

from mailbridge.outcomes import Broken, Deferred, Outcome, Refused, Sent

TIMEOUT_SECONDS: Final = 20
"""For a whole mail, from connecting to the last answer. Together with the time that a claimed mail
may wait for its turn it is shorter than a worker's claim: a hanging smarthost must not make two
workers send one mail."""

IDLE_SECONDS: Final = 30
"""A kept connection that has rested longer is made anew."""

MESSAGES_PER_CONNECTION: Final = 500

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class SmtpPool:
    """Several SMTP sessions, each kept open; as many threads as there are may send at a time.

    The one used last is taken first: where little is sent, one stays open and the others rest.
    Each mail has a return path of its own, so that no two recipients share one transaction.
    """

    def __init__(self, smarthost: str, connections: int) -> None:
        self.connections = connections
        self._all = [SmtpTransport(smarthost) for _ in range(connections)]
        self._free = list(self._all)
        self._lock = threading.Lock()

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        """Send on one of them.

        Raises:
            IndexError: more threads send than there are connections.
        """
        with self._lock:
            one = self._free.pop()
        try:
            return one.send(reverse_path, recipient, message)
        finally:
            with self._lock:
                self._free.append(one)

    def close(self) -> None:
        """Say QUIT on those that nobody uses."""
        with self._lock:
            for one in self._free:
                one.close()

    def abort(self) -> None:
        """Cut all of them."""
        for one in self._all:
            one.abort()


class SmtpTransport:
    """One SMTP session, kept open between messages."""

    connections = 1

    def __init__(self, smarthost: str) -> None:
        parts = urlsplit(smarthost)
        self._scheme = parts.scheme
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._client: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._count = 0
        self._deadline = 0.0

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        """Send on the kept connection, or on a new one where that has gone."""
        rested = time.monotonic() - self._used_at > IDLE_SECONDS
        if self._client is not None and (rested or self._count >= MESSAGES_PER_CONNECTION):
            self.close()
        was_open = self._client is not None
        self._deadline = time.monotonic() + TIMEOUT_SECONDS
        outcome = self._try(reverse_path, recipient, message)
        if outcome is None and was_open:
            # The other side had closed an idle connection; nothing of this mail was sent.
            outcome = self._try(reverse_path, recipient, message)
        self._used_at = time.monotonic()
        return outcome or Broken("the smarthost closed the connection")

    def close(self) -> None:
        """Say QUIT, if anybody listens still."""
        if self._client is None:
            return
        try:
            self._client.quit()
        except (smtplib.SMTPException, OSError):
            self._client.close()
        self._client = None

    def abort(self) -> None:
        """Cut the connection; called from another thread."""
        client = self._client
        sock = client.sock if client is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def greet(self) -> frozenset[str]:
        """Connect as for a mail and take leave without sending one; gives what is offered.

        Raises:
            smtplib.SMTPException, OSError: there would be no way out for mail.
        """
        self._deadline = time.monotonic() + TIMEOUT_SECONDS
        client = self._connect()
        offered = frozenset(client.esmtp_features)
        self._client = client
        self.close()
        return offered

    def _try(self, reverse_path: str, recipient: str, message: bytes) -> Outcome | None:
        """One attempt; None where the connection was lost before the message was sent."""
        try:
            if self._client is None:
                self._client = self._connect()
            outcome = self._dialogue(self._client, reverse_path, recipient, message)
        except smtplib.SMTPServerDisconnected:
            self._drop()
            return None
        except smtplib.SMTPResponseException as error:
            self._drop()
            return Broken(_text(error.smtp_code, error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Broken(str(error) or type(error).__name__)
        self._count += 1
        return outcome

    def _connect(self) -> smtplib.SMTP:
        """Connect, greet, encrypt and sign in; whatever is refused here is the smarthost's."""
        self._count = 0
        context = ssl.create_default_context()
        client: smtplib.SMTP
        # The name is not looked up: that takes seconds where no name server answers.
        name = socket.gethostname() or "localhost"
        if self._scheme == "smtps":
            client = smtplib.SMTP_SSL(
                self._host, self._port, name, timeout=self._left(), context=context
            )
        else:
            client = smtplib.SMTP(self._host, self._port, name, timeout=self._left())
        try:
            if self._scheme == "smtp+starttls":
                client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
            if self._user:
                client.login(self._user, self._password)
        except (smtplib.SMTPException, OSError):
            client.close()
            raise
        return client

    def _dialogue(
        self, client: smtplib.SMTP, reverse_path: str, recipient: str, message: bytes
    ) -> Outcome:
        options = [f"SIZE={len(message)}"] if client.has_extn("size") else []
        if client.has_extn("8bitmime") and not message.isascii():
            options.append("BODY=8BITMIME")
        if not (reverse_path + recipient).isascii():
            if not client.has_extn("smtputf8"):
                told = "550 the smarthost takes no addresses in other scripts (RFC 6531)"
                return Refused(told, by_mailbox=False)
            options.append("SMTPUTF8")
        self._bound(client)
        code, reply = client.mail(reverse_path, options)
        if code != 250:
            # Refused before any recipient was named: RFC 5321, section 3.3. Too large is the
            # message's own fault.
            self._reset(client, code)
            if code == 552:
                return Refused(_text(code, reply), by_mailbox=False)
            return Deferred(_text(code, reply)) if code < 500 else Broken(_text(code, reply))
        self._bound(client)
        code, reply = client.rcpt(recipient)
        if code not in (250, 251):
            self._reset(client, code)
            return _refusal(code, reply)
        self._bound(client, answers=2)
        try:
            code, reply = client.data(message)
        except smtplib.SMTPDataError as error:  # Refused at the DATA command itself.
            self._reset(client, error.smtp_code)
            return _refusal(error.smtp_code, error.smtp_error)
        except smtplib.SMTPServerDisconnected:
            # It may have taken the message: sent again later, its Message-ID makes it one.
            self._drop()
            return Deferred("the connection was lost during DATA")
        if code == 250:
            return Sent(_text(code, reply))
        self._reset(client, code)
        return _refusal(code, reply)

    def _left(self) -> float:
        """The seconds left for this mail; never none, which would mean not to wait at all."""
        return max(0.1, self._deadline - time.monotonic())

    def _bound(self, client: smtplib.SMTP, answers: int = 1) -> None:
        """Let the next command, with so many answers, end before the deadline."""
        if client.sock is not None:
            client.sock.settimeout(self._left() / answers)

    def _reset(self, client: smtplib.SMTP, code: int) -> None:
        try:
            if code != 421:  # RFC 5321, section 3.8: it is closing the connection.
                client.rset()
                return
        except (smtplib.SMTPException, OSError):
            pass
        self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _refusal(code: int, reply: bytes | str) -> Outcome:
    text = _text(code, reply)
    return Deferred(text) if code < 500 else Refused(text)


def _text(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(words.split())}"[:500]
