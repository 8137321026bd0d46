"""One commit of the index as arrays: what is known of each document, and what filters ask.

A snapshot never changes. Documents are numbered through all its segments.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
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
from forum.search.whoosh_postings import Floats, Ints
from forum.search.whoosh_segment import NUMBERS, IndexSegment, Pairs, Vocabulary

K1: Final = 1.2
B: Final = 0.6
"""Of BM25: how soon a word said again counts no more, and how much the length of a text does."""

KEPT_BYTES: Final = 32_000_000
"""Of what words found; the least recently asked go first."""

MONTHS: Final = 12

_KEPT_FILTERS: Final = 64

Mask = NDArray[np.bool_]
Found = tuple[Ints, Floats | None]
"""Documents, ascending, and their scores; None where nothing was to be scored."""


class Snapshot:
    """All segments of one commit, as one; safe for several threads."""

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
        self.thread_ids: Ints = np.ascontiguousarray(numbers["thread_id"])
        self.dates: Ints = np.ascontiguousarray(numbers["date"])
        self.has_attachment: Mask = numbers["has_attachment"] > 0
        self.authors = _join(segment.authors for segment in segments)
        self.lists = _join(segment.lists for segment in segments)
        lengths = numbers["length"].astype(np.float32)
        average = float(lengths.mean()) if self.count else 1.0
        self.norm: Floats = (K1 * (1 - B + B * lengths / max(average, 1.0))).astype(np.float32)
        self.languages = self._joined(lambda segment: segment.languages)
        self.tags = self._joined(lambda segment: segment.tags)
        self.shown_tags = self._joined(lambda segment: segment.shown_tags)
        self.by_time = ByTime(self.dates, *self.languages, len(vocabulary.languages.values))
        self._filters: dict[object, Mask] = {}
        self._found: OrderedDict[Hashable, Found] = OrderedDict()
        self._found_bytes = 0
        self._lock = threading.Lock()

    def visible(self, list_ids: frozenset[int]) -> Mask:
        """The documents of these lists that are not deleted."""
        wanted = np.array(sorted(list_ids), dtype=np.int64)
        return self._kept(list_ids, lambda: self.alive & np.isin(self.list_ids, wanted))

    def matching(self, wanted: Any) -> Mask:
        """The documents that fulfil a filter."""
        return self._kept(wanted, lambda: self._filter(wanted))

    def found(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """What one word finds: kept, for what is asked once is asked again with more beside."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        found = find()
        with self._lock:
            if self._found.setdefault(key, found) is found:
                self._found_bytes += _size(found)
            while self._found_bytes > KEPT_BYTES and len(self._found) > 1:
                self._found_bytes -= _size(self._found.popitem(last=False)[1])
        return found

    def _joined(self, pairs: Callable[[IndexSegment], Pairs]) -> tuple[Ints, Ints]:
        """Document numbers beside value numbers, of all segments."""
        parts = [pairs(segment) for segment in self.segments]
        documents = _join(
            part.documents + offset for offset, part in zip(self.offsets, parts, strict=False)
        )
        return documents, _join(part.codes for part in parts)

    def _filter(self, wanted: Any) -> Mask:
        match wanted:
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
                return self._having(self.vocabulary.languages.find(code), self.languages)
            case Tagged(tag):
                return self._having(self.vocabulary.tags.find(tag), self.tags)
        raise TypeError(f"not a filter: {wanted!r}")

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


class ByTime:
    """The month and the language of each document as one number, so that both count at once."""

    def __init__(self, dates: Ints, documents: Ints, codes: Ints, languages: int) -> None:
        count = len(dates)
        self.width = languages + 1
        spoken = np.zeros(count, dtype=np.int64)
        spoken[documents] = codes + 1
        # In the first column: documents in several languages.
        spoken[np.bincount(documents, minlength=count) > 1] = 0
        numbers = dates.astype("M8[s]").astype("M8[M]").astype(np.int64)
        self.months, places = np.unique(numbers, return_inverse=True)
        years, self._first_months = np.unique(self.months // MONTHS, return_index=True)
        self.years: Ints = 1970 + years
        self._slots: Ints = places.reshape(-1) * self.width + spoken
        among = spoken[documents] == 0
        self.several = documents[among], codes[among]
        """Document numbers beside language numbers, of documents in several."""

    def table(self, documents: Ints) -> NDArray[np.int64]:
        """Documents counted: a row a month (`months`), a column a language behind the first."""
        size = len(self.months) * self.width
        counts = np.bincount(self._slots[documents], minlength=size)
        return counts.reshape(len(self.months), self.width)

    def by_year(self, table: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of such a table added up to one a year (`years`)."""
        if not len(self._first_months):
            return table
        added: NDArray[np.int64] = np.add.reduceat(table, self._first_months, axis=0)
        return added


def seconds(moment: datetime) -> int:
    """A time as the index keeps it: seconds since 1970, UTC."""
    return int(moment.timestamp() // 1)


def _join(parts: Iterable[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _size(found: Found) -> int:
    documents, scores = found
    return int(documents.nbytes) + (0 if scores is None else int(scores.nbytes)) + 400
