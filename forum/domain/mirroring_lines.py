"""The lines that an outside list puts around every text: found by what its messages share.

A line is the list's when it stands at the end (or at the beginning) of nearly all messages, of
several authors, since it was first seen: `Cordialement` is shared by many and never by nearly all.
What a list has put around a text of our own that came back is known at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from forum.domain.mirroring import Outside

MAX_TAIL: Final = 15
"""Lines with words that a footer may have."""
MAX_HEAD: Final = 5
KEY_LENGTH: Final = 200

NEARLY_ALL: Final = 0.8
"""Of the messages since a line was first seen."""
NO_LONGER: Final = 0.5
"""A line in fewer of the messages is not, or no more, the list's."""

_COURTESY: Final = re.compile(
    r"\W*(?:bonjour|bonsoir|salut|ch[eè]re?s?\b|hello|hi\b|dear|hola|buen[oa]s|estimad|querid"
    r"|cordial|bien à|bien cord|amical|amiti[eé]s|merci|saludos|salu|un abrazo|abrazos|atentamente"
    r"|gracias|(?:kind |best |warm )?regards|best\b|thank|cheers|sincerely|yours|bises|à bient"
    r"|bonne (?:journ|soir)|solidair)",
    re.IGNORECASE,
)
"""People open and close so: never a list's, unless it came back around a text of ours."""

_URL: Final = re.compile(r"https?://([^\s/<>]+)\S*|\bwww\.([^\s/<>]+)\S*", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\b(?=\w*\d)[0-9a-f]{8,}\b|\d+")
_LETTERS: Final = re.compile(r"[^\W\d_]")


class Place(StrEnum):
    """Where something of a list's stands."""

    PREFIX = "prefix"
    HEAD = "head"
    TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often a line was seen."""

    messages: int
    authors: int
    since: int
    """Messages of the list since it was first seen, with that one."""


def is_learned(place: Place, line: str, seen: Evidence, outside: Outside) -> bool:
    """Whether a line is the list's, for all that was seen.

    Few messages are enough for one that names the list, more for many words, most for few.
    """
    if seen.messages < NEARLY_ALL * seen.since:
        return False
    if place is not Place.PREFIX and _COURTESY.match(line):
        return False
    said = line.lower()
    if place is Place.PREFIX or outside.address in said or outside.list_id in said:
        return seen.messages >= 3 and seen.authors >= 2
    if place is Place.TAIL and (len(line.split()) >= 4 or f"{outside.host}/" in said):
        return seen.messages >= 4 and seen.authors >= 2
    return seen.messages >= 8 and seen.authors >= 4


def line_key(line: str) -> str:
    """A line as it is compared: addresses of pages as their host, numbers as one sign; or `""`."""
    shown = _URL.sub(lambda found: f"<{(found[1] or found[2]).lower()}>", line)
    shown = " ".join(_VARIABLE.sub("#", shown.casefold()).split())
    return shown[:KEY_LENGTH] if _LETTERS.search(shown) else ""


def candidates(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The lines of a message that may be the list's: head and tail, each line by its key.

    Quoted lines are nobody's, and end the search from either side.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    # In a short message the end begins early: what stands there is no banner.
    head = _run(lines, min(MAX_HEAD, len(lines) // 2))
    tail = _run(lines[::-1], MAX_TAIL)
    return head, tail


def _run(lines: Sequence[str], most: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if line.lstrip().startswith(">") or len(found) >= most:
            break
        key = line_key(line)
        if key:
            found[key] = line.strip()[:KEY_LENGTH]
    return found


def lists_lines(lines: Sequence[str], plain: Collection[int], outside: Outside) -> set[int]:
    """The lines of a body that the outside list put there: the outermost ones that are known.

    Args:
        lines: Of the body.
        plain: The places, in order, of those with text that may be it.
    """
    places = list(plain)
    return _outermost(lines, places, outside.head) | _outermost(lines, places[::-1], outside.tail)


def _outermost(lines: Sequence[str], places: Sequence[int], known: frozenset[str]) -> set[int]:
    found: set[int] = set()
    waiting: list[int] = []
    if not known:
        return found
    for place in places:
        key = line_key(lines[place])
        waiting.append(place)
        if key in known:
            found.update(waiting)
            waiting.clear()
        elif key:
            break
    # A rule drawn between the footer and the text is the footer's.
    found.update(place for place in waiting[:-1] if found)
    return found
