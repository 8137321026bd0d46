"""The bytes in which a Whoosh segment keeps the postings of a term, and the arrays read from them.

Few postings are stored number by number (varints), which is smaller and quicker then; many as
differences, low and high bytes apart, compressed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.search.varints import pack_varints, read_varints

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

PACKED_FROM: Final = 16
"""Postings; fewer are stored number by number."""

_SIZES: Final = struct.Struct("<II")
_WEIGHTS, _PLACES, _PACKED = 1, 2, 4
_UNIT: Final = 4.0
"""Weights are stored in quarters where they fit into a byte."""

_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class Postings:
    """The postings of several terms in order: each in ascending documents, without empty terms."""

    sizes: Ints
    """Of each term: its documents."""
    documents: Ints
    weights: Floats | None = None
    """Beside `documents`; None: all are 1."""
    counts: Ints | None = None
    """Beside `documents`: places in each; None where places are not kept."""
    places: Ints | None = None

    def pack(self) -> Iterator[bytes]:
        """The bytes of each term, in order."""
        small = self.sizes < PACKED_FROM
        quarters = None
        if self.weights is not None:
            quarters = self.weights * _UNIT
            whole = quarters == np.rint(quarters)
            small &= np.logical_and.reduceat(whole, starts_of(self.sizes))
        few = self._few(small, quarters)
        if small.all():
            yield from few
            return
        starts = starts_of(self.sizes)
        first_place = None if self.counts is None else starts_of(self.counts)
        for number, is_small in enumerate(small.tolist()):
            if is_small:
                yield next(few)
                continue
            start, end = int(starts[number]), int(starts[number] + self.sizes[number])
            weights = None if self.weights is None else self.weights[start:end]
            if self.counts is None or first_place is None or self.places is None:
                yield _pack(self.documents[start:end], weights, None, None)
                continue
            begin, counts = int(first_place[start]), self.counts[start:end]
            places = self.places[begin : begin + int(counts.sum())]
            yield _pack(self.documents[start:end], weights, counts, places)

    def _few(self, small: NDArray[np.bool_], quarters: Floats | None) -> Iterator[bytes]:
        """The bytes of the small ones: flags, number, documents, weights, counts, places."""
        sizes = self.sizes[small]
        if not len(sizes):
            return iter(())
        mine = np.repeat(small, self.sizes)
        steps = _steps(self.documents[mine], sizes)
        inside = within(sizes)
        weighed = np.zeros(len(sizes), dtype=np.bool_)
        if quarters is not None:
            weighed = ~np.logical_and.reduceat(quarters[mine] == _UNIT, starts_of(sizes))
        lengths = 2 + sizes * (1 + weighed)
        totals = np.zeros(len(sizes), dtype=np.int64)
        if self.counts is not None:
            totals = np.add.reduceat(self.counts[mine], starts_of(sizes))
            lengths = lengths + sizes + totals
        starts = starts_of(lengths)
        numbers = np.zeros(int(lengths.sum()), dtype=np.int64)
        numbers[starts] = _WEIGHTS * weighed + _PLACES * (self.counts is not None)
        numbers[starts + 1] = sizes
        at = np.repeat(starts + 2, sizes) + inside
        numbers[at] = steps
        behind = np.repeat(sizes, sizes)
        if quarters is not None:
            which = np.repeat(weighed, sizes)
            numbers[(at + behind)[which]] = quarters[mine][which].astype(np.int64)
        if self.counts is not None and self.places is not None:
            # These have no weights: their counts follow the documents.
            counts = self.counts[mine]
            numbers[at + behind] = counts
            places = self.places[np.repeat(mine, self.counts)]
            first = np.repeat(starts + 2 + 2 * sizes, totals)
            numbers[first + within(totals)] = _steps(places, counts)
        return pack_varints(numbers, lengths)


def _pack(
    documents: Ints, weights: Floats | None, counts: Ints | None, places: Ints | None
) -> bytes:
    flags = _PACKED
    if weights is not None and not bool((weights == 1.0).all()):
        flags |= _WEIGHTS
    parts = [_split(_from_before(documents).astype("<u4"))]
    if flags & _WEIGHTS and weights is not None:
        quarters = weights * np.float32(_UNIT)
        whole = bool((quarters == np.rint(quarters)).all() and quarters.max() < 256)
        parts.append(bytes([whole]))
        parts.append(quarters.astype("u1" if whole else "<f4").tobytes())
    if counts is not None and places is not None:
        flags |= _PLACES
        parts.append(_split(counts.astype("<u2")))
        parts.append(_split(_steps(places, counts).astype("<u2")))
    number = 0 if places is None else len(places)
    planes = zlib.compress(b"".join(parts), _LEVEL)
    return bytes([flags]) + _SIZES.pack(len(documents), number) + planes


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
        starts = starts_of(counts)
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


def starts_of(sizes: NDArray[Any]) -> Ints:
    """Where each of some runs of these sizes begins."""
    starts: Ints = np.cumsum(sizes, dtype=np.int64) - sizes
    return starts


def within(sizes: Ints) -> Ints:
    """0, 1, 2 … inside of each of some runs of these sizes."""
    found: Ints = np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(starts_of(sizes), sizes)
    return found


def _steps(numbers: Ints, sizes: Ints) -> Ints:
    """Each number less the one before it in its run; the first one as it is."""
    steps = _from_before(numbers)
    starts = starts_of(sizes)
    steps[starts] = numbers[starts]
    return steps


def _from_before(numbers: Ints) -> Ints:
    """Each number less the one before it; `numpy.diff` takes three times as long for few."""
    steps = numbers.copy()
    steps[1:] -= numbers[:-1]
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
