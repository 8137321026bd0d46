"""How postings are stored in a Whoosh segment: one term, one run of packed arrays.

Whoosh's own codec stores pickled tuples of 128 postings and looks at the disk for each of them: an
index of seven times the text, 120 posts a second, and matchers that step through postings one by
one. This codec keeps Whoosh's segments, columns, deletions, merges and commits, and replaces terms
(`forum.search.whoosh_terms`) and postings: they are gathered in memory by term, packed, and read
back as arrays.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3Codec
from whoosh.reading import TermNotFound
from whoosh.writing import SegmentWriter

from forum.search.whoosh_terms import TermsReader, TermsWriter, read_varints, varints

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_SIZES: Final = struct.Struct("<II")
_WEIGHTS, _PLACES, _PACKED = 1, 2, 4
_PACKED_FROM: Final = 16
"""Postings; fewer are stored number by number, which is smaller and quicker then."""

_UNIT: Final = 4.0
"""Weights are stored in quarters where they fit into a byte."""

_LEVEL: Final = 1
_NOTHING: Final[array[Any]] = array("H")


class Postings:
    """Where one term occurs: documents, ascending, with weights and perhaps places."""

    __slots__ = ("counts", "documents", "places", "weights")

    def __init__(self) -> None:
        self.documents = array("I")
        self.weights: array[float] | None = None
        """None: all are 1."""
        self.counts: array[int] | None = None
        """Places in each document; None where places are not kept."""
        self.places: array[int] | None = None

    def pack(self) -> bytes:
        """All of it in bytes."""
        size = len(self.documents)
        counts, places = self.counts or _NOTHING, self.places or _NOTHING
        weights = self.weights or _NOTHING
        if weights.count(1.0) == size:
            weights = _NOTHING
        flags = (_WEIGHTS if weights else 0) | (_PLACES if counts else 0)
        quarters = [weight * _UNIT for weight in weights] if size < _PACKED_FROM else []
        if size < _PACKED_FROM and all(quarter.is_integer() for quarter in quarters):
            small = [size, *_steps(self.documents), *map(int, quarters), *counts]
            position = 0
            for count in counts:
                small += _steps(places[position : position + count])
                position += count
            return bytes([flags]) + varints(small)
        planes = zlib.compress(self._planes(weights, counts, places), _LEVEL)
        return bytes([flags | _PACKED]) + _SIZES.pack(size, len(places)) + planes

    def _planes(self, weights: array[Any], counts: array[Any], places: array[Any]) -> bytes:
        """Differences instead of numbers, low and high bytes apart: both compress well."""
        documents = np.frombuffer(self.documents, dtype="<u4")
        parts = [_split(np.diff(documents, prepend=documents.dtype.type(0)))]
        if weights:
            quarters = np.frombuffer(weights, dtype="<f4") * _UNIT
            whole = bool((quarters == np.rint(quarters)).all() and quarters.max() < 256)
            parts.append(bytes([whole]))
            parts.append(quarters.astype("u1" if whole else "<f4").tobytes())
        if counts:
            numbers = np.frombuffer(counts, dtype="<u2")
            flat = np.frombuffer(places, dtype="<u2").astype("<i4")
            steps = np.diff(flat, prepend=0)
            steps[_starts(numbers)] = flat[_starts(numbers)]
            parts += [_split(numbers), _split(steps.astype("<u2"))]
        return b"".join(parts)


class PackedPostings:
    """Postings as they were read; arrays are made when they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._flags = data[0]
        if self._flags & _PACKED:
            self._size, self._place_count = _SIZES.unpack_from(data, 1)
            self._body = zlib.decompress(data[1 + _SIZES.size :])
        else:
            self._size, *self._small = read_varints(data[1:])

    def is_active(self) -> bool:
        """Whether Whoosh can step to a posting: no, these are read as a whole."""
        return False

    @property
    def has_places(self) -> bool:
        """Whether they can be asked for places; otherwise they have weights."""
        return bool(self._flags & _PLACES)

    def read(self) -> tuple[Ints, Floats]:
        """Documents and weights."""
        documents, weights, _ = self._head() if self._flags & _PACKED else self._small_head()
        return documents, weights

    def read_places(self) -> tuple[Ints, Ints, Ints]:
        """Documents, number of places in each, and the places.

        Raises:
            ValueError: they have weights instead.
        """
        if not self.has_places:
            raise ValueError("these postings hold no places")
        size = self._size
        if self._flags & _PACKED:
            documents, _, position = self._head()
            counts = _join(self._body, "<u2", size, position)
            steps = _join(self._body, "<u2", self._place_count, position + 2 * size)
        else:
            documents, _, position = self._small_head()
            counts = np.array(self._small[position : position + size], dtype=np.int64)
            steps = np.array(self._small[position + size :], dtype=np.int64)
        sums = np.cumsum(steps)
        starts = _starts(counts)
        # Each document counts from zero again: take off what had been summed up before it.
        before = sums[starts] - steps[starts]
        return documents, counts, sums - np.repeat(before, counts)

    def _small_head(self) -> tuple[Ints, Floats, int]:
        size = self._size
        documents = np.cumsum(np.array(self._small[:size], dtype=np.int64))
        if not self._flags & _WEIGHTS:
            return documents, np.ones(size, dtype=np.float32), size
        quarters = np.array(self._small[size : 2 * size], dtype=np.float32)
        return documents, quarters / np.float32(_UNIT), 2 * size

    def _head(self) -> tuple[Ints, Floats, int]:
        body, size = self._body, self._size
        documents = np.cumsum(_join(body, "<u4", size, 0))
        position = 4 * size
        if not self._flags & _WEIGHTS:
            return documents, np.ones(size, dtype=np.float32), position
        whole = bool(body[position])
        stored = np.frombuffer(body, "u1" if whole else "<f4", size, position + 1)
        weights = stored.astype(np.float32) / np.float32(_UNIT)
        return documents, weights, position + 1 + size * (1 if whole else 4)


