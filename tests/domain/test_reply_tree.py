"""Where messages belong: the same in whatever order they come."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.reading_order import reading_order
from forum.domain.reply_tree import Forest, Node, build
from forum.domain.thread_index import index_ids

START = datetime(2009, 4, 25, 9, 0, tzinfo=UTC)


def node(
    key: str,
    *references: str,
    minute: float = 0,
    subject: str = "",
    people: str = "",
    index: bytes | None = None,
    pin: str | None = None,
    ids: tuple[str, ...] = (),
) -> Node:
    """A message known as its key; a subject beginning with `Re: ` makes it an answer."""
    base = subject.removeprefix("Re: ")
    return Node(
        key=key,
        message_ids=ids or (key,),
        parents=references,
        date=START + timedelta(minutes=minute),
        base_subject=base,
        is_reply=base != subject,
        people=frozenset(people.split()),
        thread_index=None if index is None else base64.b64encode(index).decode(),
        pinned_parent=pin,
    )


def drawn(forest: Forest) -> str:
    """A forest as text: threads between bars, a dot before a key for each level."""
    return " | ".join(
        " ".join("." * place.depth + place.key for place in thread) for thread in forest.threads
    )


def test_answers_stand_below_what_they_answer_in_order_of_date() -> None:
    forest = build(
        [
            node("c", "a", minute=3),
            node("b", "a", minute=2),
            node("d", "a", "b", minute=4),
            node("a", minute=1),
        ]
    )
    assert drawn(forest) == "a .b ..d .c"
    assert forest.parents == {"a": None, "b": "a", "c": "a", "d": "b"}


def test_an_answer_to_an_unseen_message_hangs_on_the_nearest_one_seen() -> None:
    assert drawn(build([node("a"), node("d", "a", "b", "c", minute=9)])) == "a .d"


def test_an_unseen_parent_holds_its_answers_together() -> None:
    forest = build([node("b", "a", minute=1), node("c", "a", minute=2), node("x", minute=3)])
    assert drawn(forest) == "b c | x"
    assert forest.unseen == {"a": 0}


def test_a_late_parent_adopts_its_orphans() -> None:
    orphans = [node("b", "a", minute=1), node("c", "a", "b", "u", minute=2)]
    assert drawn(build(orphans)) == "b .c"
    assert drawn(build([*orphans, node("a", minute=0)])) == "a .b ..c"


def test_a_message_knows_its_own_parent_better_than_its_answers_do() -> None:
    nodes = [node("a"), node("b", minute=1), node("c", "b", minute=2)]
    wrong_claim = node("d", "a", "c", minute=3)
    assert drawn(build([*nodes, wrong_claim])) == "a | b .c ..d"


def test_an_answer_without_a_header_stands_where_its_own_answers_say() -> None:
    nodes = [
        node("a", subject="One"),
        node("b", minute=1, subject="Re: Two"),
        node("c", "a", "b", minute=2),
    ]
    assert drawn(build(nodes)) == "a .b ..c"


def test_a_new_subject_without_a_header_is_not_moved_by_what_its_answers_say() -> None:
    nodes = [node("a"), node("b", minute=1, subject="Two"), node("c", "a", "b", minute=2)]
    assert drawn(build(nodes)) == "a | b .c"


def test_messages_that_name_each_other_as_parents_lose_the_later_edge() -> None:
    forest = build(
        [node("b", "a", "c", minute=0), node("c", "b", minute=60), node("a", minute=120)]
    )
    assert drawn(forest) == "c .b | a"


def test_a_message_that_refers_to_itself_is_no_circle() -> None:
    assert drawn(build([node("a", "a"), node("b", "a", "b", minute=1)])) == "a .b"


@pytest.mark.parametrize("length", [3, 50])
def test_a_ring_of_messages_is_one_thread_with_one_root(length: int) -> None:
    ring = [node(f"{i:02}", f"{(i + 1) % length:02}", minute=i) for i in range(length)]
    forest = build(ring)
    assert len(forest.threads) == 1
    assert [parent for parent in forest.parents.values() if parent is None] == [None]


def test_every_id_under_which_a_message_is_known_leads_to_it() -> None:
    nodes = [node("a", ids=("a", "a-outside")), node("b", "a-outside", minute=1)]
    assert drawn(build(nodes)) == "a .b"


def test_an_id_borne_by_two_messages_belongs_to_the_earlier() -> None:
    nodes = [node("2", ids=("m",), minute=5), node("1", ids=("m",)), node("3", "m", minute=9)]
    assert drawn(build(nodes)) == "1 .3 | 2"


class TestThreadIndex:
    """Outlook's conversation, for messages whose references lead nowhere."""

    head = bytes([1]) + bytes(range(21))

    def test_an_answer_hangs_on_the_longest_index_that_begins_its_own(self) -> None:
        nodes = [
            node("a", index=self.head),
            node("b", minute=1, index=self.head + b"11111"),
            node("c", minute=2, index=self.head + b"1111122222"),
            node("d", minute=3, index=self.head + b"1111133333" + b"44444"),
        ]
        assert drawn(build(nodes)) == "a .b ..c ..d"

    def test_answers_to_an_unseen_message_are_held_together_until_it_comes(self) -> None:
        nodes = [
            node("b", minute=1, index=self.head + b"11111"),
            node("c", "lost", minute=2, index=self.head + b"22222"),
        ]
        assert drawn(build(nodes)) == "b c"
        assert drawn(build([*nodes, node("a", index=self.head)])) == "a .b .c"

    def test_references_are_stronger(self) -> None:
        nodes = [
            node("a", index=self.head),
            node("x"),
            node("b", "x", minute=1, index=self.head + b"11111"),
        ]
        assert drawn(build(nodes)) == "a | x .b"

    def test_the_same_index_twice_begins_no_thread_together(self) -> None:
        assert drawn(build([node("a", index=self.head), node("b", index=self.head)])) == "a | b"

    @pytest.mark.parametrize(
        "written", ["", "AQ==", "not base64!", "é", base64.b64encode(bytes(24)).decode()]
    )
    def test_an_unreadable_index_says_nothing(self, written: str) -> None:
        assert index_ids(written) == ()

    def test_a_very_deep_index_is_bounded(self) -> None:
        written = base64.b64encode(self.head + bytes(5 * 500)).decode()
        assert len(index_ids(written)) == 201


