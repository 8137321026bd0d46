"""Bytes to text: the charset of each part, whatever its label says.

The order, and why: text that is valid multibyte UTF-8 is UTF-8 whatever its label says (a chance
match is next to impossible); then the label, strictly; then the best scored of the three
encodings that French and Spanish mail was really written in before UTF-8.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from forum.domain.charset_score import score

_CANDIDATES: Final = ("cp1252", "mac_roman", "cp850")

_LABELS: Final = {
    # What is labelled ISO-8859-1 or ASCII is read as windows-1252 (WHATWG Encoding, section 4.2).
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "l1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252", "ansi_x3.4-1968": "cp1252", "646": "cp1252",
    "cp1252": "cp1252", "windows-1252": "cp1252", "ansi": "cp1252", "x-ansi": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "windows-874": "cp874",
    "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "mac": "mac_roman",
    "x-macintosh": "mac_roman", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "korean": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932",
    "windows-31j": "cp932", "big5": "cp950", "x-x-big5": "cp950", "x-euc-jp": "euc_jp",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "x-utf8utf8": "utf-8",
    "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "iso-8859-6-i": "iso8859_6",
}  # fmt: skip

_TEXT_CODECS: Final = re.compile(
    r"(utf_?(7|8|16|32)|utf_?8_sig|utf_(16|32)_[bl]e|iso8859|iso2022|cp\d|koi8|mac_|gb|big5|"
    r"euc_|shift_jis|hz|johab|tis_620|kz1048|ptcp154|ascii|latin_1|hp_roman8)"
)
"""The codecs a label may name: `codecs` also knows zlib, rot13, punycode and worse."""

_ASCII_CARRIED: Final = ("utf-7", "iso2022", "hz", "utf-16", "utf-32")

_CONTROL_BYTES: Final = bytes(b for b in range(32) if b not in b"\t\n\r")
_UNWANTED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and how it was read."""

    text: str
    charset: str
    sure: bool
    """False where the label was wrong, unknown or missing and bytes outside ASCII were guessed."""


def decode(raw: bytes, label: str | None = None) -> Decoded:
    """Read bytes as text; never raises.

    `label` is the declared charset, as written. Source: the module's description.
    """
    codec = codec_of(label) if label else None
    if codec and codec.startswith(_ASCII_CARRIED):
        text = _strictly(raw, codec)
        if text is not None and (codec != "utf-7" or raw.isascii()):
            return Decoded(clean(text), codec, True)
    if raw.isascii():
        return _decode_ascii(raw)
    text = _strictly(raw, "utf-8")
    if text is not None:
        text = text.removeprefix("\ufeff")
        sound = b"\xef\xbf" not in raw and has_no_controls(raw)
        return Decoded(text if sound else clean(text), "utf-8", True)
    if codec and codec != "utf-8":
        text = _strictly(raw, codec)
        if text is not None:
            sound = codec == "cp1252" and has_no_controls(raw)
            return Decoded(text if sound else clean(text), codec, True)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = _strictly(raw, "utf-16")
        if text is not None:
            return Decoded(clean(text), "utf-16", False)
    return _guess(raw)


def has_no_controls(raw: bytes) -> bool:
    """Whether no byte is a control character, but for tabs and line ends."""
    return len(raw.translate(None, _CONTROL_BYTES)) == len(raw)


def _decode_ascii(raw: bytes) -> Decoded:
    text = raw.decode("ascii")
    if has_no_controls(raw):
        return Decoded(text, "ascii", True)
    if "\x1b$" in text:  # ISO-2022-JP without a label: nothing else holds this escape.
        japanese = _strictly(raw, "iso2022_jp_2")
        if japanese is not None:
            return Decoded(clean(japanese), "iso2022_jp", True)
    return Decoded(clean(text), "ascii", True)


@lru_cache(maxsize=256)
def codec_of(label: str) -> str | None:
    """Python's name of the codec that a charset label means, or None for an unknown one."""
    name = label.strip(" \t\r\n\"'").lower()
    name = _LABELS.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return None
    found = _LABELS.get(found, found)
    if not _TEXT_CODECS.match(found.replace("-", "_")):
        return None
    return found


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, LookupError, ValueError, OverflowError):
        return None


def _guess(raw: bytes) -> Decoded:
    mixed = raw.decode("utf-8", "surrogateescape")
    wrong = sum(1 for c in mixed[: 1 << 20] if "\udc80" <= c <= "\udcff")
    right = sum(1 for c in mixed[: 1 << 20] if c > "\x7f") - wrong
    if right > wrong:  # UTF-8 that was cut, or to which a line in another encoding was added.
        whole = _CUT_LETTER.sub("", mixed)
        return Decoded(clean(_UNDECODED.sub(_as_cp1252, whole)), "utf-8", False)
    best, best_score = "", float("-inf")
    best_codec = ""
    for codec in _CANDIDATES:
        text = raw.decode(codec, "replace")
        points = score(text).points
        if points > best_score:
            best, best_score, best_codec = text, points, codec
    return Decoded(clean(best), best_codec, False)


_CUT_LETTER: Final = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]{0,2}\\Z")
_UNDECODED: Final = re.compile("[\udc80-\udcff]+")


def _as_cp1252(found: re.Match[str]) -> str:
    return found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def clean(text: str) -> str:
    """Text without NUL, other control characters and lone surrogates, which no store holds."""
    if _UNWANTED.search(text) is None:
        return text
    return _UNWANTED.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)
