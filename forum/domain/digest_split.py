"""A digest of an outside list, split into the messages it holds.

multipart/digest (RFC 2046, section 5.1.5) holds messages whole; a plain digest (RFC 1153) shows of
each its text and some of its header, from which a message is written anew. Nothing here raises,
whatever the bytes, and the work grows with their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forum.domain.charset import decode
from forum.domain.headers import with_line_feeds
from forum.domain.mime import Part, Structure, take_apart, walk
from forum.domain.parameters import parameters_of

MAX_MESSAGES: Final = 500
"""Of one digest; more stand in it unsplit, and nothing is lost."""

MAX_TEXT: Final = 8_000_000
"""Bytes of a plain digest that are looked at."""

_PREAMBLE_END: Final = "-" * 70
_SEPARATOR: Final = "-" * 30
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40})\s?:\s*(.*)")
_KEPT: Final = (
    "Date", "From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Keywords",
)  # fmt: skip
_MAX_HEAD: Final = 200
"""Lines of one message's header in a plain digest."""
_CLOSING: Final = re.compile(r"\*{8,}")
_SCRUBBED: Final = re.compile(
    r"^-{8,} [^\n-]{3,60} -{8,}\n[^\n]{0,80}\bHTML\b[^\n]{0,80}\nURL ?: ?[^\n]{1,900}(?:\n|\Z)",
    re.MULTILINE,
)
"""Mailman's note, in the list's language, that the other form of a text was left out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A message of a digest."""

    raw: bytes
    is_whole: bool
    """As its author's program wrote it; else written anew from what the digest shows, which says
    nothing of what the message answers."""


def split(raw: bytes) -> tuple[Piece, ...]:
    """The messages of a digest in their order; `()` where a message is no digest."""
    structure = take_apart(with_line_feeds(raw))
    inside = _digest_part(structure)
    if inside is not None:
        return tuple(_whole(structure, inside))
    text = _first_text(structure)
    return tuple(_shown(text)) if _PREAMBLE_END in text else ()


def _digest_part(structure: Structure) -> Part | None:
    """The multipart/digest: the message itself, or a part of its multipart/mixed."""
    for part in walk(structure.root):
        if part.depth > 1:
            continue
        if part.type == "multipart/digest" and part.is_multipart:
            return part
    return None


def _whole(structure: Structure, inside: Part) -> Iterator[Piece]:
    messages = [child for child in inside.children if child.type == "message/rfc822"]
    for child in messages[:MAX_MESSAGES]:
        content = structure.content(child)
        if content.strip():
            yield Piece(content, True)


def _first_text(structure: Structure) -> str:
    for part in walk(structure.root):
        if part.type == "text/plain" and part.depth <= 1:
            content = structure.content(part)[:MAX_TEXT]
            text = decode(content, part.parameters.get("charset")).text
            return re.sub(r"\r+\n?", "\n", text)
    return ""


@dataclass(frozen=True, slots=True)
class _Head:
    """What a plain digest shows of a message's header."""

    fields: dict[str, str]
    """By name in lower case."""
    end: int
    """The line at which the text begins."""

    @property
    def number(self) -> int | None:
        """Mailman counts: `Message: 3`."""
        written = self.fields.get("message", "")
        return int(written) if written.isdecimal() and len(written) < 6 else None

    @property
    def is_message(self) -> bool:
        """Whether somebody wrote it at some time, about something."""
        others = self.fields.keys() & {"date", "subject", "message-id"}
        return "from" in self.fields and bool(others)


def _shown(text: str) -> Iterator[Piece]:
    """The messages between the ruled lines of RFC 1153."""
    lines = [line.rstrip() for line in text.split("\n")]
    begin = lines.index(_PREAMBLE_END) if _PREAMBLE_END in lines else len(lines)
    head = _head(lines, begin + 1)
    closing = _closing(lines)
    if head is None or not head.is_message or not (closing or head.number == 1):
        return
    number = 0
    while head is not None and number < MAX_MESSAGES:
        end, following = _end_of(lines, head, closing or len(lines))
        yield Piece(_written(head, lines[head.end : end]), False)
        head, number = following, number + 1


def _end_of(lines: list[str], head: _Head, closing: int) -> tuple[int, _Head | None]:
    """Where a message's text ends, and the head of the next; None after the last."""
    for at in range(head.end, closing):
        if lines[at] != _SEPARATOR or lines[at - 1]:
            continue
        following = _head(lines, at + 1)
        if following is not None and following.is_message:
            # Where messages are counted, a ruled line in a text does not begin another.
            counted = head.number is not None
            if not counted or following.number == (head.number or 0) + 1:
                return at, following
        elif following is not None and set(following.fields) == {"subject"}:
            return at, None  # The list's footer, which Mailman writes as a last message.
        elif at + 3 >= closing:
            return at, None
    return closing, None


def _closing(lines: list[str]) -> int:
    """The line of `End of …` above the last row of asterisks; 0 where there is none."""
    last = len(lines) - 1
    while last > 0 and not lines[last]:
        last -= 1
    return last - 1 if last > 1 and _CLOSING.fullmatch(lines[last]) and lines[last - 1] else 0


def _head(lines: list[str], at: int) -> _Head | None:
    """The header that begins behind the blank lines at a place; None where there is none."""
    while at < len(lines) and not lines[at]:
        at += 1
    fields: dict[str, str] = {}
    name = ""
    for end in range(at, min(len(lines), at + _MAX_HEAD)):
        line = lines[end]
        if not line:
            return _Head(fields, end + 1) if fields else None
        found = _FIELD.match(line)
        if line[0] in " \t" and name:
            fields[name] += f" {line.strip()}"
        elif found is not None:
            name = found[1].lower()
            fields.setdefault(name, found[2])
        else:
            return None
    return None


def _written(head: _Head, body: list[str]) -> bytes:
    """A message of what was shown; header values beyond ASCII as they are (RFC 6532)."""
    kept = [(name, head.fields.get(name.lower(), "")) for name in _KEPT]
    lines = [f"{name}: {value}" for name, value in kept if value]
    form = parameters_of(head.fields.get("content-type", "").encode())
    flowed = "; format=flowed" if (form.get("format") or "").lower() == "flowed" else ""
    lines += [
        "MIME-Version: 1.0",
        f"Content-Type: text/plain; charset=utf-8{flowed}",
        "Content-Transfer-Encoding: 8bit",
        "",
    ]
    text = _SCRUBBED.sub("", "\n".join(body)).strip("\n")
    whole = "\n".join([*lines, text, ""])
    return whole.replace("\n", "\r\n").encode("utf-8", "replace")
