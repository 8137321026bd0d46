"""Postings come back from the disk as they were given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.search.whoosh_pool import PostingsPool
from forum.search.whoosh_postings import PackedPostings

DOCUMENTS = st.lists(st.integers(0, 2**31), unique=True, min_size=1, max_size=80).map(sorted)
PLACES = st.lists(st.integers(0, 16_000), unique=True, min_size=1, max_size=9).map(sorted)


@given(st.data(), DOCUMENTS, st.sampled_from([1.0, 0.25, 63.75, 64.0, 1234.5, 0.1]))
def test_stems_keep_their_weights(data: st.DataObject, documents: list[int], odd: float) -> None:
    weights = data.draw(
        st.lists(
            st.sampled_from([1.0, 1.5, 2.25, odd]),
            min_size=len(documents),
            max_size=len(documents),
        )
    )
    pool = PostingsPool()
    for document, weight in zip(documents, weights, strict=True):
        pool.take_stems(document, "text", {"fr:mot": weight})
    [(field, term, _, stored)] = pool.iter_postings()
    assert (field, term) == ("text", b"fr:mot")
    found, found_weights = PackedPostings(stored).read()
    assert found.tolist() == documents
    assert found_weights.tolist() == np.array(weights, dtype=np.float32).tolist()


@given(st.data(), DOCUMENTS)
def test_words_keep_their_places(data: st.DataObject, documents: list[int]) -> None:
    places = [data.draw(PLACES) for _ in documents]
    pool = PostingsPool()
    for document, here in zip(documents, places, strict=True):
        pool.take_words(document, "text_words", {"mot": here})
    [(_, _, _, stored)] = pool.iter_postings()
    packed = PackedPostings(stored)
    found, counts, flat = packed.read_places()
    assert found.tolist() == documents
    assert [part.tolist() for part in np.split(flat, np.cumsum(counts)[:-1])] == places
    assert packed.read()[1].tolist() == [1.0] * len(documents)


def test_stems_have_no_places() -> None:
    pool = PostingsPool()
    pool.take_stems(3, "text", {"fr:mot": 1.0})
    [(_, _, _, stored)] = pool.iter_postings()
    with pytest.raises(ValueError, match="no places"):
        PackedPostings(stored).read_places()


def test_many_postings_take_little_room() -> None:
    pool = PostingsPool()
    for document in range(10_000):
        pool.take_words(document, "text_words", {"mot": [document % 200, 300 + document % 7]})
    [(_, _, _, stored)] = pool.iter_postings()
    assert len(stored) < 10_000


def test_rare_and_frequent_terms_stand_side_by_side() -> None:
    pool = PostingsPool()
    places = {document: [document % 7, 300 + document] for document in range(0, 90, 3)}
    for document, here in places.items():
        words = {"mot": here} | ({f"rare{document}": [2, 9]} if document % 2 else {})
        pool.take_words(document, "text_words", words)
        pool.take_stems(document, "text", {"fr:mot": 0.25 * document, f"fr:r{document}": 1.5})
    found = {
        (field, term.decode()): (size, PackedPostings(stored))
        for field, term, size, stored in pool.iter_postings()
    }
    assert len(found) == 1 + 15 + 1 + 30
    size, frequent = found["text_words", "mot"]
    assert size == 30
    documents, counts, flat = frequent.read_places()
    assert documents.tolist() == list(places)
    assert set(counts.tolist()) == {2}
    assert flat.tolist() == [place for here in places.values() for place in here]
    assert found["text_words", "rare33"][1].read_places()[2].tolist() == [2, 9]
    assert found["text", "fr:mot"][1].read()[1].tolist() == [0.25 * one for one in places]
    assert found["text", "fr:r66"][1].read()[1].tolist() == [1.5]


def test_terms_come_in_the_order_of_their_bytes() -> None:
    pool = PostingsPool()
    pool.take_stems(0, "text", {"é": 1.0, "z": 1.0, "a": 1.0})
    pool.take_words(0, "author_words", {"b": [0]})
    assert [(field, term) for field, term, *_ in pool.iter_postings()] == [
        ("author_words", b"b"),
        ("text", b"a"),
        ("text", b"z"),
        ("text", "é".encode()),
    ]
