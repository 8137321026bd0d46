"""The postings of a segment that is being written, until they are put in order by term.

Those of new documents are gathered in flat arrays and put in order at once; those of segments that
are merged are read term by term, so that the memory this takes does not grow with the index.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.search.whoosh_postings import Floats, Ints, PackedPostings, Postings, starts_of

Written = tuple[str, bytes, int, bytes]
"""Field, term, the number of its documents, and its postings as they are stored."""

_AT_ONCE: Final = 4_096
"""Terms that are packed together when segments are merged."""


class _Numbers(dict[str, int]):
    """Terms numbered as they come."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


class _Gathered:
    """The postings of one field, in the order of the documents."""

    def __init__(self) -> None:
        self.numbers = _Numbers()
        self.terms = array("I")
        self.documents = array("I")
        self.sizes = array("I")
        """Beside `documents`: how many terms each has."""
        self.weights = array("f")
        self.counts = array("I")
        self.places = array("H")

    def take(self, document: int, terms: Mapping[str, object]) -> None:
        """The terms of a document; documents come in ascending order."""
        self.terms.extend(map(self.numbers.__getitem__, terms))
        self.documents.append(document)
        self.sizes.append(len(terms))

    def written(self, field: str) -> Iterator[Written]:
        """All of it by term, in order."""
        # The order of the characters is that of their bytes in UTF-8, too.
        terms = sorted(self.numbers)
        rank = np.empty(len(terms), dtype=np.int32)
        rank[[self.numbers[term] for term in terms]] = np.arange(len(terms))
        ranks = rank[np.frombuffer(self.terms, dtype=np.uint32)]
        order = np.argsort(ranks, kind="stable")
        sizes = np.bincount(ranks, minlength=len(terms))
        documents = np.repeat(_wide(self.documents), _wide(self.sizes))[order]
        weights = counts = places = None
        if self.weights:
            weights = np.frombuffer(self.weights, dtype=np.float32)[order]
        if self.counts:
            in_turn = _wide(self.counts)
            counts = in_turn[order]
            shift = starts_of(in_turn)[order] - starts_of(counts)
            places = _wide(self.places)[np.repeat(shift, counts) + np.arange(len(self.places))]
        packed = Postings(sizes, documents, weights, counts, places).pack()
        for term, size, data in zip(terms, sizes.tolist(), packed, strict=True):
            yield field, term.encode("utf-8"), size, data


def _wide(numbers: array[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


class PostingsPool:
    """The postings of new documents, in memory; it stands for Whoosh's pool."""

    def __init__(self) -> None:
        self._fields: dict[str, _Gathered] = {}

    def add(self, item: object) -> None:
        """Whoosh's way to add one posting; our fields give it none."""
        raise TypeError(f"not a posting of ours: {item!r}")

    def take_stems(self, document: int, field: str, stems: Mapping[str, float]) -> None:
        """Add the terms of a document with their weights; documents come in ascending order."""
        if stems:
            gathered = self._field(field)
            gathered.take(document, stems)
            gathered.weights.extend(stems.values())

    def take_words(self, document: int, field: str, words: Mapping[str, list[int]]) -> None:
        """Add the terms of a document with their places, ascending, one at least."""
        if words:
            gathered = self._field(field)
            gathered.take(document, words)
            gathered.counts.extend(map(len, words.values()))
            gathered.places.extend(chain.from_iterable(words.values()))

    @property
    def places(self) -> int:
        """How many places of words there are: what tells best how much memory this takes."""
        return sum(len(gathered.places) for gathered in self._fields.values())

    def _field(self, field: str) -> _Gathered:
        if field not in self._fields:
            self._fields[field] = _Gathered()
        return self._fields[field]

    def iter_postings(self) -> Iterator[Written]:
        """All of them in the order of the index; each field is forgotten when it was given."""
        for field in sorted(self._fields):
            yield from self._fields.pop(field).written(field)

    def cleanup(self) -> None:
        """Forget everything."""
        self._fields.clear()


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
