"""Reading an IMAP mailbox (RFC 3501) without changing anything in it.

The standard library's imaplib behind guards: a server may hang, talk without end or announce a
message of any size.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from forum.domain.fetch_source import ImapSource

CONNECT_SECONDS: Final = 20.0
"""For each answer of the server."""

SESSION_SECONDS: Final = 90.0
"""For the whole of a session: shorter than a worker's claim."""

WINDOW: Final = 20_000
"""Numbers asked for at once: imaplib reads lines of a million bytes at most."""

_OTHER_BYTES: Final = 4_000_000
"""What a server may say besides the messages asked for, each time."""

_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_PRINTABLE: Final = re.compile("[^\x20-\x7e]+")


class FetchError(Exception):
    """A mailbox that could not be read; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What a server says when a mailbox is opened."""

    uid_validity: int
    uid_next: int
    """The number that the next message will get; 0 where the server does not say."""


class _Guarded:
    """Reads of a client, counted: no more than was asked for, and some."""

    allowance: int = _OTHER_BYTES

    def read(self, size: int) -> bytes:
        self._spend(size)
        return super().read(size)  # type: ignore[misc,no-any-return]

    def readline(self) -> bytes:
        line: bytes = super().readline()  # type: ignore[misc]
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        self.allowance -= size
        if self.allowance < 0:
            raise imaplib.IMAP4.abort("the server sends more than was asked for")


class _Plain(_Guarded, imaplib.IMAP4):
    pass


class _Encrypted(_Guarded, imaplib.IMAP4_SSL):
    pass


class ImapMailbox:
    """One session with a server; ended by itself after `SESSION_SECONDS`.

    Raises:
        FetchError: in every method, when the server cannot be used.
    """

    def __init__(self, source: ImapSource, password: str, seconds: float = SESSION_SECONDS) -> None:
        self._source = source
        with _told():
            self._client = _connected(source)
        # What the server does not answer in time, or trickles, ends with the connection.
        self._watch = threading.Timer(seconds, self._cut)
        self._watch.daemon = True
        self._watch.start()
        try:
            with _told():
                self._sign_in(password)
        except FetchError:
            self.close()
            raise

    def _sign_in(self, password: str) -> None:
        client, source = self._client, self._source
        if source.scheme == "imap":
            if "STARTTLS" in client.capabilities:
                client.starttls(ssl.create_default_context())
            elif not source.is_local:
                raise FetchError("the server offers no encryption: use imaps://")
        if "AUTH=PLAIN" in client.capabilities:
            # RFC 4616: UTF-8, where LOGIN has ASCII alone.
            secret = f"\0{source.user}\0{password}".encode()
            client.authenticate("PLAIN", lambda _: secret)
        else:
            client.login(source.user, password)

    def open(self) -> MailboxState:
        """Open the mailbox for reading alone (EXAMINE): no flag of a message changes."""
        with _told():
            name = f'"{modified_utf7(self._source.mailbox)}"'
            self._good(self._client.select(name, readonly=True), "the mailbox cannot be opened")
            return MailboxState(self._number("UIDVALIDITY"), self._number("UIDNEXT"))

    def numbers(self, first: int, last: int | None) -> list[int]:
        """The numbers (UIDs) of the messages from `first` to `last`, ascending; None is the end."""
        with _told():
            self._client.allowance = _OTHER_BYTES
            shown = "*" if last is None else str(last)
            answer = self._client.uid("SEARCH", "UID", f"{first}:{shown}")
            found = self._good(answer, "the search was refused")
        words = b" ".join(one for one in found if isinstance(one, bytes)).split()
        # RFC 3501, section 6.4.8: `*` names the last message, even below `first`.
        numbers = {int(word) for word in words if word.isdigit() and len(word) <= 10}
        return sorted(number for number in numbers if number >= first)

    def sizes(self, numbers: list[int]) -> dict[int, int]:
        """The bytes of each message."""
        with _told():
            self._client.allowance = _OTHER_BYTES
            wanted = ",".join(map(str, numbers))
            answer = self._client.uid("FETCH", wanted, "(UID RFC822.SIZE)")
            found = self._good(answer, "the messages cannot be listed")
        sizes: dict[int, int] = {}
        for one in found:
            if isinstance(one, bytes) and (uid := _UID.search(one)) and (size := _SIZE.search(one)):
                sizes[int(uid[1])] = int(size[1])
        return sizes

    def message(self, number: int, size: int) -> bytes | None:
        """The bytes of one message, left unread (BODY.PEEK); None where it is gone."""
        with _told():
            # Servers count line ends in more than one way.
            self._client.allowance = size * 2 + _OTHER_BYTES
            answer = self._client.uid("FETCH", str(number), "(UID BODY.PEEK[])")
            found = self._good(answer, "a message cannot be read")
        return _body(found, number)

    def close(self) -> None:
        """Say LOGOUT, if anybody listens still."""
        self._watch.cancel()
        try:
            self._client.logout()
        except (imaplib.IMAP4.error, OSError, ValueError):
            with suppress(OSError, ValueError):
                self._client.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _cut(self) -> None:
        # Not the client's own shutdown: that waits for a read that is under way.
        with suppress(OSError, ValueError):
            self._client.sock.shutdown(socket.SHUT_RDWR)

    def _number(self, name: str) -> int:
        _, values = self._client.response(name)
        last = next((one for one in reversed(values or []) if isinstance(one, bytes)), b"")
        return int(last) if last.isdigit() and len(last) < 12 else 0

    def _good(self, answer: tuple[str, Any], told: str) -> list[Any]:
        state, data = answer
        if state != "OK":
            raise FetchError(f"{told}: {_shown(data[0] if data else b'')}")
        return list(data or [])


def _connected(source: ImapSource) -> _Plain | _Encrypted:
    if source.scheme == "imaps":
        context = ssl.create_default_context()
        return _Encrypted(source.host, source.port, ssl_context=context, timeout=CONNECT_SECONDS)
    return _Plain(source.host, source.port, timeout=CONNECT_SECONDS)


def _body(found: list[Any], number: int) -> bytes | None:
    for at, one in enumerate(found):
        if not isinstance(one, tuple) or b"BODY[]" not in one[0]:
            continue
        following = found[at + 1] if at + 1 < len(found) else b""
        after = following if isinstance(following, bytes) else b""
        uid = _UID.search(one[0]) or _UID.search(after)
        if uid is None or int(uid[1]) == number:
            return bytes(one[1])
    return None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise FetchError(f"the server's certificate is not good: {error.verify_message}") from None
    except (imaplib.IMAP4.error, OSError, ValueError, EOFError) as error:
        raise FetchError(_shown(str(error)) or type(error).__name__) from None


def _shown(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    # imaplib puts the command in front, and shows what a server said as `b'…'`.
    text = re.sub(r"\bb'([^']*)'", r"\1", text.rpartition(" => ")[2])
    return _PRINTABLE.sub(" ", text).strip()[:300]


def modified_utf7(name: str) -> str:
    """A mailbox's name as it stands between quotation marks (RFC 3501, section 5.1.3)."""
    pieces: list[str] = []
    for run in re.findall("[\x20-\x7e]+|[^\x20-\x7e]+", name):
        if " " <= run[0] <= "~":
            pieces.append(run.replace("&", "&-"))
        else:
            coded = base64.b64encode(run.encode("utf-16-be")).decode("ascii").rstrip("=")
            pieces.append(f"&{coded.replace('/', ',')}-")
    return "".join(pieces).replace("\\", "\\\\").replace('"', '\\"')
