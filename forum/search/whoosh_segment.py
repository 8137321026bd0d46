"""One segment of a Whoosh index, read into arrays.

Whoosh is the inverted file: it keeps the terms and their postings, packed by
`forum.search.whoosh_codec`. Those of a term are read into arrays once and kept; what a query does
with them is arithmetic on arrays (`forum.search.evaluate`).
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh import columns, fields, formats
from whoosh.reading import SegmentReader, TermNotFound

from forum.domain.analysis import VARIANT, variant
from forum.domain.query_tree import Scope
from forum.search.plan import Step
from forum.search.whoosh_pool import stored_postings
from forum.search.whoosh_postings import Floats, Ints

NUMBERS: Final = np.dtype(
    [
        ("post_id", "<i8"),
        ("list_id", "<i8"),
        ("thread_id", "<i8"),
        ("date", "<i8"),  # Seconds since 1970, UTC.
        ("length", "<f4"),  # Words of own text.
        ("has_attachment", "<i4"),
    ]
)
"""What is kept of each document as numbers."""

LABEL: Final = "\x1e"
VALUE: Final = "\x1f"
"""Between and inside the labels of a document: author, list, languages, tags, shown tags."""

KEPT_BYTES: Final = 48_000_000
"""Of postings, for each segment; the least recently used go first."""

SCANNED_TERMS: Final = 20_000
"""A prefix of one letter must not read the whole vocabulary."""

_PLACE_BITS: Final = 16
_PLACE_BIAS: Final = 4096
"""Added to positions, so that an offset can be taken off without going below zero."""


class PostingsField(fields.FieldType):  # type: ignore[misc]
    """A field whose postings go to the pool of the writer (`forum.search.whoosh_codec`)."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None)


def stem_field(scope: Scope) -> str:
    """The field of a scope's stems."""
    return scope.value


def word_field(scope: Scope) -> str:
    """The field of a scope's unstemmed words with their places."""
    return f"{scope.value}_words"


def make_schema() -> Any:
    """The fields of the index."""
    schema = fields.Schema(
        numbers=fields.COLUMN(columns.FixedBytesColumn(NUMBERS.itemsize)),
        labels=fields.COLUMN(columns.VarBytesColumn()),
    )
    for scope in Scope:
        schema.add(word_field(scope), PostingsField())
        if scope is not Scope.AUTHOR:
            schema.add(stem_field(scope), PostingsField())
    return schema


