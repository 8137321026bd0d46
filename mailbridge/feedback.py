"""What a complaint says: a feedback report of a mailbox provider (RFC 5965).

Who complained is found by the token in what is returned of our own mail: its List-Unsubscribe, its
return path. Providers strike out addresses, so an address says nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from forum.domain.headers import Headers, split_headers
from forum.domain.mime import Structure, take_apart, walk

LONGEST: Final = 200_000
COMPLAINTS: Final = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})
"""Feedback types (RFC 5965, section 7.3, and RFC 6430's); `not-spam` and reports on signatures
(RFC 6591) are none."""

_RETURNED: Final = ("message/rfc822", "text/rfc822-headers", "message/global")
_HEX: Final = r"([0-9a-fA-F]{32,64})"
_IN_LINK: Final = re.compile(rf"/unsubscribe/{_HEX}\b")
_IN_PATH: Final = re.compile(rf"-bounces\+{_HEX}@")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A complaint about one of our mails."""

    kind: str
    """The Feedback-Type, lower case."""
    agent: str
    """The program that reports."""
    tokens: tuple[str, ...]
    """Of the returned mail, lower case, the likeliest first."""

    @property
    def is_complaint(self) -> bool:
        """Whether the reader wants no more of it."""
        return self.kind in COMPLAINTS


def read(raw: bytes) -> Feedback | None:
    """Understand a feedback report; None where the message is none. Never raises."""
    structure = take_apart(raw)
    fields: Headers | None = None
    returned: list[Headers] = []
    for part in walk(structure.root):
        if part.type == "message/feedback-report":
            fields = _headers_in(structure.content(part))
        elif part.type in _RETURNED and part.depth:
            returned.append(_headers_in(structure.content(part)))
    if fields is None and returned and _is_bare(structure):
        # The message alone, with a subject that says what it is.
        return Feedback("abuse", "", _tokens(Headers(()), returned, structure))
    if fields is None:
        return None
    kind = (fields.get("feedback-type") or "").strip().lower()
    agent = " ".join((fields.get("user-agent") or "").split())[:100]
    return Feedback(kind, agent, _tokens(fields, returned, structure))


def _is_bare(structure: Structure) -> bool:
    subject = (structure.headers().get("subject") or "").strip().lower()
    return subject.startswith("complaint about message from")


def _headers_in(content: bytes) -> Headers:
    return Headers(split_headers(content[:LONGEST].lstrip(), 0, LONGEST)[0])


def _tokens(fields: Headers, returned: list[Headers], structure: Structure) -> tuple[str, ...]:
    found: list[str] = []
    for headers in returned:
        found += _IN_LINK.findall(headers.get("list-unsubscribe") or "")
        for path in headers.get_all("return-path"):
            found += _IN_PATH.findall(path)
    found += _IN_PATH.findall(fields.get("original-mail-from") or "")
    if not found:
        # What is returned may be cut off or badly marked: anywhere in the report, then.
        text = structure.raw[:LONGEST].decode("ascii", "replace")
        found = _IN_LINK.findall(text) + _IN_PATH.findall(text)
    return tuple(dict.fromkeys(token.lower() for token in found))
