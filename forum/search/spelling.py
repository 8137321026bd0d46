"""Words that may have been meant, for words that occur nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase, digits
from typing import Final

from forum.domain.analysis import fold, normalise
from forum.domain.query_tree import Phrase, SearchQuery
from forum.domain.spelling import distance, letters_allowed
from forum.search.protocol import SearchIndex

_NEAREST: Final = 12
"""Words that are asked for one by one."""


def meant(index: SearchIndex, word: str, list_ids: frozenset[int]) -> str | None:
    """The word nearest to one, of those that the reader finds; of several the most frequent.

    The first letter is taken to be right, or swapped with the second, or one too many.

    Args:
        word: one that occurs in none of these lists.
        list_ids: what the reader may see: a word of other lists is never told.
    """
    wanted = fold(normalise(word))
    most = letters_allowed(wanted)
    if not most:
        return None
    near: dict[str, int] = {}
    for prefix in _prefixes(wanted):
        for candidate in index.words(prefix):
            if candidate != wanted and candidate not in near:
                away = distance(wanted, candidate, most)
                if away is not None and candidate.isalpha():
                    near[candidate] = away
    nearest = sorted(near, key=lambda one: (near[one], abs(len(one) - len(wanted)), one))
    best: tuple[int, int, str] | None = None
    for candidate in nearest[:_NEAREST]:
        number = _occurs(index, candidate, list_ids)
        this = (near[candidate], -number, candidate)
        if number and (best is None or this < best):
            best = this
    return best[2] if best else None


def _prefixes(word: str) -> Iterator[str]:
    """How a word that is near may begin: two letters each, so that no answer is too long."""
    yield from (word[0] + second for second in ascii_lowercase + digits)
    if word[1] != word[0]:
        yield word[1] + word[0]
        if word[1:3] != word[1] + word[0]:
            yield word[1:3]


def _occurs(index: SearchIndex, word: str, list_ids: frozenset[int]) -> int:
    """In how many posts of these lists a word stands as it is."""
    return index.find(SearchQuery(word, Phrase(word)), list_ids, per_page=1).total