class TestSubject:
    """The last resort, for answers that refer to nothing."""

    def test_an_answer_joins_the_latest_earlier_message_with_a_person_in_common(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana luc"),
            node("b", "a", minute=1, subject="Re: Bus", people="luc ana"),
            node("c", "a", minute=2, subject="Re: Bus", people="zoe"),
            node("d", minute=3, subject="Re: Bus", people="ana"),
        ]
        assert drawn(build(nodes)) == "a .b ..d .c"

    def test_strangers_to_each_other_are_not_joined(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana"),
            node("b", minute=1, subject="Re: Bus", people="luc"),
        ]
        assert drawn(build(nodes)) == "a | b"

    def test_after_thirty_days_it_is_another_matter(self) -> None:
        first = node("a", subject="Bus", people="ana")
        month = 30 * 24 * 60
        near = node("b", minute=month, subject="Re: Bus", people="ana")
        far = node("b", minute=month + 1, subject="Re: Bus", people="ana")
        assert drawn(build([first, near])) == "a .b"
        assert drawn(build([first, far])) == "a | b"

    def test_what_does_not_look_like_an_answer_begins_a_thread(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana"),
            node("b", minute=1, subject="Bus", people="ana"),
        ]
        assert drawn(build(nodes)) == "a | b"

    def test_an_empty_subject_joins_nothing(self) -> None:
        nodes = [node("a", people="ana"), node("b", minute=1, subject="Re: ", people="ana")]
        assert drawn(build(nodes)) == "a | b"

    def test_a_reference_to_a_message_seen_is_stronger(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana"),
            node("x", subject="Train", people="ana"),
            node("b", "x", minute=1, subject="Re: Bus", people="ana"),
        ]
        assert drawn(build(nodes)) == "a | x .b"

    def test_answers_to_one_unseen_message_move_together(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana"),
            node("b", "u", minute=1, subject="Re: Bus", people="ana"),
            node("c", "u", minute=2, subject="Re: Bus", people="luc"),
        ]
        assert drawn(build(nodes)) == "a .b .c"

    def test_who_names_nobody_may_be_anybody(self) -> None:
        nodes = [node("a", subject="Bus"), node("b", minute=1, subject="Re: Bus", people="luc")]
        assert drawn(build(nodes)) == "a .b"