class PostingsPool:
    """The postings of the segment that is being written, in memory; it stands for Whoosh's pool."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, Postings]] = {}

    def add(self, item: object) -> None:
        """Whoosh's way to add one posting; our fields give it none."""
        raise TypeError(f"not a posting of ours: {item!r}")

    def take_stems(self, document: int, field: str, stems: Mapping[str, float]) -> None:
        """Add the terms of a document with their weights; documents come in ascending order."""
        terms = self._field(field)
        for stem, weight in stems.items():
            postings = terms[stem]
            if postings.weights is None:
                postings.weights = array("f")
            postings.documents.append(document)
            postings.weights.append(weight)

    def take_words(self, document: int, field: str, words: Mapping[str, list[int]]) -> None:
        """Add the terms of a document with their places, ascending."""
        terms = self._field(field)
        for word, places in words.items():
            postings = terms[word]
            if postings.counts is None or postings.places is None:
                postings.counts = array("H")
                postings.places = array("H")
            postings.documents.append(document)
            postings.counts.append(len(places))
            postings.places.extend(places)

    def take_segment(self, reader: Any, start: int, renumbered: Mapping[int, int] | None) -> None:
        """Add all postings of another segment.

        Args:
            reader: of the segment.
            start: the number its first document gets.
            renumbered: the new numbers of the documents that are kept; None: all are.
        """
        numbers = np.arange(start, start + reader.doc_count_all(), dtype=np.int64)
        if renumbered is not None:
            numbers[:] = -1
            for old, new in renumbered.items():
                numbers[old] = new
        for field, term in reader.all_terms():
            packed = stored_postings(reader, field, term)
            documents, weights = packed.read()
            kept = numbers[documents] >= 0
            if not kept.any():
                continue
            mine = self._field(field)[term.decode("utf-8")]
            mine.documents.frombytes(numbers[documents[kept]].astype("<u4").tobytes())
            if packed.has_places:
                _, counts, places = packed.read_places()
                mine.counts = mine.counts or array("H")
                mine.places = mine.places or array("H")
                mine.counts.frombytes(counts[kept].astype("<u2").tobytes())
                mine.places.frombytes(places[np.repeat(kept, counts)].astype("<u2").tobytes())
            else:
                mine.weights = mine.weights or array("f")
                mine.weights.frombytes(weights[kept].tobytes())

    def _field(self, field: str) -> dict[str, Postings]:
        if field not in self._fields:
            self._fields[field] = defaultdict(Postings)
        return self._fields[field]

    def iter_postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        """Field, term and postings in the order of the index."""
        for field in sorted(self._fields):
            terms = self._fields[field]
            # The order of the characters is that of their bytes in UTF-8, too.
            for term in sorted(terms):
                yield field, term.encode("utf-8"), terms[term]

    def cleanup(self) -> None:
        """Forget everything."""
        self._fields.clear()


class PackedWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer with our pool and codec."""

    def __init__(self, index: Any, **options: Any) -> None:
        super().__init__(index, codec=PackedCodec(), **options)
        self.pool = PostingsPool()

    def add_postings_to_pool(self, reader: Any, startdoc: int, docmap: Any) -> None:
        """When segments are merged."""
        self.pool.take_segment(reader, startdoc, docmap)


class PackedCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec but for terms and postings; its name is stored with every segment."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> Any:
        """What writes terms and postings."""
        return _PackedFieldWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> Any:
        """What reads them."""
        return _PackedReader(storage, segment)


class _PackedFieldWriter:
    """Terms and postings of a segment that is being written; Whoosh asks it by these names."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._terms = TermsWriter(segment.create_file(storage, PackedCodec.TERMS_EXT))
        self._postings = segment.create_file(storage, PackedCodec.POSTS_EXT)
        self.is_closed = False

    def add_postings(
        self, schema: Any, lengths: Any, items: Iterable[tuple[str, bytes, Postings]]
    ) -> None:
        """Write all terms of the segment, in order."""
        for field, term, postings in items:
            data = postings.pack()
            self._postings.write(data)
            self._terms.add(field, term, len(postings.documents), len(data))

    def close(self) -> None:
        """Finish the files."""
        self._terms.close()
        self._postings.close()
        self.is_closed = True


class _PackedReader(TermsReader):
    """Terms and postings of a segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        name = segment.make_filename(PackedCodec.TERMS_EXT)
        super().__init__(storage.open_file(name), storage.file_length(name))
        self._postings = segment.open_file(storage, PackedCodec.POSTS_EXT)

    def matcher(self, field: str, term: bytes, format_: Any, scorer: Any = None) -> PackedPostings:
        """The postings of a term.

        Raises:
            TermNotFound: it does not occur.
        """
        try:
            info = self.term_info(field, term)
        except KeyError:
            raise TermNotFound(f"{field}:{term!r}") from None
        return PackedPostings(self._postings.get(info.offset, info.length))

    def close(self) -> None:
        """Give back the files."""
        super().close()
        self._postings.close()


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


def _steps(numbers: Iterable[int]) -> list[int]:
    """Each number less the one before it."""
    steps = []
    before = 0
    for number in numbers:
        steps.append(number - before)
        before = number
    return steps


def _split(numbers: NDArray[Any]) -> bytes:
    """All lowest bytes, then all next ones, and so on."""
    size = numbers.dtype.itemsize
    planes = np.ascontiguousarray(numbers).view("u1").reshape(-1, size).T
    return planes.tobytes()


def _join(body: bytes, dtype: str, count: int, offset: int) -> Ints:
    size = np.dtype(dtype).itemsize
    planes = np.frombuffer(body, "u1", count * size, offset).reshape(size, count)
    numbers: Ints = np.ascontiguousarray(planes.T).view(dtype).reshape(count).astype(np.int64)
    return numbers


def _starts(counts: NDArray[Any]) -> Ints:
    """The index of each document's first place."""
    starts: Ints = np.cumsum(counts, dtype=np.int64) - counts
    return starts
