"""Header values as text: encoded words (RFC 2047) in every form mail programs write them."""

from __future__ import annotations

import binascii
import re
from typing import Final

from forum.domain.charset import decode, has_no_controls

_WORD: Final = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?(.{0,4000}?)\?=", re.DOTALL)
_FOLD: Final = re.compile(rb"(?<!\r)\r*+\n[ \t]*|\r[ \t]+")
_ONLY_SPACE: Final = re.compile(rb"[ \t\r\n]*\Z")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_Q_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")

MAX_VALUE: Final = 200_000
"""Bytes of one header value that are read."""


def decode_value(raw: bytes) -> str:
    """A header value as text: unfolded, its encoded words and 8-bit bytes decoded; never raises.

    Lenient where writers are: words without space around them, with spaces inside, split in the
    middle of a character, inside quotes, and raw 8-bit text (RFC 6532).
    """
    raw = raw[:MAX_VALUE]
    if b"=?" not in raw:
        return _without_words(unfold(raw))
    pieces: list[str] = []
    pending = b""  # The bytes of neighbouring words of one charset: a character may span two.
    charset = b""
    at = 0
    for found in _WORD.finditer(raw):
        between = raw[at : found.start()]
        name = found[1].partition(b"*")[0].lower()  # RFC 2231, section 5: charset*language.
        adjoining = at > 0 and _ONLY_SPACE.match(between) is not None
        if not adjoining or name != charset:
            pieces.append(_word_text(pending, charset))
            pending = b""
            if not adjoining:
                text = _plain(between)
                pieces.append(text + " " if text.endswith("]") else text)
        charset = name
        pending += _payload(found[2], found[3])
        at = found.end()
    pieces.append(_word_text(pending, charset))
    pieces.append(_plain(raw[at:]))
    return "".join(pieces).strip(" \t")


def _without_words(raw: bytes) -> str:
    if raw.isascii():
        text = raw.decode("ascii")
        # Nearly every value is printable, which costs a third of looking for controls.
        if text.isprintable() or has_no_controls(raw):
            return text
    return decode(raw).text


def _plain(between: bytes) -> str:
    return decode(_FOLD.sub(b" ", between).replace(b"\r", b" ")).text


def unfold(raw: bytes) -> bytes:
    """Without the line breaks of folding; the white space after them stays, as one space."""
    folds = raw.count(b"\n")
    if b"\r" not in raw:
        if not folds:
            return raw.strip(b" \t")
        if folds == raw.count(b"\n ") and b"\n  " not in raw and b"\n \t" not in raw:
            return raw.replace(b"\n ", b" ").strip(b" \t")
    return _FOLD.sub(b" ", raw).replace(b"\r", b" ").strip(b" \t")


def _word_text(payload: bytes, charset: bytes) -> str:
    if not payload:
        return ""
    text = decode(payload, charset.decode("ascii", "replace")).text
    return text.replace("\r", " ").replace("\n", " ")


def _payload(encoding: bytes, data: bytes) -> bytes:
    data = _FOLD.sub(b"", data)
    if encoding in b"bB":
        return base64_bytes(data)
    return _Q_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), data.replace(b"_", b" "))


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 whatever is wrong with it: strange characters, missing or early padding."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = _NOT_BASE64.sub(b"", data)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