class TestModerators:
    """What a moderator decided is stronger than any header."""

    nodes = (node("a"), node("b", "a", minute=1), node("c", "a", "b", minute=2), node("x"))

    def test_a_message_pinned_to_itself_begins_its_own_thread_with_its_answers(self) -> None:
        a, _, c, x = self.nodes
        assert drawn(build([a, node("b", "a", minute=1, pin="b"), c, x])) == "a | x | b .c"

    def test_a_message_pinned_to_another_takes_its_answers_there(self) -> None:
        a, _, c, x = self.nodes
        assert drawn(build([a, node("b", "a", minute=1, pin="x"), c, x])) == "a | x .b ..c"

    def test_two_threads_are_merged_by_pinning_the_root_of_one(self) -> None:
        _, b, c, x = self.nodes
        assert drawn(build([node("a", pin="x"), b, c, x])) == "x .a ..b ...c"

    def test_neither_claims_nor_subjects_move_what_was_pinned(self) -> None:
        nodes = [
            node("a", subject="Bus", people="ana"),
            node("b", minute=1, subject="Re: Bus", people="ana", pin="b"),
            node("c", "a", "b", minute=2),
        ]
        assert drawn(build(nodes)) == "a | b .c"

    def test_a_parent_that_is_not_there_leaves_a_root(self) -> None:
        assert drawn(build([node("a"), node("b", "a", minute=1, pin="gone")])) == "a | b"

    def test_decisions_in_a_circle_are_cut(self) -> None:
        forest = build([node("a", pin="b"), node("b", minute=1, pin="a")])
        assert drawn(forest) == "b .a"


def test_a_thread_of_ten_thousand_levels_is_walked_quickly() -> None:
    nodes = [
        node(f"{i:05}", *(f"{j:05}" for j in range(max(0, i - 20), i)), minute=i)
        for i in range(10_000)
    ]
    start = time.process_time()
    forest = build(reversed(nodes))
    assert time.process_time() - start < 2
    assert forest.threads[0][-1].depth == 9_999


def test_ten_thousand_answers_without_references_are_placed_quickly() -> None:
    nodes = [
        node(f"{i:05}", minute=i / 100, subject="Re: Bus", people=f"p{i} ana")
        for i in range(10_000)
    ]
    start = time.process_time()
    forest = build(nodes)
    assert time.process_time() - start < 2
    assert len(forest.threads) == 1


def test_an_unknown_parent_makes_a_root_of_the_reading_order() -> None:
    assert list(reading_order([2, 1, 3], {1: 7, 2: None, 3: 1})) == [(2, 0), (1, 0), (3, 1)]


IDS = [f"m{i}" for i in range(8)]
HEADS = [bytes([1]) + bytes([i]) * 21 for i in range(2)]


@st.composite
def correspondences(draw: st.DrawFn) -> list[Node]:
    """Small sets of messages, as tangled as can be."""
    keys = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=8))
    nodes = []
    for key in keys:
        index = draw(st.none() | st.sampled_from(HEADS))
        if index is not None:
            index += draw(st.sampled_from([b"", b"11111", b"22222", b"1111133333"]))
        subject = draw(st.sampled_from(["", "Re: "])) + draw(st.sampled_from(["", "s", "t"]))
        nodes.append(
            node(
                key,
                *draw(st.lists(st.sampled_from(IDS), max_size=4, unique=True)),
                minute=draw(st.sampled_from([0, 1, 2, 3, 50_000, 90_000])),
                subject=subject,
                people=draw(st.sampled_from(["", "ana", "luc", "ana luc"])),
                index=index,
                pin=draw(st.none() | st.none() | st.none() | st.sampled_from(IDS)),
                ids=draw(st.sampled_from([(key,), (key, f"{key}-alias"), (key, IDS[0])])),
            )
        )
    return nodes


@given(correspondences(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_forest(nodes: list[Node], random: object) -> None:
    shuffled = list(nodes)
    random.shuffle(shuffled)
    assert build(shuffled) == build(nodes)


@given(correspondences())
def test_every_message_stands_once_below_its_parent_and_in_its_thread(nodes: list[Node]) -> None:
    forest = build(nodes)
    assert sorted(p.key for t in forest.threads for p in t) == sorted(n.key for n in nodes)
    for thread in forest.threads:
        depths: dict[str, int] = {}
        for place in thread:
            above = -1 if place.parent is None else depths[place.parent]
            assert place.depth == above + 1
            depths[place.key] = place.depth


@given(correspondences())
def test_a_thread_is_the_same_without_the_others(nodes: list[Node]) -> None:
    forest = build(nodes)
    by_key = {n.key: n for n in nodes}
    for thread in forest.threads:
        alone = build([by_key[place.key] for place in thread])
        assert alone.threads == (thread,)