class Names:
    """Numbers for values that repeat; they only ever grow, and all segments share them."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._codes: dict[str, int] = {}
        self._lock = threading.Lock()

    def code(self, value: str) -> int:
        """The number of a value, a new one if need be."""
        code = self._codes.get(value)
        if code is None:
            with self._lock:
                code = self._codes.setdefault(value, len(self.values))
                if code == len(self.values):
                    self.values.append(value)
        return code

    def find(self, value: str) -> int:
        """The number of a value, -1 for an unknown one."""
        return self._codes.get(value, -1)


class Pairs:
    """Values of which a document may have several: document numbers beside value numbers."""

    def __init__(self, names: Names, values: Iterable[str]) -> None:
        documents, codes = array("q"), array("q")
        for number, joined in enumerate(values):
            for value in joined.split(VALUE) if joined else ():
                documents.append(number)
                codes.append(names.code(value))
        self.documents: Ints = np.array(documents, dtype=np.int64)
        self.codes: Ints = np.array(codes, dtype=np.int64)


class Vocabulary:
    """The value numbers that all segments of one index share."""

    def __init__(self) -> None:
        self.authors = Names()
        self.lists = Names()
        self.languages = Names()
        self.tags = Names()
        self.shown_tags = Names()


class IndexSegment:
    """A segment as arrays; safe for several threads."""

    def __init__(self, storage: Any, schema: Any, segment: Any, vocabulary: Vocabulary) -> None:
        self.name: str = segment.segment_id()
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], tuple[NDArray[Any], ...]] = OrderedDict()
        self._kept_bytes = 0
        self._reader = SegmentReader(storage, schema, segment)
        self.count: int = segment.doc_count_all()
        raw = b"".join(self._reader.column_reader("numbers", translate=False))
        self.numbers = np.frombuffer(raw, dtype=NUMBERS)
        labels = [
            value.decode("utf-8").split(LABEL)
            for value in self._reader.column_reader("labels", translate=False)
        ]
        self.authors: Ints = _codes(vocabulary.authors, (label[0] for label in labels))
        self.lists: Ints = _codes(vocabulary.lists, (label[1] for label in labels))
        self.languages = Pairs(vocabulary.languages, (label[2] for label in labels))
        self.tags = Pairs(vocabulary.tags, (label[3] for label in labels))
        self.shown_tags = Pairs(vocabulary.shown_tags, (label[4] for label in labels))

    def close(self) -> None:
        """Give back the file; it must not be used again."""
        with self._lock:
            self._reader.close()

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term occurs."""
        with self._lock:
            try:
                found: int = self._reader.doc_frequency(field, term)
            except TermNotFound:
                return 0
            return found

    def postings(self, field: str, term: str) -> tuple[Ints, Floats]:
        """Numbers of the documents with a term, ascending, and its weight in each."""
        key = ("postings", field, term)
        found: tuple[Ints, Floats] = self._keep(key, lambda: self._read(field, term))
        return found

    def places(self, field: str, term: str) -> Ints:
        """Where a term stands: ascending keys of document and position."""
        key = ("places", field, term)
        found: Ints = self._keep(key, lambda: (self._read_places(field, term),))[0]
        return found

    def expand(self, field: str, prefix: str) -> dict[str, int]:
        """Terms that begin so, with the number of documents of each."""
        found: dict[str, int] = {}
        with self._lock:
            for term, info in self._reader.iter_prefix(field, prefix):
                found[term.decode("utf-8")] = info.doc_frequency()
                if len(found) == SCANNED_TERMS:
                    break
        return found

    def sequence(self, field: str, steps: tuple[Step, ...]) -> tuple[Ints, Floats]:
        """Documents in which words stand in this order, and how often."""
        forms = [(step.offset, self._forms(field, step)) for step in steps]
        weighed = sorted(
            (sum(self.frequency(field, term) for term in terms), offset, terms)
            for offset, terms in forms
        )
        if not weighed[0][0]:
            return _NO_INTS, _NO_FLOATS
        keys: Ints | None = None
        # Beginning with the rarest, so that little is left to look for in the long lists.
        for _, offset, terms in weighed:
            here = self._places(field, terms) - offset
            if keys is not None and len(here):
                at = np.minimum(np.searchsorted(here, keys), len(here) - 1)
                here = keys[here[at] == keys]
            if not len(here):
                return _NO_INTS, _NO_FLOATS
            keys = here
        assert keys is not None
        documents, counts = np.unique(keys >> _PLACE_BITS, return_counts=True)
        return documents, counts.astype(np.float32)

    def _places(self, field: str, terms: list[str]) -> Ints:
        """Places of several forms of one word, ascending."""
        parts = [part for term in terms if len(part := self.places(field, term))]
        if len(parts) < 2:
            return parts[0] if parts else _NO_INTS
        return np.sort(np.concatenate(parts), kind="stable")

    def _forms(self, field: str, step: Step) -> list[str]:
        if step.written is not None:
            return [variant(step.word, step.written)]
        return [step.word, *self.expand(field, step.word + VARIANT)]

    def _keep(self, key: tuple[str, str, str], read: Callable[[], tuple[NDArray[Any], ...]]) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            value = read()
            self._kept[key] = value
            self._kept_bytes += sum(part.nbytes for part in value) + 400
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._kept_bytes -= sum(part.nbytes for part in old) + 400
            return value

    def _read(self, field: str, term: str) -> tuple[Ints, Floats]:
        try:
            return stored_postings(self._reader, field, term).read()
        except TermNotFound:
            return _NO_INTS, _NO_FLOATS

    def _read_places(self, field: str, term: str) -> Ints:
        try:
            packed = stored_postings(self._reader, field, term)
        except TermNotFound:
            return _NO_INTS
        documents, counts, places = packed.read_places()
        return (np.repeat(documents, counts) << _PLACE_BITS) + places + _PLACE_BIAS


_NO_INTS: Ints = np.empty(0, dtype=np.int64)
_NO_FLOATS: Floats = np.empty(0, dtype=np.float32)


def _codes(names: Names, values: Iterable[str]) -> Ints:
    return np.array([names.code(value) for value in values], dtype=np.int64)
