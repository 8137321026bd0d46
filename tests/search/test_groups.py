"""Hits taken together, words that may have been meant, and what was stored since: both engines."""

from __future__ import annotations

from forum.domain.query import AllOf, Word, parse
from forum.domain.query_tree import Newer, SearchQuery
from forum.domain.values import Role, Segment
from forum.search.protocol import Sort
from forum.search.spelling import meant
from tests.search.conftest import EVERYWHERE, Bench, document


def test_hits_are_counted_by_month_and_language(bench: Bench) -> None:
    bench.holds(
        document(1, "mot", date="2009-04-30"),
        document(2, "mot", "es", date="2009-04-01"),
        document(3, "mot", date="2009-05-01", more=(Segment(Role.REPLY, "word", "en"),)),
        document(4, "mot", date="2009-04-02", list_id=2),
        document(5, "autre", date="2009-04-02"),
    )
    here = bench.index.find(parse("mot"), frozenset({1}), facets=True)
    assert here.months == {(2009, 4): {"fr": 1, "es": 1}, (2009, 5): {"mul": 1}}
    assert bench.index.find(parse("mot"), EVERYWHERE).months == {}
    assert bench.index.find(parse("zzz"), EVERYWHERE, facets=True).months == {}


def test_hits_by_thread_are_the_best_of_each(bench: Bench) -> None:
    # A document's thread is the tens of its id.
    bench.holds(
        document(11, "monnaie", date="2009-01-01"),
        document(12, "monnaie monnaie monnaie", date="2009-01-02"),
        document(21, "une monnaie", date="2009-03-01"),
        document(31, "rien", date="2009-03-01"),
        document(32, "monnaie", date="2009-02-01", list_id=2),
    )

    def threads(**options: object) -> list[tuple[int, int]]:
        found = bench.index.find(parse("monnaie"), frozenset({1}), by_thread=True, **options)
        assert found.total == 2
        return [(hit.post_id, hit.in_thread) for hit in found.hits]

    assert threads() == [(12, 2), (21, 1)]
    assert threads(sort=Sort.NEWEST) == [(21, 1), (12, 2)]
    assert threads(sort=Sort.OLDEST) == [(11, 2), (21, 1)]
    assert threads(per_page=1, page=2) == [(21, 1)]


def test_what_was_stored_since_is_found_alone(bench: Bench) -> None:
    bench.holds(document(1, "mot"), document(2, "mot"), document(3, "mot", list_id=2))
    newer = SearchQuery("mot", AllOf((Word("mot"), Newer(1))))
    found = bench.index.find(newer, frozenset({1}))
    assert [hit.post_id for hit in found.hits] == [2]


def test_a_word_that_is_near_is_what_was_meant(bench: Bench) -> None:
    bench.holds(
        document(1, "une monnaie locale et solidaire"),
        document(2, "la monnaie; Lomé"),
        document(3, "coopérative"),
    )
    for typed, wanted in (
        ("monaie", "monnaie"),
        ("omnnaie", "monnaie"),
        ("Solidaier", "solidaire"),
        ("coopertive", "cooperative"),
        ("cooopérativ", "cooperative"),
        ("lome", None),
        ("xxxxxxxx", None),
        ("mon", None),
    ):
        assert meant(bench.index, typed, EVERYWHERE) == wanted, typed


def test_words_of_other_lists_are_never_told(bench: Bench) -> None:
    bench.holds(document(1, "secrètement", list_id=2), document(2, "secrétaires", list_id=1))
    assert meant(bench.index, "secretemant", frozenset({1})) is None
    assert meant(bench.index, "secretemant", frozenset({2})) == "secretement"


def test_words_are_told_by_how_they_begin(bench: Bench) -> None:
    bench.holds(document(1, "Été étés pain"), document(2, "état", list_id=2))
    assert sorted(bench.index.words("et")) == ["etat", "ete", "etes"]
