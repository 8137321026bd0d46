"""The order in which a reply tree is read: each message, then what answers it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def reading_order(keys: Sequence[K], parents: Mapping[K, K | None]) -> Iterator[tuple[K, int]]:
    """Walk a reply tree depth first, without recursion.

    Args:
        keys: All keys, in the order siblings are to have.
        parents: The parent of each key; None, or a key that is not there, makes a root.

    Returns:
        Pairs of key and 0-based depth.
    """
    known = set(keys)
    children: dict[K, list[K]] = {}
    roots: list[K] = []
    for key in keys:
        parent = parents.get(key)
        if parent is None or parent not in known:
            roots.append(key)
        else:
            children.setdefault(parent, []).append(key)
    stack = [(root, 0) for root in reversed(roots)]
    while stack:
        key, depth = stack.pop()
        yield key, depth
        stack.extend((child, depth + 1) for child in reversed(children.get(key, ())))
