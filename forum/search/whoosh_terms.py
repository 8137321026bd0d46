"""The dictionary of a segment: its terms in order, in compressed blocks.

Whoosh's own is a hash table of some 85 bytes a term, more than all postings together. Here the
terms of a field stand in order, 64 in a block of about ten bytes each; the first terms of the
blocks are kept in memory.
"""

from __future__ import annotations

import json
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from forum.search.varints import read_varints, varints

BLOCK: Final = 64
"""Terms."""

KEPT_BLOCKS: Final = 256
"""In memory, read."""

_TRAILER: Final = struct.Struct("<QI")
_LEVEL: Final = 3


class TermInfo(NamedTuple):
    """What is known of a term."""

    frequency: int
    """Documents it occurs in."""
    offset: int
    """Of its postings, in bytes."""
    length: int

    def doc_frequency(self) -> int:
        """Whoosh's name for it."""
        return self.frequency


class _Block(NamedTuple):
    terms: list[bytes]
    numbers: list[int]
    """The frequency of each term, then the length of the postings of each."""
    offset: int
    """Of the postings of the first."""

    def info(self, place: int) -> TermInfo:
        """Of one term: a word's first search asks each segment for one in a block."""
        count = len(self.terms)
        before = sum(self.numbers[count : count + place])
        return TermInfo(self.numbers[place], self.offset + before, self.numbers[count + place])


class TermsWriter:
    """Takes the terms in order; their postings follow one another without gaps."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._position = 0
        self._offset = 0
        self._blocks: list[tuple[str, str, int, int, int]] = []

    def add(
        self, field: str, terms: Sequence[bytes], frequencies: list[int], lengths: list[int]
    ) -> None:
        """Note a block of terms; the next ones of the field fill a block of their own.

        Args:
            field: in order.
            terms: in order within the field, up to BLOCK; UTF-8 without line ends.
            frequencies: of each, documents it occurs in.
            lengths: of each, bytes of its postings.
        """
        packed = b"\n".join(terms) + b"\n\n" + varints(frequencies + lengths)
        data = zlib.compress(packed, _LEVEL)
        self._file.write(data)
        first = terms[0].decode("utf-8")
        self._blocks.append((field, first, self._offset, self._position, len(data)))
        self._position += len(data)
        self._offset += sum(lengths)

    def close(self) -> None:
        """Write the list of the blocks."""
        index = zlib.compress(json.dumps(self._blocks).encode("utf-8"), _LEVEL)
        self._file.write(index + _TRAILER.pack(self._position, len(index)))
        self._file.close()


class TermsReader:
    """The dictionary of a segment; Whoosh's segment reader asks it by these names."""

    def __init__(self, file: Any, length: int) -> None:
        self._file = file
        position, size = _TRAILER.unpack(file.get(length - _TRAILER.size, _TRAILER.size))
        blocks = json.loads(zlib.decompress(file.get(position, size)))
        self._first: dict[str, list[bytes]] = {}
        self._where: dict[str, list[tuple[int, int, int]]] = {}
        for field, first, offset, start, count in blocks:
            self._first.setdefault(field, []).append(first.encode("utf-8"))
            self._where.setdefault(field, []).append((offset, start, count))
        self._kept: OrderedDict[tuple[str, int], _Block] = OrderedDict()

    def indexed_field_names(self) -> Iterable[str]:
        """The fields that have terms."""
        return self._first.keys()

    def term_info(self, field: str, term: bytes) -> TermInfo:
        """What is known of a term.

        Raises:
            KeyError: it does not occur.
        """
        number = bisect_right(self._first.get(field, ()), term) - 1
        if number >= 0:
            block = self._block(field, number)
            place = bisect_left(block.terms, term)
            if place < len(block.terms) and block.terms[place] == term:
                return block.info(place)
        raise KeyError(term)

    def doc_frequency(self, field: str, term: bytes) -> int:
        """In how many documents a term occurs; KeyError: in none."""
        return self.term_info(field, term).frequency

    def items_from(self, field: str, start: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """The terms of a field from this one on, in order."""
        first = self._first.get(field, [])
        for number in range(max(bisect_right(first, start) - 1, 0), len(first)):
            block = self._block(field, number)
            begin = bisect_left(block.terms, start)
            for place in range(begin, len(block.terms)):
                yield (field, block.terms[place]), block.info(place)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """All terms, in order."""
        for field in sorted(self._first):
            for key, _ in self.items_from(field, b""):
                yield key

    def _block(self, field: str, number: int) -> _Block:
        key = (field, number)
        found = self._kept.get(key)
        if found is None:
            found = self._read(*self._where[field][number])
            self._kept[key] = found
            if len(self._kept) > KEPT_BLOCKS:
                self._kept.popitem(last=False)
        return found

    def _read(self, offset: int, start: int, count: int) -> _Block:
        terms, _, rest = zlib.decompress(self._file.get(start, count)).partition(b"\n\n")
        return _Block(terms.split(b"\n"), read_varints(rest), offset)

    def close(self) -> None:
        """Give back the file."""
        self._file.close()
