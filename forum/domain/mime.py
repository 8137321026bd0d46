"""The parts of a message, found by their boundaries in the raw bytes (RFC 2046).

Offsets into the raw bytes, never copies; no recursion; bounded in depth, parts and work, so that
25 MB of hostile bytes cost no more than 25 MB of honest ones. What lies beyond a bound is one
opaque part, and the message is flagged.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Final

from forum.domain.encoded_words import base64_bytes, decode_value
from forum.domain.headers import Field, Headers, split_headers, with_line_feeds
from forum.domain.parameters import Parameters, parameters_of
from forum.domain.values import Flag

MAX_DEPTH: Final = 50
MAX_PARTS: Final = 1_000
MAX_UU_LINES: Final = 800_000
"""Lines of uuencoded content: 36 MB of them."""
MAX_DELIMITERS: Final = 100_000
"""Places that look like a boundary and are looked at, in one message."""

_LINE_END: Final = re.compile(rb"[ \t]*(?:\r*\n|\r*\Z)")
_GUESSED: Final = re.compile(rb"(?:\A|\n)--([^\r\n]{1,70}?)[ \t]*\r?\nContent-", re.IGNORECASE)
_NO_PARAMETERS: Final = Parameters("", ())
_PLAIN: Final = Parameters("text/plain", ())
_RFC822: Final = Parameters("message/rfc822", ())


@dataclass(slots=True, eq=False)
class Part:
    """One part of a message: the message itself, a multipart, or a leaf."""

    fields: tuple[Field, ...]
    start: int
    end: int
    """Where the body stands in the raw bytes."""
    type: str
    """`type/subtype` in lower case."""
    parameters: Parameters
    depth: int
    children: list[Part] = field(default_factory=list)

    @property
    def is_multipart(self) -> bool:
        """Whether the part was taken apart into others."""
        return bool(self.children)

    def value(self, name: bytes) -> bytes | None:
        """The first value of a field (its name in lower case) as written, or None."""
        for key, value in self.fields:
            if key == name:
                return value
        return None

    def disposition(self) -> Parameters:
        """The Content-Disposition, taken apart; empty where there is none."""
        value = self.value(b"content-disposition")
        return _NO_PARAMETERS if value is None else parameters_of(value)

    def filename(self) -> str | None:
        """The name the sender gave the part, as decoded; None where there is none."""
        name = self.disposition().get("filename") or self.parameters.get("name")
        if not name:
            description = self.value(b"content-location")
            name = decode_value(description) if description and self.depth else None
        return name or None

    def content_id(self) -> str | None:
        """The Content-ID without angle brackets."""
        value = self.value(b"content-id")
        return decode_value(value).strip().strip("<>").strip()[:500] or None if value else None


@dataclass(frozen=True, slots=True)
class Structure:
    """A message taken apart."""

    raw: bytes
    """The bytes the offsets refer to: as received, but old Macintosh line ends made `\\n`."""
    root: Part
    flags: frozenset[Flag]

    def headers(self) -> Headers:
        """The top-level headers."""
        return Headers(self.root.fields)

    def body(self, part: Part) -> bytes:
        """The bytes of a part as they stand in the message, encoded."""
        return self.raw[part.start : part.end]

    def content(self, part: Part) -> bytes:
        """The bytes of a part, its transfer encoding undone; never raises."""
        return transfer_decoded(self.body(part), part.value(b"content-transfer-encoding"))


def take_apart(raw: bytes) -> Structure:
    """Find the parts of a message; never raises, whatever the bytes."""
    return _Walk(with_line_feeds(raw)).structure()


def walk(root: Part) -> list[Part]:
    """All parts, parents before children, in the order of the message."""
    found: list[Part] = []
    waiting = [root]
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting.extend(reversed(part.children))
    return found


class _Walk:
    """The state of taking one message apart: what is left of its bounds."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts = 0
        self.delimiters = 0
        self.flags: set[Flag] = set()

    def structure(self) -> Structure:
        root = self.part(0, len(self.raw), 0, _PLAIN)
        waiting = [root]
        while waiting:
            part = waiting.pop()
            if part.type.startswith("multipart/"):
                self.split(part)
                waiting.extend(reversed(part.children))
        return Structure(self.raw, root, frozenset(self.flags))

    def part(self, start: int, end: int, depth: int, default: Parameters) -> Part:
        self.parts += 1
        fields, body, sound = split_headers(self.raw, start, end, depth > 0)
        if not sound:
            self.flags.add(Flag.BAD_STRUCTURE)
        parameters = default
        for name, value in fields:
            if name == b"content-type":
                parameters = parameters_of(value)
                break
        kind = parameters.value_as_type()
        return Part(fields, min(body, end), end, kind, parameters, depth)

    def split(self, part: Part) -> None:
        """Find a multipart's children; one that has none is read as text."""
        boundary = self.boundary(part)
        ranges = self.ranges(part, boundary) if boundary else []
        if not ranges:
            guessed = _GUESSED.search(self.raw, part.start, min(part.end, part.start + 65_536))
            if guessed is not None and guessed[1].strip() != boundary:
                ranges = self.ranges(part, guessed[1].strip())
            self.flags.add(Flag.BAD_STRUCTURE)
        if not ranges:
            part.type = "text/plain"
            return
        if part.depth >= MAX_DEPTH:
            self.flags.add(Flag.TRUNCATED)
            part.type = "application/octet-stream"
            return
        default = _RFC822 if part.type == "multipart/digest" else _PLAIN
        for start, end in ranges:
            if self.parts >= MAX_PARTS:
                self.flags.add(Flag.TRUNCATED)
                break
            part.children.append(self.part(start, end, part.depth + 1, default))

    def boundary(self, part: Part) -> bytes:
        name = part.parameters.get("boundary") or ""
        return name.rstrip().encode("utf-8", "replace")

    def ranges(self, part: Part, boundary: bytes) -> list[tuple[int, int]]:
        """Where the parts between the delimiter lines begin and end."""
        found: list[tuple[int, int]] = []
        delimiter = b"--" + boundary
        raw, end = self.raw, part.end
        opened = -1
        at = raw.find(delimiter, part.start, end)
        while at >= 0:
            self.delimiters += 1
            if self.delimiters > MAX_DELIMITERS or len(found) > MAX_PARTS:
                self.flags.add(Flag.TRUNCATED)
                break
            after = at + len(delimiter)
            closing = raw.startswith(b"--", after)
            line_end = _LINE_END.match(raw, after + 2 * closing, end)
            if line_end is not None and (at == part.start or raw[at - 1 : at] == b"\n"):
                if opened >= 0:
                    found.append((opened, max(opened, _before_line_end(raw, at))))
                opened = line_end.end()
                if closing:
                    opened = -1
                    break
                after = opened
            at = raw.find(delimiter, after, end)
        if opened >= 0:  # The closing delimiter is missing: cut off, or forgotten.
            if opened < end:
                found.append((opened, end))
            self.flags.add(Flag.BAD_STRUCTURE)
        return found


