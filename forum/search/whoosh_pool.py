"""The postings of segments that become one, until they are put in order by term.

They are read term by term, so that the memory this takes does not grow with the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.search.whoosh_postings import Floats, Ints, PackedPostings, Postings

Written = tuple[str, bytes, int, bytes]
"""Field, term, the number of its documents, and its postings as they are stored."""

_AT_ONCE: Final = 4_096
"""Terms that are packed together when segments are merged."""


class MergingPool:
    """The postings of segments that become one, read term by term."""

    def __init__(self) -> None:
        self._readers: list[Any] = []
        self._numbers: list[Ints] = []

    def take_segment(self, reader: Any, start: int, renumbered: Mapping[int, int] | None) -> None:
        """Add all postings of a segment after those that are there.

        Args:
            reader: of the segment; it is read when all is written, and closed by `cleanup`.
            start: the number its first document gets.
            renumbered: the new numbers of the documents that are kept; None: all are.
        """
        numbers = np.arange(start, start + reader.doc_count_all(), dtype=np.int64)
        if renumbered is not None:
            numbers[:] = -1
            for old, new in renumbered.items():
                numbers[old] = new
        self._readers.append(reader)
        self._numbers.append(numbers)

    def iter_postings(self) -> Iterator[Written]:
        """All of them in the order of the index."""
        terms = merge(*(_terms(reader, place) for place, reader in enumerate(self._readers)))
        parts: list[_Part] = []
        for (field, term), where in groupby(terms, key=itemgetter(0, 1)):
            if parts and (parts[0].field != field or len(parts) == _AT_ONCE):
                yield from _joined(parts)
                parts.clear()
            part = _Part(field, term)
            for _, _, place in where:
                part.take(stored_postings(self._readers[place], field, term), self._numbers[place])
            if part.size:
                parts.append(part)
        yield from _joined(parts)

    def cleanup(self) -> None:
        """Give back the files."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._numbers.clear()


def _terms(reader: Any, place: int) -> Iterator[tuple[str, bytes, int]]:
    return ((field, term, place) for field, term in reader.all_terms())


class _Part:
    """The postings of one term from several segments."""

    def __init__(self, field: str, term: bytes) -> None:
        self.field, self.term = field, term
        self.size = 0
        self.documents: list[Ints] = []
        self.weights: list[Floats] = []
        self.counts: list[Ints] = []
        self.places: list[Ints] = []

    def take(self, packed: PackedPostings, numbers: Ints) -> None:
        """Add those of the documents that have a new number."""
        if packed.has_places:
            documents, counts, places = packed.read_places()
            kept = numbers[documents] >= 0
            self.counts.append(counts[kept])
            self.places.append(places[np.repeat(kept, counts)])
        else:
            documents, weights = packed.read()
            kept = numbers[documents] >= 0
            self.weights.append(weights[kept])
        documents = numbers[documents[kept]]
        self.documents.append(documents)
        self.size += len(documents)


def _joined(parts: list[_Part]) -> Iterator[Written]:
    if not parts:
        return
    sizes = np.array([part.size for part in parts], dtype=np.int64)
    with_places = bool(parts[0].counts)
    packed = Postings(
        sizes,
        _all(part.documents for part in parts),
        weights=None if with_places else _all(part.weights for part in parts),
        counts=_all(part.counts for part in parts) if with_places else None,
        places=_all(part.places for part in parts) if with_places else None,
    ).pack()
    for part, data in zip(parts, packed, strict=True):
        yield part.field, part.term, part.size, data


def _all(lists: Iterable[list[NDArray[Any]]]) -> NDArray[Any]:
    return np.concatenate(list(chain.from_iterable(lists)))


def stored_postings(reader: Any, field: str, term: str | bytes) -> PackedPostings:
    """The postings of a term of a segment.

    Raises:
        TermNotFound: it does not occur there.
    """
    found = reader.postings(field, term)
    # Around those of a segment with deletions Whoosh puts a filter; we leave them out later,
    # for all terms at once.
    packed: PackedPostings = getattr(found, "child", found)
    return packed
