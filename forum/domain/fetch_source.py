"""The address of a mailbox that mail is fetched from."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

PORTS: Final = {"imaps": 993, "imap": 143}
_FORMS: Final = "imaps://user@host/INBOX, imap://user@host/INBOX or maildir:PATH"
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")


class SourceError(ValueError):
    """An address that cannot be used; the text says why, and never repeats it."""


@dataclass(frozen=True, slots=True)
class ImapSource:
    """A mailbox on an IMAP server (RFC 3501)."""

    scheme: str
    """`imaps`: encrypted from the first byte; `imap`: by STARTTLS."""
    user: str
    host: str
    port: int
    mailbox: str = "INBOX"

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine: only there a password may travel unencrypted."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        user = quote(self.user, safe="")
        return f"{self.scheme}://{user}@{host}{port}/{quote(self.mailbox, safe='/')}"


@dataclass(frozen=True, slots=True)
class MaildirSource:
    """A Maildir on this machine."""

    path: str

    def __str__(self) -> str:
        return f"maildir:{self.path}"


Source = ImapSource | MaildirSource


def parse_source(text: str) -> Source:
    """Read the address of a mailbox.

    Raises:
        SourceError: it has none of the known forms, or a password in it.
    """
    if any(not char.isprintable() for char in text) or len(text) > 1000:
        raise SourceError(f"a mailbox is {_FORMS}")
    if text.startswith("maildir:"):
        path = text.removeprefix("maildir:")
        if not path.startswith("/"):
            raise SourceError("the path of a Maildir begins with a slash")
        return MaildirSource(path.rstrip("/") or "/")
    return _imap(text)


def _imap(text: str) -> ImapSource:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # An open bracket, or a port that is none.
        raise SourceError(f"a mailbox is {_FORMS}") from None
    if parts.scheme not in PORTS or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise SourceError(f"a mailbox is {_FORMS}")
    if parts.password is not None:
        raise SourceError("a password does not belong in the address: --fetch-password-stdin")
    user = unquote(parts.username or "")
    if not user:
        raise SourceError("the address of an IMAP mailbox names its user: imaps://user@host/INBOX")
    if port == 0:
        raise SourceError("port 0 cannot be reached")
    mailbox = unquote(parts.path.removeprefix("/")) or "INBOX"
    return ImapSource(parts.scheme, user, host, port or PORTS[parts.scheme], mailbox)
