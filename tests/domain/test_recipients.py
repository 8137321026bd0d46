"""Who receives a post, decided from what people chose."""

from __future__ import annotations

import pytest

from forum.domain.recipients import Candidate, Occasion, reads, recipients

WRITER, READER = 1, 2


def one(subscription_id: int = 10, author_id: int = READER, **options: object) -> Candidate:
    values: dict[str, object] = {"email": f"a{subscription_id}@example.org", "delivery": "each"}
    return Candidate(subscription_id, author_id, **(values | options))


def chosen(*candidates: Candidate, **options: object) -> list[tuple[int, bool]]:
    occasion = Occasion(**({"author_id": WRITER, "language": "fr"} | options))
    return [
        (found.subscription.subscription_id, found.at_once)
        for found in recipients(candidates, occasion)
    ]


@pytest.mark.parametrize(
    ("delivery", "outcome"),
    [("each", [(10, True)]), ("daily", [(10, False)]), ("weekly", [(10, False)]), ("none", [])],
)
def test_each_mode_receives_its_way(delivery: str, outcome: list[tuple[int, bool]]) -> None:
    assert chosen(one(delivery=delivery)) == outcome


@pytest.mark.parametrize("delivery", ["each", "daily", "weekly", "none"])
def test_who_follows_a_thread_gets_it_at_once_whatever_the_mode(delivery: str) -> None:
    assert chosen(one(delivery=delivery), chosen={READER: "follow"}) == [(10, True)]
    assert chosen(one(delivery=delivery), wrote=frozenset({READER})) == [(10, True)]


def test_writing_does_not_make_follow_who_wants_otherwise() -> None:
    wrote = frozenset({READER})
    assert chosen(one(delivery="none", follows_written=False), wrote=wrote) == []
    assert chosen(one(delivery="none"), wrote=wrote, chosen={READER: "usual"}) == []
    assert chosen(one(delivery="daily"), wrote=wrote, chosen={READER: "usual"}) == [(10, False)]


@pytest.mark.parametrize("delivery", ["each", "daily", "weekly"])
def test_a_muted_thread_sends_nothing_also_not_in_digests(delivery: str) -> None:
    muted = {READER: "mute"}
    assert chosen(one(delivery=delivery), chosen=muted, wrote=frozenset({READER})) == []


def test_own_posts_come_back_only_where_wanted() -> None:
    assert chosen(one(author_id=WRITER)) == []
    assert chosen(one(author_id=WRITER, own_posts=True)) == [(10, True)]


def test_of_two_addresses_each_post_goes_before_a_digest_then_the_login_then_the_oldest() -> None:
    assert chosen(one(10, delivery="daily"), one(11)) == [(11, True)]
    assert chosen(one(10), one(11, is_login=True)) == [(11, True)]
    assert chosen(one(11), one(10)) == [(10, True)]
    assert chosen(one(10, delivery="none"), one(11, delivery="weekly")) == [(11, False)]


def test_whoever_has_a_copy_gets_none_on_any_address() -> None:
    has_copy = frozenset({READER})
    assert chosen(one(10), one(11), has_copy=has_copy) == []
    assert chosen(one(author_id=WRITER, own_posts=True), has_copy=frozenset({WRITER})) == [
        (10, True)
    ]


@pytest.mark.parametrize(
    ("wanted", "language", "outcome"),
    [
        ("", "es", True),
        ("fr,en", "fr", True),
        ("fr, en", "en", True),
        ("fr,en", "es", False),
        ("fr", "mul", True),
        ("fr", "und", True),
        ("fr", "pt", True),
    ],
)
def test_only_what_could_have_been_named_and_was_not_is_left_out(
    wanted: str, language: str, outcome: bool
) -> None:
    assert reads(wanted, language) is outcome


def test_a_followed_thread_comes_in_every_language() -> None:
    assert chosen(one(reads="en")) == []
    assert chosen(one(reads="en", delivery="daily")) == []
    assert chosen(one(reads="en"), chosen={READER: "follow"}) == [(10, True)]
    assert chosen(one(10, reads="en"), one(11, reads="")) == [(11, True)]
