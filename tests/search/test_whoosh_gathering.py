"""A segment holds of its documents what each holds by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.query_tree import Scope
from forum.domain.values import Role, Segment
from forum.search.protocol import IndexDocument
from forum.search.terms import LAST_POSITION, fields, texts
from forum.search.whoosh_gathering import PostingsPool, Words
from forum.search.whoosh_postings import PackedPostings
from forum.search.whoosh_segment import stem_field, word_field

Found = dict[tuple[str, str, int], object]
"""Places or weight of each term in each document."""

WORDS = st.sampled_from(
    ["l'économie", "Économie", "vie-sociale", "re-re", "don't", "aujourd'hui", "U.R.S.S.", "la",
     "people's", "naïve", "l'", "-", "x" * 90, "sœur", "the", "42"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
SEGMENTS = st.builds(
    Segment,
    st.sampled_from([Role.REPLY, Role.QUOTATION, Role.SIGNATURE]),
    TEXTS,
    st.sampled_from(["fr", "en", "es", "ca", "und"]),
)
DOCUMENTS = st.builds(
    IndexDocument,
    post_id=st.just(1),
    thread_id=st.just(1),
    list_id=st.just(1),
    list_slug=st.just("atelier"),
    date=st.just(datetime(2020, 1, 1, tzinfo=UTC)),
    subject=TEXTS,
    author=TEXTS,
    languages=st.just(("fr",)),
    tags=st.lists(WORDS, max_size=2).map(tuple),
    attachment_names=st.lists(TEXTS, max_size=2).map(tuple),
    segments=st.lists(SEGMENTS, max_size=4).map(tuple),
    attachment_texts=st.lists(TEXTS, max_size=2).map(tuple),
)


def one_by_one(documents: list[IndexDocument]) -> Found:
    """What the documents hold."""
    found: Found = {}
    for number, document in enumerate(documents):
        for scope, field in fields(document).items():
            for word, places in field.words.items():
                found[word_field(scope), word, number] = places
            for stem, weight in field.stems.items():
                if scope is not Scope.AUTHOR:
                    found[stem_field(scope), stem, number] = weight
    return found


def together(documents: list[IndexDocument], words: Words) -> Found:
    """What a segment of them holds, each term once and in the order of its bytes."""
    pool = PostingsPool(words)
    for number, document in enumerate(documents):
        pool.take(number, texts(document))
    found: Found = {}
    order: list[tuple[str, bytes]] = []
    for field, term, size, data in pool.iter_postings():
        order.append((field, term))
        packed = PackedPostings(data)
        if packed.has_places:
            numbers, counts, places = packed.read_places()
            parts = [part.tolist() for part in np.split(places, np.cumsum(counts)[:-1])]
        else:
            numbers, weights = packed.read()
            parts = weights.tolist()
        assert len(numbers) == size
        for number, part in zip(numbers.tolist(), parts, strict=True):
            found[field, term.decode(), number] = part
    assert order == sorted(set(order))
    return found


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.lists(DOCUMENTS, max_size=4), max_size=3))
def test_a_segment_holds_what_its_documents_hold(segments: list[list[IndexDocument]]) -> None:
    words = Words()
    for documents in segments:
        assert together(documents, words) == one_by_one(documents)


def document(subject: str, text: str, attached: str = "") -> IndexDocument:
    """A post of one text."""
    return IndexDocument(
        1, 1, 1, "atelier", datetime(2020, 1, 1, tzinfo=UTC), subject, "", ("fr",), (), (),
        (Segment(Role.REPLY, text, "fr"),), (attached,),
    )  # fmt: skip


def test_far_words_count_and_have_no_place() -> None:
    far = document("Graines", "mot " * (LAST_POSITION + 5) + "potager")
    found = together([far], Words())
    assert found == one_by_one([far])
    assert found["text", "fr:potag", 0] == 1.0
    assert ("text_words", "potager", 0) not in found


def test_a_word_of_a_file_counts_no_more_than_a_few_times() -> None:
    long = document("Graines", "Bonjour", "potager semis " * 50 + "potager")
    found = together([long, document("Potager", "", "semis")], Words())
    assert found["text", "fr:potag", 0] == 0.75
    assert found["text", "fr:sem", 1] == 0.25
    places = found["text_words", "potager", 0]
    assert isinstance(places, list) and len(places) == 51


def test_the_length_of_a_post_is_that_of_its_own_text() -> None:
    assert PostingsPool(Words()).take(0, texts(document("Deux mots", "Trois mots ici"))) == 3
