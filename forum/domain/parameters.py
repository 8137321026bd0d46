"""Structured MIME fields: `value; name=value` in every encoding (RFC 2045, 2047, 2183, 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from forum.domain.charset import decode
from forum.domain.dates import without_comments
from forum.domain.encoded_words import decode_value, unfold

_PARAMETER: Final = re.compile(
    rb';?\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|(?:=\?[^?\s]{1,60}\?[bBqQ]\?.{0,400}?\?=\s*)+[^;\s]*|'
    rb'[^;"\s]*(?:\s+(?![^\s=;"]+\s*=)[^;"\s]+)*)',
    re.DOTALL,
)
_SECTION: Final = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
_TOKEN: Final = re.compile(r"[a-z0-9!#$&^_.+'%-]+/[a-z0-9!#$&^_.+'%-]+\Z")
_ESCAPED: Final = re.compile(rb"\\([\"\\])")
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """A structured field taken apart."""

    value: str
    """What stands before the first semicolon, in lower case, without comments and spaces."""
    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The first value of a parameter, or None."""
        for key, value in self.pairs:
            if key == name:
                return value
        return None

    def value_as_type(self) -> str:
        """`type/subtype`; RFC 2045, section 5.2: `text/plain` where it cannot be read."""
        if _TOKEN.match(self.value):
            return self.value
        kind, _, rest = self.value.partition("/")
        if kind == "text" and not rest.strip():
            return "text/plain"
        repaired = f"{kind}/{rest.partition('/')[0]}"
        return repaired if _TOKEN.match(repaired) else "text/plain"


def parameters_of(raw: bytes) -> Parameters:
    """Take a structured field apart; never raises."""
    if len(raw) <= 200 and b"oundary" not in raw:
        return _parse_cached(bytes(raw))
    return _parse(raw[:_LONGEST])


def _parse(raw: bytes) -> Parameters:
    raw = unfold(raw)
    head, _, tail = raw.partition(b";")
    value = decode(head).text
    if b"(" in head:
        value = without_comments(value)
    value, _, lost = "".join(value.lower().partition(";")).strip().partition(" ")
    if lost and ("/" not in value or value.endswith("/") or lost.startswith("/")):
        value = "".join((value + lost).split())
    if lost and not tail and b"=" in head:  # The semicolon is missing: `a/b name=x`.
        tail = head.partition(b" ")[2]
    return Parameters(value, tuple(_pairs(tail)) if tail else ())


_parse_cached = lru_cache(maxsize=1024)(_parse)


def _pairs(tail: bytes) -> list[tuple[str, str]]:
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, bytes]]] = {}
    for found in _PARAMETER.finditer(tail):
        name = decode(found[1]).text.lower()
        written = found[2].strip()
        quoted = written[:1] == b'"'
        if quoted:
            written = _ESCAPED.sub(rb"\1", written.strip(b'"') if b"\\" not in written else
                                   written[1:].removesuffix(b'"'))  # fmt: skip
        elif b"(" in written:
            written = re.sub(rb"\s*\([^()]*\)\s*", b"", written)
        section = _SECTION.match(name) if "*" in name else None
        if section is None:
            plain.setdefault(name, _decode_plain(written))
        else:
            sections.setdefault(section[1], []).append(
                (int(section[2] or 0), section[3] is not None, written)
            )
    for name, parts in sections.items():  # RFC 2231 is exact where RFC 2047 is abuse: it wins.
        plain[name] = _join(parts)
    return list(plain.items())


def _decode_plain(written: bytes) -> str:
    if b"=?" in written:
        return decode_value(written)
    return decode(written).text


def _join(parts: list[tuple[int, bool, bytes]]) -> str:
    """Join RFC 2231 continuations; the charset of the first is that of all."""
    parts.sort(key=lambda part: part[0])
    charset = b""
    joined = b""
    for n, (_, encoded, written) in enumerate(parts):
        if encoded:
            if written.count(b"'") >= 2:
                label, _, rest = written.split(b"'", 2)
                if n == 0:
                    charset, written = label, rest
            elif n and charset and written.lower().startswith(charset.lower() + b"'"):
                written = written[len(charset) + 1 :]
            written = unquote_to_bytes(written)
        joined += written
    if not charset and b"=?" in joined:
        return decode_value(joined)
    return decode(joined, charset.decode("ascii", "replace") or None).text
