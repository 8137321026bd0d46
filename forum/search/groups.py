"""Hits of a snapshot taken together: in order, counted, and by thread."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forum.domain.values import MULTIPLE
from forum.search.protocol import (
    FACET_VALUES,
    MOST_MONTHS,
    MOST_YEARS,
    Facets,
    Hit,
    Months,
    Sort,
)
from forum.search.snapshot import MONTHS, ByTime, Snapshot
from forum.search.whoosh_postings import Floats, Ints
from forum.search.whoosh_segment import Names


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
    years = by_time.by_year(table)
    languages = np.bincount(_among(mask, by_time.several), minlength=by_time.width - 1)
    languages[: by_time.width - 1] += table.sum(axis=0)[1:]
    facets = {
        "language": _named(words.languages, languages),
        "year": _years(by_time, years),
        "author": _named(words.authors, np.bincount(snapshot.authors[documents])),
        "list": _named(words.lists, np.bincount(snapshot.lists[documents])),
        "tag": _named(words.shown_tags, np.bincount(_among(mask, snapshot.shown_tags))),
    }
    return facets, _months(by_time, table, years, words.languages)


def _years(by_time: ByTime, years: NDArray[np.int64]) -> dict[str, int]:
    """The newest first."""
    counts = years.sum(axis=1)[::-1].tolist()
    named = zip(by_time.years[::-1].tolist(), counts, strict=True)
    return {str(year): count for year, count in named if count}


def _months(
    by_time: ByTime, table: NDArray[np.int64], years: NDArray[np.int64], names: Names
) -> Months:
    """By month, or by year where that is enough."""
    months = np.count_nonzero(table.any(axis=1))
    if months > MOST_MONTHS and np.count_nonzero(years.any(axis=1)) > MOST_YEARS:
        return _named_cells(by_time.years, np.zeros_like(by_time.years), years, names)
    of_year, in_year = np.divmod(by_time.months, MONTHS)
    return _named_cells(1970 + of_year, in_year + 1, table, names)


def _named_cells(
    years: Ints, months: Ints, table: NDArray[np.int64], names: Names
) -> dict[tuple[int, int], dict[str, int]]:
    found: dict[tuple[int, int], dict[str, int]] = {}
    rows, columns = np.nonzero(table)
    known = [MULTIPLE, *names.values]
    cells = zip(
        years[rows].tolist(), months[rows].tolist(), columns.tolist(),
        table[rows, columns].tolist(), strict=True,
    )  # fmt: skip
    for year, month, code, count in cells:
        found.setdefault((year, month), {})[known[code]] = count
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
