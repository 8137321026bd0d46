"""Numbers in seven bits a byte, the lowest first; the high bit says that more follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LIMITS: Final = (1 << 7, 1 << 14, 1 << 21, 1 << 28, 1 << 35, 1 << 42, 1 << 49, 1 << 56)


def varints(numbers: Sequence[int]) -> bytes:
    """Numbers as bytes."""
    if max(numbers, default=0) < 128:  # So it is with most blocks of terms.
        return bytes(numbers)
    found = bytearray()
    for number in numbers:
        while number > 127:
            found.append(number & 127 | 128)
            number >>= 7
        found.append(number)
    return bytes(found)


def read_varints(data: bytes) -> list[int]:
    """The numbers that `varints` wrote."""
    if max(data, default=0) < 128:
        return list(data)
    numbers = []
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    return numbers


def pack_varints(numbers: NDArray[np.int64], lengths: NDArray[np.int64]) -> Iterator[bytes]:
    """The same for many runs of numbers at once, each of one or more.

    Args:
        numbers: All of them, none below zero.
        lengths: How many each run has.
    """
    sizes = np.ones(len(numbers), dtype=np.int64)
    for limit in _LIMITS:
        larger = numbers >= limit
        if not larger.any():
            break
        sizes += larger
    ends = np.cumsum(sizes)
    starts = ends - sizes
    data = np.zeros(int(ends[-1]), dtype=np.uint8)
    for place in range(int(sizes.max())):
        some = sizes > place
        more = (sizes[some] > place + 1).astype(np.int64)
        data[starts[some] + place] = (numbers[some] >> (7 * place) & 127) | (more << 7)
    whole = data.tobytes()
    begin = 0
    for end in ends[np.cumsum(lengths) - 1].tolist():
        yield whole[begin:end]
        begin = end
