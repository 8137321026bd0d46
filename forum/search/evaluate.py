"""A plan worked out over arrays: which documents, how well, in what order, and counts.

A snapshot is one commit of the index, never changed. Documents are numbered through all its
segments; a set of them is an array of truth values, so AND, OR and NOT cost microseconds. Scores
are BM25 (S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework", 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.domain.query_tree import (
    After,
    Before,
    HasAttachment,
    InLanguage,
    InList,
    Newer,
    Tagged,
)
from forum.search import groups
from forum.search.plan import Either, Every, Plan, Sequence, Starting, Stems, Without
from forum.search.protocol import FACET_VALUES, Hit, Sort
from forum.search.whoosh_postings import Floats, Ints
from forum.search.whoosh_segment import (
    NUMBERS,
    IndexSegment,
    Names,
    Pairs,
    Vocabulary,
    stem_field,
    word_field,
)

EXPANSIONS: Final = 64
"""A prefix stands for its most frequent words, no more."""

_K1: Final = 1.2
_B: Final = 0.6
_KEPT_FILTERS: Final = 64

Mask = NDArray[np.bool_]
_Found = tuple[Mask, Floats | None]


class Snapshot:
    """All segments of one commit, as one."""

    def __init__(
        self,
        segments: list[IndexSegment],
        deleted: list[frozenset[int]],
        vocabulary: Vocabulary,
    ) -> None:
        self.segments = segments
        self.vocabulary = vocabulary
        self.offsets = np.cumsum([0, *(segment.count for segment in segments)]).tolist()
        self.count: int = self.offsets[-1]
        self.alive: Mask = np.ones(self.count, dtype=np.bool_)
        for offset, gone in zip(self.offsets, deleted, strict=False):
            self.alive[[offset + number for number in gone]] = False
        empty = [np.empty(0, dtype=NUMBERS)]
        numbers = np.concatenate([*empty, *(segment.numbers for segment in segments)])
        self.post_ids: Ints = np.ascontiguousarray(numbers["post_id"])
        self.list_ids: Ints = np.ascontiguousarray(numbers["list_id"])
        self.dates: Ints = np.ascontiguousarray(numbers["date"])
        self.years: Ints = self.dates.astype("M8[s]").astype("M8[Y]").astype(np.int64) + 1970
        self.has_attachment: Mask = numbers["has_attachment"] > 0
        self.authors = self._join(segment.authors for segment in segments)
        self.lists = self._join(segment.lists for segment in segments)
        lengths = numbers["length"].astype(np.float32)
        average = float(lengths.mean()) if self.count else 1.0
        self._norm: Floats = (_K1 * (1 - _B + _B * lengths / max(average, 1.0))).astype(np.float32)
        self._filters: dict[object, Mask] = {}
        self.languages = self._joined(lambda segment: segment.languages)
        self.tags = self._joined(lambda segment: segment.tags)
        self.shown_tags = self._joined(lambda segment: segment.shown_tags)
        self.thread_ids: Ints = np.ascontiguousarray(numbers["thread_id"])
        self.months: Ints = groups.month_numbers(self.dates)
        self.spoken: Ints = groups.spoken(self.count, *self.languages)

    @staticmethod
    def _join(parts: Iterable[Ints]) -> Ints:
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])

    def visible(self, list_ids: frozenset[int]) -> Mask:
        """The documents of these lists that are not deleted."""
        wanted = np.array(sorted(list_ids), dtype=np.int64)
        return self._kept(list_ids, lambda: self.alive & np.isin(self.list_ids, wanted))

    def find(self, plan: Plan, list_ids: frozenset[int]) -> tuple[Ints, Floats | None]:
        """Document numbers, ascending, and their scores; None where nothing was to be scored."""
        mask, scores = self._evaluate(plan)
        documents = np.flatnonzero(mask & self.visible(list_ids))
        return documents, None if scores is None else scores[documents]

    def page(
        self, documents: Ints, scores: Floats | None, sort: Sort, first: int, number: int
    ) -> tuple[Hit, ...]:
        """Some of the documents in order, from the first-th (0-based)."""
        if scores is None:
            scores = np.zeros(len(documents), dtype=np.float32)
        ids = self.post_ids[documents]
        keys = groups.order_keys(self, documents, scores, sort)
        wanted = first + number
        order = np.arange(len(documents))
        if len(order) > 4 * wanted:
            # Sorting the best few is enough: those up to the last one wanted, equal ones included.
            limit = np.partition(keys[-1], wanted - 1)[wanted - 1]
            order = np.flatnonzero(keys[-1] <= limit)
        order = order[np.lexsort([key[order] for key in keys])][first:wanted]
        return tuple(Hit(int(ids[n]), round(float(scores[n]), 4)) for n in order)

    def facets(self, documents: Ints) -> dict[str, dict[str, int]]:
        """The documents counted by value, the most frequent first."""
        mask = np.zeros(self.count, dtype=np.bool_)
        mask[documents] = True
        words = self.vocabulary
        years, counts = np.unique(self.years[documents], return_counts=True)
        return {
            "language": _counted(words.languages, _among(mask, self.languages)),
            "year": {str(year): int(n) for year, n in zip(years[::-1], counts[::-1], strict=True)},
            "author": _counted(words.authors, self.authors[documents]),
            "list": _counted(words.lists, self.lists[documents]),
            "tag": _counted(words.shown_tags, _among(mask, self.shown_tags)),
        }

    def _joined(self, pairs: Callable[[IndexSegment], Pairs]) -> tuple[Ints, Ints]:
        """Document numbers beside value numbers, of all segments."""
        parts = [pairs(segment) for segment in self.segments]
        documents = self._join(
            part.documents + offset for offset, part in zip(self.offsets, parts, strict=False)
        )
        return documents, self._join(part.codes for part in parts)

    def _evaluate(self, plan: Plan) -> _Found:
        match plan:
            case Every(parts):
                return self._combine(parts, np.logical_and)
            case Either(parts):
                return self._combine(parts, np.logical_or)
            case Without(part):
                return ~self._evaluate(part)[0], None
            case Stems():
                return self._stems(plan)
            case Sequence():
                field = word_field(plan.scope)
                return self._score(lambda s: [s.sequence(field, plan.steps)])
            case Starting():
                return self._starting(plan)
            case _:
                return self._kept(plan, lambda: self._filter(plan)), None

    def _combine(self, parts: Iterable[Plan], join: Callable[[Mask, Mask], Mask]) -> _Found:
        """Both sides' truth joined and their scores added where they matched."""
        mask: Mask | None = None
        scores: Floats | None = None
        for part in parts:
            other, more = self._evaluate(part)
            mask = other if mask is None else join(mask, other)
            if more is not None:
                scores = more if scores is None else scores + more
        assert mask is not None
        return mask, scores

    def _stems(self, stems: Stems) -> _Found:
        field = stem_field(stems.scope)
        mask, scores = self._score(lambda s: [s.postings(field, term) for term in stems.terms])
        for language in stems.excused:
            mask = mask | self._kept(InLanguage(language), partial(self._language, language))
        return mask, scores

    def _starting(self, starting: Starting) -> _Found:
        field = word_field(starting.scope)
        frequencies: dict[str, int] = {}
        for segment in self.segments:
            for term, number in segment.expand(field, starting.prefix).items():
                frequencies[term] = frequencies.get(term, 0) + number
        best = sorted(frequencies, key=lambda term: (-frequencies[term], term))[:EXPANSIONS]
        return self._score(lambda s: [s.postings(field, term) for term in best])

    def _score(
        self, read: Callable[[IndexSegment], list[tuple[Ints, Floats]]]
    ) -> tuple[Mask, Floats]:
        """BM25 of all forms of one word together."""
        weights = np.zeros(self.count, dtype=np.float32)
        for offset, segment in zip(self.offsets, self.segments, strict=False):
            here = weights[offset : offset + segment.count]
            for documents, weight in read(segment):
                # A form names a document once, so this adds without losing any.
                here[documents] += weight
        mask = weights > 0
        found = np.flatnonzero(mask)
        scores = np.zeros(self.count, dtype=np.float32)
        rarity = np.log1p((self.count - len(found) + 0.5) / (len(found) + 0.5))
        some = weights[found]
        scores[found] = rarity * some * (_K1 + 1) / (some + self._norm[found])
        return mask, scores

    def _filter(self, plan: Any) -> Mask:
        match plan:
            case After(moment):
                return self.dates >= seconds(moment)
            case Before(moment):
                return self.dates < seconds(moment)
            case Newer(post_id):
                return self.post_ids > post_id
            case HasAttachment():
                return self.has_attachment
            case InList(slug):
                return np.equal(self.lists, self.vocabulary.lists.find(slug))
            case InLanguage(code):
                return self._language(code)
            case Tagged(tag):
                number = self.vocabulary.tags.find(tag)
                return self._having(number, self.tags)
        raise TypeError(f"not a plan: {plan!r}")

    def _language(self, language: str) -> Mask:
        code = self.vocabulary.languages.find(language)
        return self._having(code, self.languages)

    def _having(self, code: int, pairs: tuple[Ints, Ints]) -> Mask:
        documents, codes = pairs
        mask = np.zeros(self.count, dtype=np.bool_)
        mask[documents[codes == code]] = True
        return mask

    def _kept(self, key: object, make: Callable[[], Mask]) -> Mask:
        """A filter's documents, remembered as long as the snapshot."""
        found = self._filters.get(key)
        if found is None:
            found = make()
            if len(self._filters) < _KEPT_FILTERS:
                self._filters[key] = found
        return found


def seconds(moment: datetime) -> int:
    """A time as the index keeps it: seconds since 1970, UTC."""
    return int(moment.timestamp() // 1)


def _among(mask: Mask, pairs: tuple[Ints, Ints]) -> Ints:
    """The value numbers of some documents."""
    documents, codes = pairs
    return codes[mask[documents]]


def _counted(names: Names, codes: Ints) -> dict[str, int]:
    """How often each value occurs, the most frequent first; at most FACET_VALUES of them."""
    counts = np.bincount(codes, minlength=1)
    if np.count_nonzero(counts) > FACET_VALUES:
        # Sorting the most frequent is enough: those as frequent as the last one wanted.
        limit = np.partition(counts, -FACET_VALUES)[-FACET_VALUES]
        some = np.flatnonzero(counts >= limit)
    else:
        some = np.flatnonzero(counts)
    order = sorted(some.tolist(), key=lambda n: (-counts[n], names.values[n]))
    shown = {names.values[n]: int(counts[n]) for n in order if names.values[n]}
    return dict(islice(shown.items(), FACET_VALUES))
