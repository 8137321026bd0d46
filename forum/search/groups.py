"""Hits of a snapshot taken together: in order, counted, and by thread."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.domain.values import MULTIPLE
from forum.search.protocol import FACET_VALUES, Facets, Hit, Months, Sort
from forum.search.snapshot import Snapshot
from forum.search.whoosh_postings import Floats, Ints
from forum.search.whoosh_segment import Names

_MONTHS: Final = 12


def page(
    snapshot: Snapshot,
    documents: Ints,
    scores: Floats | None,
    sort: Sort,
    first: int,
    number: int,
) -> tuple[Hit, ...]:
    """Some of the documents in order, from the first-th (0-based)."""
    if scores is None:
        scores = np.zeros(len(documents), dtype=np.float32)
    wanted = first + number
    if len(documents) > 4 * wanted:
        # Sorting the best few is enough.
        best = _least(_first_key(snapshot, documents, scores, sort), wanted)
        documents, scores = documents[best], scores[best]
    order = np.lexsort(_order_keys(snapshot, documents, scores, sort))[first:wanted]
    ids = snapshot.post_ids[documents[order]].tolist()
    return tuple(
        Hit(post_id, round(score, 4))
        for post_id, score in zip(ids, scores[order].tolist(), strict=True)
    )


def by_thread(
    snapshot: Snapshot, documents: Ints, scores: Floats | None, sort: Sort
) -> tuple[Ints, Floats | None, Mapping[int, int]]:
    """The first document of each thread in an order.

    Returns:
        Their numbers, their scores, and how many documents each thread had, by post id.
    """
    weights = np.zeros(len(documents), dtype=np.float32) if scores is None else scores
    order = np.lexsort(_order_keys(snapshot, documents, weights, sort))
    threads = snapshot.thread_ids[documents[order]]
    _, firsts, counts = np.unique(threads, return_index=True, return_counts=True)
    chosen = order[firsts]
    best = documents[chosen]
    numbers = dict(zip(snapshot.post_ids[best].tolist(), counts.tolist(), strict=True))
    return best, None if scores is None else scores[chosen], numbers


def _least(keys: NDArray[Any], wanted: int) -> Ints:
    """Where the least keys stand, so many at least, and all that are equal to the last of them.

    No more than the least of each block has to be ordered for a bound that so many are within.
    """
    size = len(keys) // (4 * wanted)
    blocks = keys[: len(keys) // size * size].reshape(-1, size).min(axis=1)
    return np.flatnonzero(keys <= np.partition(blocks, wanted - 1)[wanted - 1])


def _first_key(snapshot: Snapshot, documents: Ints, scores: Floats, sort: Sort) -> NDArray[Any]:
    """What documents are sorted by before all else."""
    if sort is Sort.RELEVANCE and scores.any():
        return -scores
    dates = snapshot.dates[documents]
    return dates if sort is Sort.OLDEST else -dates


def _order_keys(
    snapshot: Snapshot, documents: Ints, scores: Floats, sort: Sort
) -> tuple[NDArray[Any], ...]:
    """All that documents are sorted by, the last one first (`numpy.lexsort`)."""
    ids = snapshot.post_ids[documents]
    first = _first_key(snapshot, documents, scores, sort)
    if sort is Sort.OLDEST:
        return (ids, first)
    return (-ids, -snapshot.dates[documents], first)


def counted(snapshot: Snapshot, documents: Ints) -> tuple[Facets, Months]:
    """Documents counted by each facet, and by month and language."""
    words, by_time = snapshot.vocabulary, snapshot.by_time
    mask = np.zeros(snapshot.count, dtype=np.bool_)
    mask[documents] = True
    table = by_time.table(documents)
    languages = np.bincount(_among(mask, by_time.several), minlength=by_time.width - 1)
    languages[: by_time.width - 1] += table.sum(axis=0)[1:]
    facets = {
        "language": _named(words.languages, languages),
        "year": _years(by_time.months, table.sum(axis=1)),
        "author": _named(words.authors, np.bincount(snapshot.authors[documents])),
        "list": _named(words.lists, np.bincount(snapshot.lists[documents])),
        "tag": _named(words.shown_tags, np.bincount(_among(mask, snapshot.shown_tags))),
    }
    return facets, _months(by_time.months, table, words.languages)


def _years(months: Ints, counts: Ints) -> dict[str, int]:
    """The newest first."""
    found: dict[str, int] = {}
    for month, count in zip(months[::-1].tolist(), counts[::-1].tolist(), strict=True):
        if count:
            year = str(1970 + month // _MONTHS)
            found[year] = found.get(year, 0) + count
    return found


def _months(
    months: Ints, table: NDArray[np.int64], names: Names
) -> dict[tuple[int, int], dict[str, int]]:
    found: dict[tuple[int, int], dict[str, int]] = {}
    rows, columns = np.nonzero(table)
    counts = table[rows, columns].tolist()
    known = [MULTIPLE, *names.values]
    for month, code, count in zip(months[rows].tolist(), columns.tolist(), counts, strict=True):
        year, in_year = divmod(month, _MONTHS)
        found.setdefault((1970 + year, in_year + 1), {})[known[code]] = count
    return found


def _among(mask: NDArray[np.bool_], pairs: tuple[Ints, Ints]) -> Ints:
    """The value numbers of some documents."""
    documents, codes = pairs
    return codes[mask[documents]]


def _named(names: Names, counts: NDArray[Any]) -> dict[str, int]:
    """How often each value occurs, the most frequent first; at most FACET_VALUES of them."""
    some = np.flatnonzero(counts)
    if len(some) > FACET_VALUES:
        # Sorting the most frequent is enough: those as frequent as the last one wanted.
        least = np.partition(counts[some], -FACET_VALUES)[-FACET_VALUES]
        some = some[counts[some] >= least]
    numbers = zip(some.tolist(), counts[some].tolist(), strict=True)
    known = [(-count, names.values[code]) for code, count in numbers if names.values[code]]
    return {value: -count for count, value in islice(sorted(known), FACET_VALUES)}
