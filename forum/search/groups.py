"""Hits of a snapshot taken together: by month and language, and by thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from forum.domain.values import MULTIPLE
from forum.search.protocol import Sort
from forum.search.whoosh_postings import Floats, Ints

if TYPE_CHECKING:
    from forum.search.evaluate import Snapshot

_MONTHS: Final = 12
_SEVERAL: Final = 0


def month_numbers(dates: Ints) -> Ints:
    """The months of times in seconds since 1970, counted from January of that year."""
    return dates.astype("M8[s]").astype("M8[M]").astype(np.int64)


def spoken(count: int, documents: Ints, codes: Ints) -> Ints:
    """The language of each document: one more than its number, 0 for several.

    Args:
        count: of documents.
        documents, codes: the languages of each, beside one another.
    """
    found = np.zeros(count, dtype=np.int64)
    found[documents] = codes + 1
    found[np.bincount(documents, minlength=count) > 1] = _SEVERAL
    return found


def months_of(snapshot: Snapshot, documents: Ints) -> dict[tuple[int, int], dict[str, int]]:
    """Documents counted by month and language."""
    if not len(documents):
        return {}
    names = snapshot.vocabulary.languages.values
    width = len(names) + 1
    months = snapshot.months[documents]
    first = int(months.min())
    counts = np.bincount((months - first) * width + snapshot.spoken[documents])
    found: dict[tuple[int, int], dict[str, int]] = {}
    for place in np.flatnonzero(counts).tolist():
        month, code = divmod(place, width)
        year, in_year = divmod(first + month, _MONTHS)
        language = names[code - 1] if code else MULTIPLE
        found.setdefault((1970 + year, in_year + 1), {})[language] = int(counts[place])
    return found


def order_keys(
    snapshot: Snapshot, documents: Ints, scores: Floats, sort: Sort
) -> tuple[NDArray[Any], ...]:
    """What documents are sorted by, the last one first (`numpy.lexsort`)."""
    dates, ids = snapshot.dates[documents], snapshot.post_ids[documents]
    if sort is Sort.OLDEST:
        return (ids, dates)
    if sort is Sort.RELEVANCE and scores.any():
        return (-ids, -dates, -scores)
    return (-ids, -dates)


def by_thread(
    snapshot: Snapshot, documents: Ints, scores: Floats | None, sort: Sort
) -> tuple[Ints, Floats | None, Mapping[int, int]]:
    """The first document of each thread in an order.

    Returns:
        Their numbers, their scores, and how many documents each thread had, by post id.
    """
    weights = np.zeros(len(documents), dtype=np.float32) if scores is None else scores
    order = np.lexsort(order_keys(snapshot, documents, weights, sort))
    threads = snapshot.thread_ids[documents[order]]
    _, firsts, counts = np.unique(threads, return_index=True, return_counts=True)
    chosen = order[firsts]
    best = documents[chosen]
    numbers = dict(zip(snapshot.post_ids[best].tolist(), counts.tolist(), strict=True))
    return best, None if scores is None else scores[chosen], numbers
