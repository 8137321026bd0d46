"""How far two words are from one another, in letters."""

from __future__ import annotations

from typing import Final

SHORTEST: Final = 4
"""Letters of a word for which others are looked for: of shorter ones too many are near."""

TWO_LETTERS_FROM: Final = 6
"""Letters of a word in which two may be wrong; in a shorter one, one."""


def letters_allowed(word: str) -> int:
    """How many letters may be wrong in a word."""
    if len(word) < SHORTEST:
        return 0
    return 2 if len(word) >= TWO_LETTERS_FROM else 1


def distance(one: str, other: str, most: int) -> int | None:
    """Letters to change, add, leave out or swap with the next; None where it takes more.

    The restricted form of the distance of Damerau (1964) and Levenshtein (1966), by rows of which
    only the middle is worked out.

    Args:
        most: no more than this many count.
    """
    if abs(len(one) - len(other)) > most:
        return None
    too_many = most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        begin, end = max(1, row - most), min(len(other), row + most)
        this = [too_many] * (len(other) + 1)
        this[0] = row
        for column in range(begin, end + 1):
            same = letter == other[column - 1]
            best = min(last[column - 1] + (not same), last[column] + 1, this[column - 1] + 1)
            if (
                row > 1
                and column > 1
                and letter == other[column - 2]
                and one[row - 2] == other[column - 1]
            ):
                best = min(best, before[column - 2] + 1)
            this[column] = best
        if min(this[begin - 1 : end + 1]) > most:
            return None
        before, last = last, this
    return last[-1] if last[-1] <= most else None
