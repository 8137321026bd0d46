"""Who receives a post, decided from what people chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.recipients import Candidate, Occasion, languages_of, reads, recipients
from forum.domain.values import LANGUAGES

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


def translated(*candidates: Candidate, **options: object) -> list[tuple[int, bool]]:
    """Who receives the French translation of a Spanish post."""
    own = frozenset({"es"})
    values = {"language": "es", "translation": "fr", "own_languages": own} | options
    return chosen(*candidates, **values)


@pytest.mark.parametrize(
    ("reads", "language", "outcome"),
    [
        ("", "fr", True),
        ("", "en", False),
        ("", "es", False),
        ("fr", "en", True),
        ("fr,en", "en", True),
        ("en", "fr", False),
        ("es,fr", "fr", False),
        ("es", "fr", False),
    ],
)
def test_a_translation_is_for_who_reads_its_language_and_not_the_posts(
    reads: str, language: str, outcome: bool
) -> None:
    found = translated(one(reads=reads, language=language))
    assert found == ([(10, True)] if outcome else [])


def test_a_post_in_several_languages_is_translated_for_who_reads_none_of_them() -> None:
    both = frozenset({"es", "en", "mul"})
    assert translated(one(language="fr"), language="mul", own_languages=both) == [(10, True)]
    assert translated(one(reads="fr,en"), language="mul", own_languages=both) == []


def test_another_subscription_tells_that_a_person_reads_the_post() -> None:
    assert translated(one(10, language="fr"), one(11, language="es")) == []
    assert translated(one(10, language="fr", translations=False), one(11, language="fr")) == [
        (11, True)
    ]


def test_translations_go_where_they_are_wanted_as_posts_do() -> None:
    french = {"language": "fr"}
    assert translated(one(**french, translations=False)) == []
    assert translated(one(**french), chosen={READER: "mute"}) == []
    assert translated(one(**french, delivery="none")) == []
    assert translated(one(**french, delivery="none"), chosen={READER: "follow"}) == [(10, True)]
    assert translated(one(**french, delivery="daily")) == [(10, False)]
    assert translated(one(**french, bursts=True)) == [(10, False)]
    assert translated(one(**french), has_copy=frozenset({READER})) == []
    assert translated(one(author_id=WRITER, own_posts=True, **french)) == []
    assert translated(one(10, **french), one(11, **french)) == [(10, True)]


candidate_lists = st.lists(
    st.builds(
        Candidate,
        subscription_id=st.integers(1, 50),
        author_id=st.integers(1, 6),
        email=st.just("a@example.org"),
        delivery=st.sampled_from(["each", "daily", "weekly", "none"]),
        language=st.sampled_from(LANGUAGES),
        reads=st.sampled_from(["", "fr", "es", "en", "fr,en", "es,en", "fr,es,en"]),
        own_posts=st.booleans(),
        follows_written=st.booleans(),
        bursts=st.booleans(),
        translations=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.subscription_id,
)


@given(
    candidates=candidate_lists,
    own=st.sets(st.sampled_from(["es", "en", "pt"]), min_size=1),
    has_copy=st.frozensets(st.integers(1, 6)),
    choices=st.dictionaries(st.integers(1, 6), st.sampled_from(["follow", "mute", "usual"])),
    wrote=st.frozensets(st.integers(1, 6)),
)
def test_nobody_gets_a_translation_that_they_do_not_need_or_want(
    candidates: list[Candidate],
    own: set[str],
    has_copy: frozenset[int],
    choices: dict[int, str],
    wrote: frozenset[int],
) -> None:
    language = next(iter(own)) if len(own) == 1 else "mul"
    occasion = Occasion(
        WRITER, language, wrote, choices, has_copy, translation="fr", own_languages=frozenset(own)
    )
    found = recipients(candidates, occasion)
    people = [recipient.subscription.author_id for recipient in found]
    assert len(people) == len(set(people))
    assert WRITER not in people and has_copy.isdisjoint(people)
    for recipient in found:
        subscription = recipient.subscription
        assert subscription.translations
        assert "fr" in languages_of(subscription)
        assert choices.get(subscription.author_id) != "mute"
        theirs = [one for one in candidates if one.author_id == subscription.author_id]
        assert all(own.isdisjoint(languages_of(one)) for one in theirs)
        if subscription.delivery == "none":
            assert recipient.at_once
    # Whoever gets the post in a language of theirs never gets it a second time.
    posted = recipients(candidates, Occasion(WRITER, language, frozenset(), choices, has_copy))
    reading = {
        one.subscription.author_id
        for one in posted
        if not own.isdisjoint(languages_of(one.subscription))
    }
    assert reading.isdisjoint(people)