def _before_line_end(raw: bytes, at: int) -> int:
    # RFC 2046, section 5.1.1: the line end before a delimiter belongs to the delimiter.
    if raw[at - 1 : at] == b"\n":
        at -= 1
        if raw[at - 1 : at] == b"\r":
            at -= 1
    return at


def transfer_decoded(body: bytes, encoding: bytes | None) -> bytes:
    """Undo a Content-Transfer-Encoding as written, however written; unknown ones change nothing."""
    if encoding is None:
        return body
    name = encoding.strip().strip(b"\"'").lower().partition(b";")[0].strip()
    if name in (b"7bit", b"8bit", b"binary", b""):
        return body
    if name == b"base64" or name.startswith(b"base64"):
        return base64_bytes(body)
    if name in (b"quoted-printable", b"quotedprintable", b"qp") or name.startswith(b"quoted-print"):
        return binascii.a2b_qp(body)
    if name in (b"x-uuencode", b"uuencode", b"uue", b"x-uue"):
        return uudecoded(body)
    return body


def uudecoded(body: bytes) -> bytes:
    """The content of a uuencoded block, with or without its `begin` line; broken lines skipped."""
    content = bytearray()
    begun = body.find(b"begin ")
    if begun >= 0 and body[begun - 1 : begun] in (b"", b"\n"):
        body = body[body.find(b"\n", begun) + 1 :]
    for line in islice(BytesIO(body), MAX_UU_LINES):
        line = line.rstrip(b"\r\n")
        if line.rstrip() == b"end":
            break
        if not line:
            continue
        try:
            content += binascii.a2b_uu(line)
        except binascii.Error:
            # Some encoders pad their lines wrongly: the first character says the length.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                content += binascii.a2b_uu(line[:length])
            except binascii.Error:
                continue
    return bytes(content)
