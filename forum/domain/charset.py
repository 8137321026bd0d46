"""Bytes to text: the charset of each part, and the repair of text that was decoded wrongly.

The order, and why: text that is valid multibyte UTF-8 is UTF-8 whatever its label says (a chance
match is next to impossible); then the label, strictly; then the best scored of the three
encodings that French and Spanish mail was really written in before UTF-8.

The measure. `score` looks at each character outside ASCII between its two neighbours: one that
stands where French, Spanish and their neighbours write it (é in a word, ¿ before one, « at its
start) gains, one that stands where nobody writes it (Ž or • inside a word, a control character)
loses. A repair is accepted only if the score of a line rises by at least `REPAIR_GAIN` and fewer
characters stand wrong than before.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

import ftfy

REPAIR_GAIN: Final = 3.0
"""What a line's score must gain before a MacRoman or cp850 reading replaces what is there."""

_SCORED_CHARACTERS: Final = 1_000
"""Characters outside ASCII that are scored at most: enough to tell, whatever the size."""

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
_ASCII_BYTES: Final = bytes(range(128))
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


# --- The measure ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """How well the characters outside ASCII stand between their neighbours."""

    points: float
    wrong: int
    """Characters that stand where nobody writes them."""


_OUTSIDE: Final = re.compile(r"[^\x00-\x7f]")
_LOWER: Final = frozenset("éèêëàâçîïôùûüœáíóúñ")
_UPPER: Final = frozenset("ÉÈÊËÀÂÇÎÏÔÙÛÜŒÁÍÓÚÑ")
_NEIGHBOURS: Final = frozenset("ãõäößòìåøæ")
_PUNCTUATION: Final = frozenset("«»“”„–—…•€°ºª·²³©®™§ ‘‹›×−₂½¼→")
_INVERTED: Final = frozenset("¿¡")


def score(text: str) -> Score:
    """Measure a text: more points are better; see the module's description."""
    points, wrong = 0.0, 0
    end = len(text) - 1
    for found in islice(_OUTSIDE.finditer(text), _SCORED_CHARACTERS):
        at = found.start()
        before = text[at - 1] if at else " "
        after = text[at + 1] if at < end else " "
        value = _value(found[0], before, after)
        points += value
        if value <= -1:
            wrong += 1
    return Score(points, wrong)


def _value(char: str, before: str, after: str) -> float:
    if char in _LOWER:
        return _value_of_lower(char, before, after)
    if char in _UPPER:
        return _value_of_capital(char, before, after)
    if char == "\xa0":
        return 0.3
    if char == "’":
        return 1.0 if before.isalpha() and after.isalpha() else 0.8 if before.isalpha() else 0.3
    if char in _INVERTED:
        return 1.0 if after.isalpha() and not before.isalpha() else -2.0
    if char in _PUNCTUATION:
        return _value_of_mark(char, before, after, before.isalpha() and after.isalpha())
    if char in _NEIGHBOURS:
        return 1.0 if char in "ãõ" and after in "oe" else 0.5
    if "\x80" <= char <= "\x9f" or char == "\ufffd":
        return -3.0
    if char.isalpha():
        if char.isupper():
            return -2.0 if before.islower() else -0.2
        return 0.0
    return -2.0 if before.isalpha() or after.isalpha() else -0.5


def _value_of_lower(char: str, before: str, after: str) -> float:
    if before.isdigit():
        return -0.5
    if before.isupper() and not after.isupper() and before not in "LDNSJMTC":
        return 0.9
    if after.isalpha():
        return -0.5 if char == "ç" and after in "eiéè" else 1.0
    if char == "ç":
        return -1.0
    if char == "ù" and before == "o":
        return 1.5
    return 0.4 if char in "ôîûêâïëüñ" else 1.0


def _value_of_capital(char: str, before: str, after: str) -> float:
    if before.islower():
        return -2.0
    if before.isupper() and after.islower():
        return -1.0
    if after.isalpha():
        return 0.8
    return 0.3 if char in "ÀÉÈ" or before.isupper() else -1.0


def _value_of_mark(char: str, before: str, after: str, inside: bool) -> float:
    if inside:
        if char in "“”«»…":
            return -0.5
        return -0.2 if char in "·—–" and not (before.islower() and after.islower()) else -2.0
    if char in "«“":
        return -1.0 if before.isalpha() else 0.9
    if char in "»”":
        return -1.0 if after.isalpha() else 0.9
    if char in "°º" and (before.isdigit() or before in "nN"):
        return 1.2
    if char in "•©®™" and (after.islower() or (char == "•" and before.islower())):
        return -2.0
    return 0.3


# --- Repair --------------------------------------------------------------------------------

FTFY: Final = "ftfy"
MAC_ROMAN: Final = "mac_roman-as-cp1252"
CP850: Final = "cp850-as-cp1252"
CP1252: Final = "cp1252-as-latin-1"
LATIN_1: Final = "cp1252-as-mac_roman"

_FOLLOWING = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_MISREAD_UTF8: Final = re.compile(
    f"[\u00c2-\u00df]{_FOLLOWING}|[\u00e0-\u00ef]{_FOLLOWING}{{2}}|[\u00f0-\u00f4]{_FOLLOWING}{{3}}"
    "|[√¬‚Äî├┬Ôâ][\u00a0-\u02ff\u2020-\u25ff]"
)
"""UTF-8 read as latin-1 or cp1252 (a lead byte and those that follow it), MacRoman or cp437."""

