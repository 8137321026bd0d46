"""An index is derived: it is made anew beside the old one, resumed after a crash, and says so."""

from __future__ import annotations

from forum.domain.query import parse
from forum.search.protocol import SearchHits, SearchIndex
from tests.search.conftest import Bench, document, rebuilt

ONE = frozenset({1})


def find(index: SearchIndex, text: str) -> SearchHits:
    return index.find(parse(text), ONE)


def test_an_index_that_was_never_made_asks_for_it_and_answers(bench: Bench) -> None:
    assert bench.index.rebuilt_to() == 0
    assert find(bench.index, "mot") == SearchHits(0, (), rebuilding=True)
    assert bench.index.status().rebuilding


def test_the_old_index_answers_until_the_new_one_is_ready(bench: Bench) -> None:
    bench.holds(document(1, "vieux mot"), document(2, "vieux mot"))
    with bench.index.writing():
        bench.index.start_rebuild()
        assert bench.index.rebuilt_to() == 0
        rebuilt(bench.index, [document(1, "nouveau mot")], 1)
        during = find(bench.index, "mot")
        assert (during.total, during.rebuilding) == (2, True)
        bench.index.finish_rebuild()
    after = find(bench.index, "mot")
    assert (after.total, after.rebuilding) == (1, False)
    assert find(bench.reopen(), "nouveau").total == 1


def test_a_rebuild_goes_on_where_another_process_left_it(bench: Bench) -> None:
    bench.holds(document(1, "vieux"))
    with bench.index.writing():
        bench.index.start_rebuild()
        rebuilt(bench.index, [document(1, "nouveau")], 7)
    other = bench.reopen()
    assert other.rebuilt_to() == 7
    with other.writing():
        rebuilt(other, [document(8, "nouveau")], 8)
        other.finish_rebuild()
    assert find(bench.index, "nouveau").total == 2
    assert find(bench.index, "vieux").total == 0
    assert bench.index.rebuilt_to() is None


def test_posts_that_come_during_a_rebuild_are_found_during_and_after_it(bench: Bench) -> None:
    bench.holds(document(1, "mot"), document(2, "mot"))
    with bench.index.writing():
        bench.index.start_rebuild()
        bench.index.add([document(3, "mot")])
        bench.index.remove([2])
        assert {hit.post_id for hit in find(bench.index, "mot").hits} == {1, 3}
        rebuilt(bench.index, [document(1, "mot")], 3)
        bench.index.finish_rebuild()
    assert {hit.post_id for hit in find(bench.index, "mot").hits} == {1, 3}


def test_a_missing_index_answers_with_what_it_has_so_far(bench: Bench) -> None:
    with bench.index.writing():
        bench.index.add([document(9, "mot")])
        assert find(bench.index, "mot").total == 1
        assert find(bench.index, "mot").rebuilding
        bench.index.start_rebuild()
        rebuilt(bench.index, [document(1, "mot")], 5)
        assert find(bench.index, "mot").rebuilding
        assert find(bench.index, "mot").total >= 1
        bench.index.finish_rebuild()
    assert not find(bench.index, "mot").rebuilding


def test_status_tells_engine_number_and_size(bench: Bench) -> None:
    bench.holds(document(1, "mot"), document(2, "mot"))
    status = bench.index.status()
    assert status.engine in ("whoosh", "postgresql")
    assert status.indexed == 2
    assert status.bytes > 1000
    assert not status.rebuilding
