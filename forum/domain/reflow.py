"""Lines that a mail program broke at a fixed width, joined again for screens of any width.

Old programs end a line after 60 to 80 columns, wherever the sentence stands (RFC 5322, section
2.1.1, asks for at most 78). Shown with these line ends, text is ragged on a narrow screen. Nothing
marks such a line end, so it is recognised: the line is nearly full, the next word would not have
fitted, both lines are prose, and somewhere near a sentence runs on. In doubt a line end stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NARROWEST: Final = 60
WIDEST: Final = 80
"""Columns at which programs break lines."""

FULL: Final = 0.75
"""Share of the width that a broken line fills at least, in a language of long words too."""

MANY: Final = 3
"""Sentences that must run on over a line end in a text that also has lines of any length."""

LONGEST_WORD: Final = 40
"""Characters; what is longer is an address, which no program breaks."""

_MARKER = re.compile(
    r"(?:\d{1,3}|[^\W\d_]|[ivxIVX]{2,4})[.)°]\s"  # A list: `1. `, `a) `, `iv. `.
    r"|\d{1,2}\s?[:hH]\s?\d{2}\b|\d{1,4}[/.-]\d{1,2}\b"  # A time, a date.
    r"|https?://|www\.|[^\s@]+@",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[^\W\d_a-z][^\s:]{0,20}(?: [^\s:]{1,15}){0,3} ?:(?:\s|$)")
_COLUMNS = re.compile(r"[ \xa0]{3}|[^\s.!?:;…][ \xa0]{2,}\S")
_CODE = re.compile(r"[{}|\\`^~\t]|[=!<>+-]=| = |=>|->|</|/>|\(\)|[\])];$")
_SIGN = re.compile(r"[{}|\\`^~\t=<>);]")
"""One of these is in all that `_CODE` finds, and found ten times as fast where there is none."""
_SENTENCE_END = ".!?…:;"
_OPENING = "«“\"'(¿¡‘…"
_SET_APART = re.compile(r"[:;?!»](?:\s|$)")  # French writes a space before them.


def unwrap(text: str) -> str:
    """A plain text with the line ends of a fixed width replaced by spaces.

    Lists, tables, verse, addresses, code, quotations and short lines stay as they are. The words
    and their order never change; the time is linear in the length of the text.

    Args:
        text: Its lines end in a line feed.
    """
    lines = text.split("\n")
    if not any(len(line) >= NARROWEST and len(line.rstrip()) <= WIDEST for line in lines):
        return text
    prose = [_is_prose(line) for line in lines]
    width = _width(lines, prose)
    if width < NARROWEST:
        return text
    broken = [
        prose[place] and prose[place + 1] and _is_full(lines[place], lines[place + 1], width)
        for place in range(len(lines) - 1)
    ]
    going_on = [
        is_broken and _goes_on(lines[place], lines[place + 1])
        for place, is_broken in enumerate(broken)
    ]
    if sum(going_on) < (MANY if _has_free_lines(lines, prose) else 1):
        return text
    return _joined(lines, _trusted(lines, broken, going_on, width))


def _is_prose(line: str) -> bool:
    """Whether a line looks like a part of a paragraph."""
    if not line:
        return False
    if not (line[0].isalnum() or line[0] in _OPENING or _SET_APART.match(line)):
        return False
    if _MARKER.match(line) or _LABEL.match(line):
        return False
    if ("  " in line or "\xa0" in line) and _COLUMNS.search(line):
        return False
    if _SIGN.search(line) and _CODE.search(line):
        return False
    letters = sum(map(str.isalpha, line))
    return letters >= 0.6 * len(line)


def _width(lines: Sequence[str], prose: Sequence[bool]) -> int:
    """The least width at which the prose can have been broken; 0 without any."""
    lengths = [len(line.rstrip()) for line, is_prose in zip(lines, prose, strict=True) if is_prose]
    return max((length for length in lengths if length <= WIDEST), default=0)


def _has_free_lines(lines: Sequence[str], prose: Sequence[bool]) -> bool:
    """Whether some prose was not broken at all, so that line ends may well be the author's."""
    return any(
        is_prose and len(line.rstrip()) > WIDEST and max(map(len, line.split())) <= LONGEST_WORD
        for line, is_prose in zip(lines, prose, strict=True)
    )


def _is_full(line: str, after: str, width: int) -> bool:
    """Whether a program that breaks at this width would have ended the line here."""
    line = line.rstrip()
    if not FULL * width <= len(line) <= width or line[-1] in "-/" or line.count(" ") < 3:
        return False
    word = after.split(None, 1)[0]
    return len(word) <= LONGEST_WORD and len(line) + 1 + len(word) > width


def _goes_on(line: str, after: str) -> bool:
    """Whether a sentence runs on from one line to the next."""
    if _SET_APART.match(after):
        return True
    return line.rstrip()[-1] not in _SENTENCE_END and after[0].islower()


def _trusted(
    lines: Sequence[str], broken: Sequence[bool], going_on: Sequence[bool], width: int
) -> set[int]:
    """The line ends to take away, by the place of the line before them."""
    found: set[int] = set()
    start = 0
    while start < len(broken):
        end = start
        while end < len(broken) and broken[end]:
            end += 1
        # `lines[start]` to `lines[end]` are one block. A greeting may follow its last full line.
        last = end - 1 if end > start and _stands_alone(lines[end], width) else end
        if any(going_on[start:last]):
            found.update(range(start, last))
        start = end + 1
    return found


def _stands_alone(line: str, width: int) -> bool:
    """Whether the last line of a block may be one of its own, such as a greeting or a name."""
    goes_on = line[0].islower() or _SET_APART.match(line)
    return not goes_on and len(line) < width / 2


def _joined(lines: Sequence[str], places: set[int]) -> str:
    parts: list[str] = []
    for place, line in enumerate(lines):
        if place in places:
            parts += (line.rstrip(), " ")
        else:
            parts += (line, "\n")
    return "".join(parts[:-1])