_MISPLACEABLE: Final = frozenset(
    "ÀÁÇÈÉÊËÍÎÏÐÑÒÓÔÕŽŠžŸˆ˜‡†‰ƒ™•¤¢£¡„‚–—œ”“…‹›" + "".join(map(chr, range(0x80, 0xA0)))
)
_MISPLACED: Final = re.compile(
    "[" + "".join(sorted(_MISPLACEABLE)) + "](?:(?<=[\u0080-\u009f])|(?<=[a-z][ÀÁÇÈÉÊËÍÎÏÐÑÒÓÔÕŽŠ])"
    "|(?<=[a-zA-Z][žŸˆ˜‡†‰ƒ™•¤¢£¡„‚–—œ”“…‹›])(?=[a-z ])|(?<=[ˆ˜‡†‰ƒ™¤¢„‚•Ÿ])(?=[a-z]))"
)
"""What only stands there when MacRoman or cp850 was read as latin-1 or cp1252: look closer."""


def _misreading(codec: str) -> dict[int, str]:
    table = {}
    for byte in range(0x80, 0x100):
        raw = bytes([byte])
        right = raw.decode(codec)
        table[byte] = right
        shown = raw.decode("cp1252", "ignore")
        if shown:
            table[ord(shown)] = right
    return table


_FROM_MAC: Final = _misreading("mac_roman")
_FROM_CP850: Final = _misreading("cp850")
_FROM_C1: Final = {
    byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_FROM_LATIN_1: Final = {
    ord(bytes([byte]).decode("mac_roman")): bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0x100)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_REREADINGS: Final = {
    CP1252: _FROM_C1, MAC_ROMAN: _FROM_MAC, CP850: _FROM_CP850, LATIN_1: _FROM_LATIN_1
}  # fmt: skip


def repair(text: str) -> tuple[str, tuple[str, ...]]:
    """Undo a wrong decoding where the text gets better by the measure.

    Returns the text and the methods used, `()` where nothing was changed. Line by line: an answer
    in good order may quote a line that was broken long before.
    """
    if text.isascii():
        return text, ()
    # Most text is good: its characters outside ASCII alone, found in a moment, show it.
    outside = text.encode("utf-8", "replace").translate(None, _ASCII_BYTES).decode("utf-8")
    misread = _MISREAD_UTF8.search(outside) is not None
    if not misread and _MISPLACEABLE.isdisjoint(outside):
        return text, ()
    methods: list[str] = []
    if misread and _MISREAD_UTF8.search(text):
        fixed = "\n".join(map(_fix_line, text.split("\n")))
        if fixed != text:
            text = fixed
            methods.append(FTFY)
    if _MISPLACED.search(text):
        method, fixed = max(
            ((method, *_reread(text, method)) for method in _REREADINGS), key=lambda r: r[2]
        )[:2]
        if fixed != text:
            text = fixed
            methods.append(method)
    return text, tuple(methods)


def _fix_line(line: str) -> str:
    if not _MISREAD_UTF8.search(line) or len(line) > 20_000:
        return line
    fixed = ftfy.fix_encoding(line)
    # ftfy alone changes one clean line in some thousands: our own measure has a say.
    return fixed if fixed != line and _better(line, fixed, 0.5) else line


def _better(old: str, new: str, gain: float) -> bool:
    before, after = score(old), score(new)
    return after.points - before.points >= gain and after.wrong <= before.wrong


def _reread(text: str, method: str) -> tuple[str, float]:
    """The text in another reading, and what its score gains: `(text, 0)` where that is too little.

    One line must be certain; then every other line that gains is taken along.
    """
    lines = text.split("\n")
    certain = False
    total = 0.0
    for n, old in enumerate(lines):
        if old.isascii():
            continue
        new = _reread_line(old, method)
        before, after = score(old), score(new)
        gain = after.points - before.points
        if gain <= 0 or after.wrong > before.wrong:
            continue
        lines[n] = new
        total += gain
        if gain >= REPAIR_GAIN and after.wrong < before.wrong and before.points < 0:
            certain = True
    return ("\n".join(lines), total) if certain else (text, 0.0)


def _reread_line(line: str, method: str) -> str:
    return _mac_line(line) if method == MAC_ROMAN else line.translate(_REREADINGS[method])


_LOST_SPACE: Final = re.compile("Ç!(?= )")
_LOST_BYTE: Final = re.compile("(?<=[^\\W\\d_])•|(?<![\\w•])•(?=[^\\W\\d_])|(?<=Õ)•")
_WITH_CIRCUMFLEX: Final = re.compile(
    "•(t(re|es?|s|er|u|ait|ement)?\\b|ch|v|n(?=[ée]))|(?<=m)•me|(?<=extr)•me|(?<=supr)•me", re.I
)


def _mac_line(line: str) -> str:
    """Reread one line; 0x81, 8D, 8F, 90 and 9D have no cp1252 character and came as bullets."""
    line = _LOST_SPACE.sub("Ç", line)
    if "•" in line:
        line = _LOST_BYTE.sub(lambda found: _lost_letter(line, found.start()), line)
    return line.translate(_FROM_MAC)


def _lost_letter(line: str, at: int) -> str:
    """The MacRoman byte of ç, è, ê, ï or ù that French spells here, as a C1 character."""
    before = line[at - 1].lower() if at else " "
    after = line[at + 1].lower() if at + 1 < len(line) else " "
    if not after.isalpha():
        return "\x9d" if before == "o" else "\x8f"
    if before in "ao" and after in "bdfflmnrstv":
        return "\x95"
    if after in "aou":
        return "\x8d"
    if _WITH_CIRCUMFLEX.match(line, at):
        return "\x90"
    return "\x8f"
