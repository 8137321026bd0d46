"""Postings come back from the disk as they were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.search.whoosh_postings import PackedPostings, Postings

DOCUMENTS = st.lists(st.integers(0, 2**31), unique=True, min_size=1, max_size=80).map(sorted)
PLACES = st.lists(st.integers(0, 16_000), unique=True, min_size=1, max_size=9).map(sorted)


def weighed(terms: Sequence[Mapping[int, float]]) -> list[PackedPostings]:
    """The postings of terms: documents with their weights."""
    sizes = np.array([len(term) for term in terms], dtype=np.int64)
    documents = np.array([one for term in terms for one in term], dtype=np.int64)
    weights = np.array([one for term in terms for one in term.values()], dtype=np.float32)
    return [PackedPostings(data) for data in Postings(sizes, documents, weights).pack()]


def placed(terms: Sequence[Mapping[int, Sequence[int]]]) -> list[PackedPostings]:
    """The postings of terms: documents with the places in them."""
    sizes = np.array([len(term) for term in terms], dtype=np.int64)
    documents = np.array([one for term in terms for one in term], dtype=np.int64)
    lists = [places for term in terms for places in term.values()]
    counts = np.array([len(places) for places in lists], dtype=np.int64)
    flat = np.array([place for places in lists for place in places], dtype=np.int64)
    return [PackedPostings(data) for data in Postings(sizes, documents, None, counts, flat).pack()]


@given(st.data(), DOCUMENTS, st.sampled_from([1.0, 0.25, 63.75, 64.0, 1234.5, 0.1]))
def test_stems_keep_their_weights(data: st.DataObject, documents: list[int], odd: float) -> None:
    weights = data.draw(
        st.lists(
            st.sampled_from([1.0, 1.5, 2.25, odd]),
            min_size=len(documents),
            max_size=len(documents),
        )
    )
    [packed] = weighed([dict(zip(documents, weights, strict=True))])
    found, found_weights = packed.read()
    assert found.tolist() == documents
    assert found_weights.tolist() == np.array(weights, dtype=np.float32).tolist()


@given(st.data(), DOCUMENTS)
def test_words_keep_their_places(data: st.DataObject, documents: list[int]) -> None:
    places = [data.draw(PLACES) for _ in documents]
    [packed] = placed([dict(zip(documents, places, strict=True))])
    found, counts, flat = packed.read_places()
    assert found.tolist() == documents
    assert [part.tolist() for part in np.split(flat, np.cumsum(counts)[:-1])] == places
    assert packed.read()[1].tolist() == [1.0] * len(documents)


def test_stems_have_no_places() -> None:
    [packed] = weighed([{3: 1.0}])
    with pytest.raises(ValueError, match="no places"):
        packed.read_places()


def test_many_postings_take_little_room() -> None:
    sizes = np.array([10_000])
    documents = np.arange(10_000)
    places = np.stack([documents % 200, 300 + documents % 7], axis=1).ravel()
    [stored] = Postings(sizes, documents, None, np.full(10_000, 2), places).pack()
    assert len(stored) < 10_000


def test_rare_and_frequent_terms_stand_side_by_side() -> None:
    places = {document: [document % 7, 300 + document] for document in range(0, 90, 3)}
    rare = {33: [2, 9]}
    first, frequent, last = placed([rare, places, rare])
    documents, counts, flat = frequent.read_places()
    assert documents.tolist() == list(places)
    assert set(counts.tolist()) == {2}
    assert flat.tolist() == [place for here in places.values() for place in here]
    assert first.read_places()[2].tolist() == last.read_places()[2].tolist() == [2, 9]
    weights = {document: 0.25 * document for document in places}
    odd, many, few = weighed([{66: 0.1}, weights, {66: 1.5}])
    assert odd.read()[1].tolist() == [np.float32(0.1)]
    assert many.read()[1].tolist() == list(weights.values())
    assert few.read()[1].tolist() == [1.5]
