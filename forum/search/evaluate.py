"""A plan worked out over a snapshot: which documents, and how well each.

What words find is an array of ascending numbers beside one of scores; what filters find is an
array of truth values. So AND, OR and NOT cost microseconds. Scores are BM25 (S. Robertson and
H. Zaragoza, "The Probabilistic Relevance Framework", 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from forum.domain.query_tree import InLanguage
from forum.search.plan import Either, Every, Plan, Sequence, Starting, Stems, Without
from forum.search.snapshot import K1, Found, Mask, Snapshot
from forum.search.whoosh_postings import Floats, Ints
from forum.search.whoosh_segment import IndexSegment, stem_field, word_field

EXPANSIONS: Final = 64
"""A prefix stands for its most frequent words, no more."""

_FEW: Final = 16
"""Times fewer documents than others: each is looked for among the others."""

_FINDING: Final = (Every, Either, Stems, Sequence, Starting)
"""What gives documents; all else filters them."""
_NO_INTS: Final[Ints] = np.empty(0, dtype=np.int64)
_NO_FLOATS: Final[Floats] = np.empty(0, dtype=np.float32)


def find(snapshot: Snapshot, plan: Plan, list_ids: frozenset[int]) -> Found:
    """The documents of these lists that a plan asks for."""
    return _among(_found(snapshot, plan), snapshot.visible(list_ids))


def _found(snapshot: Snapshot, plan: Plan) -> Found:
    match plan:
        case Every():
            return _every(snapshot, plan)
        case Either():
            return _either(snapshot, plan)
        case Stems() | Sequence() | Starting():
            return snapshot.found(plan, lambda: _word(snapshot, plan))
        case _:
            return np.flatnonzero(_mask(snapshot, plan)), None


def _mask(snapshot: Snapshot, plan: Plan) -> Mask:
    """The documents as truth values."""
    if isinstance(plan, Without):
        return ~_mask(snapshot, plan.part)
    if isinstance(plan, _FINDING):
        mask = np.zeros(snapshot.count, dtype=np.bool_)
        mask[_found(snapshot, plan)[0]] = True
        return mask
    return snapshot.matching(plan)


def _every(snapshot: Snapshot, every: Every) -> Found:
    """What all parts find, beginning with the fewest; their scores added."""
    finding = [_found(snapshot, part) for part in every.parts if isinstance(part, _FINDING)]
    masks = [_mask(snapshot, part) for part in every.parts if not isinstance(part, _FINDING)]
    if not finding:
        return np.flatnonzero(np.logical_and.reduce(masks)), None
    found, *others = sorted(finding, key=lambda one: len(one[0]))
    for mask in masks:
        found = _among(found, mask)
    for other in others:
        found = _both(snapshot.count, found, other)
    return found


def _among(found: Found, mask: Mask) -> Found:
    """What of that stands in a mask."""
    documents, scores = found
    kept = mask[documents]
    if kept.all():
        return found
    return documents[kept], None if scores is None else scores[kept]


def _both(count: int, few: Found, many: Found) -> Found:
    """What both found, of so many documents in all; the scores added where there are any."""
    documents, scores = few
    others, more = many
    if not len(documents) or not len(others):
        return _NO_INTS, None if scores is None and more is None else _NO_FLOATS
    if len(documents) * _FEW < len(others):
        places = np.minimum(np.searchsorted(others, documents), len(others) - 1)
    else:
        place_of = np.zeros(count, dtype=np.int64)
        place_of[others] = np.arange(len(others))
        places = place_of[documents]
    both = others[places] == documents
    documents, places = documents[both], places[both]
    scores = None if scores is None else scores[both]
    if more is None:
        return documents, scores
    return documents, more[places] if scores is None else scores + more[places]


def _either(snapshot: Snapshot, either: Either) -> Found:
    """What any part finds, with the scores of all that found it added."""
    mask = np.zeros(snapshot.count, dtype=np.bool_)
    scores: Floats | None = None
    for part in either.parts:
        documents, more = _found(snapshot, part)
        mask[documents] = True
        if more is not None:
            scores = np.zeros(snapshot.count, dtype=np.float32) if scores is None else scores
            scores[documents] += more
    found = np.flatnonzero(mask)
    return found, None if scores is None else scores[found]


def _word(snapshot: Snapshot, plan: Stems | Sequence | Starting) -> Found:
    match plan:
        case Stems():
            return _stems(snapshot, plan)
        case Sequence():
            field = word_field(plan.scope)
            return _score(snapshot, lambda s: [s.sequence(field, plan.steps)])
        case Starting():
            return _starting(snapshot, plan)


def _stems(snapshot: Snapshot, stems: Stems) -> Found:
    field = stem_field(stems.scope)
    found, scores = _score(snapshot, lambda s: [s.postings(field, term) for term in stems.terms])
    if not stems.excused:
        return found, scores
    mask = np.zeros(snapshot.count, dtype=np.bool_)
    for language in stems.excused:
        mask |= snapshot.matching(InLanguage(language))
    mask[found] = True
    documents = np.flatnonzero(mask)
    all_scores = np.zeros(len(documents), dtype=np.float32)
    all_scores[np.searchsorted(documents, found)] = scores
    return documents, all_scores


def _starting(snapshot: Snapshot, starting: Starting) -> Found:
    field = word_field(starting.scope)
    frequencies: dict[str, int] = {}
    for segment in snapshot.segments:
        for term, number in segment.expand(field, starting.prefix).items():
            frequencies[term] = frequencies.get(term, 0) + number
    best = sorted(frequencies, key=lambda term: (-frequencies[term], term))[:EXPANSIONS]
    return _score(snapshot, lambda s: [s.postings(field, term) for term in best])


def _score(
    snapshot: Snapshot, read: Callable[[IndexSegment], Iterable[tuple[Ints, Floats]]]
) -> tuple[Ints, Floats]:
    """BM25 of all forms of one word together."""
    weights = np.zeros(snapshot.count, dtype=np.float32)
    for offset, segment in zip(snapshot.offsets, snapshot.segments, strict=False):
        here = weights[offset : offset + segment.count]
        for documents, weight in read(segment):
            # A form names a document once, so this adds without losing any.
            here[documents] += weight
    found = np.flatnonzero(weights)
    rarity = np.log1p((snapshot.count - len(found) + 0.5) / (len(found) + 0.5))
    some = weights[found]
    scores = rarity * some * (K1 + 1) / (some + snapshot.norm[found])
    return found, scores.astype(np.float32)
