"""How well text was decoded: a measure for French, Spanish and their neighbours.

`score` looks at each character outside ASCII between its two neighbours: one that stands where
these languages write it (é in a word, ¿ before one, « at its start) gains, one that stands where
nobody writes it (Ž or • inside a word, a control character) loses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

_SCORED_CHARACTERS: Final = 1_000
"""Characters outside ASCII that are scored at most: enough to tell, whatever the size."""


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
_SIGNS: Final = frozenset("ˆˇ")
"""Letters to Unicode, but no language here writes them."""
_INVERTED: Final = frozenset("¿¡")


def score(text: str) -> Score:
    """Measure a text: more points are better; see the module's description."""
    points, wrong = 0.0, 0
    end = len(text) - 1
    for found in islice(_OUTSIDE.finditer(text), _SCORED_CHARACTERS):
        at = found.start()
        before = text[at - 1] if at else " "
        after = text[at + 1] if at < end else " "
        worth = value(found[0], before, after)
        points += worth
        if worth <= -1:
            wrong += 1
    return Score(points, wrong)


def value(char: str, before: str, after: str) -> float:
    """What one character outside ASCII is worth between its neighbours; -1 or less is wrong."""
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
    if char.isalpha() and char not in _SIGNS:
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
