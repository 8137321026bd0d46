"""The rules that a list sets, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forum.domain.message import parse
from forum.domain.rules import (
    RULES,
    Accept,
    Discard,
    Hold,
    ListRules,
    PersonFlag,
    PostingPolicy,
    Reason,
    Reject,
    judge,
)
from forum.domain.rules.banned import banned
from forum.domain.rules.first_post import first_post
from forum.domain.rules.held_always import held_always
from forum.domain.rules.language import other_language
from forum.domain.rules.links import too_many_links
from forum.domain.rules.recipients import too_many_recipients
from forum.domain.rules.size import too_large
from forum.domain.rules.spam import spam
from forum.domain.rules.words import parts_of, unwanted_words
from forum.domain.values import Submission
from tests.factories import START, mail

MEMBER = PostingPolicy(
    max_bytes=10_000,
    members_only=True,
    moderated=False,
    discards_strangers=False,
    author_is_member=True,
    author_is_moderator=False,
    sender_authenticated=False,
    sender_failed=False,
)
SPANISH = (
    "Proponemos tres talleres para el encuentro de primavera con todas las personas del barrio.\n"
)


def written(text: str = "Bonjour à toutes et à tous.\n", **fields: str) -> Submission:
    return parse(mail(text=text, **fields), START)


def asking(**rules: object) -> PostingPolicy:
    return replace(MEMBER, rules=ListRules(**rules))


def test_a_list_without_rules_asks_nothing() -> None:
    many = " ".join(f"https://example.org/{number}" for number in range(50))
    assert judge(written(f"Casino {many}\n"), MEMBER) == Accept()


def test_a_first_post_is_held_until_one_stands() -> None:
    policy = replace(asking(first_post=True), has_posted=False)
    assert first_post(written(), policy) is Reason.FIRST_POST
    assert first_post(written(), replace(policy, has_posted=True)) is None
    assert first_post(written(), replace(policy, rules=ListRules())) is None
    assert first_post(written(), replace(policy, from_outside=True)) is None


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        ("casino", True),
        ("CASINO", True),
        ("cásino", True),
        ("casin", False),
        ("casin*", True),
        ("*sino", True),
        ("*asin*", True),
        ("gran casino", True),
        ("gran* cas*", True),
        ("casino gran", False),
        ("le casino", False),
        ("*", False),
        ("", False),
        ("(a+)+$", False),
    ],
)
def test_words_are_found_whole_or_by_their_star(pattern: str, held: bool) -> None:
    found = unwanted_words(written("Venez au Gran CASINO.\n"), asking(words=(pattern,)))
    assert (found is Reason.WORDS) == held


def test_words_count_in_subjects_and_not_in_what_is_quoted() -> None:
    policy = asking(words=("casino",))
    assert unwanted_words(written(subject="Casino ?"), policy) is Reason.WORDS
    quoting = "Non merci, pas pour nous.\n\nLe 3 mars 2010, Zoé a écrit :\n> Venez au casino.\n"
    assert unwanted_words(written(quoting), policy) is None


def test_no_pattern_makes_a_text_take_long() -> None:
    text = "a" * 50_000 + " " + "ab " * 50_000
    policy = asking(words=tuple(f"*a{'b' * number}a*" for number in range(1, 201)))
    # One that doubled the work with each letter would not come back.
    assert unwanted_words(written(text), policy) is None


def test_a_pattern_is_cut_to_its_words() -> None:
    assert parts_of(" Gran-Casino* ! ") == ("gran", "casino*")


def test_links_over_a_number_are_held_and_the_same_one_counts_once() -> None:
    text = "Voir https://example.org/a, www.example.net et encore https://example.org/a.\n"
    assert too_many_links(written(text), asking(max_links=2)) is None
    assert too_many_links(written(text), asking(max_links=1)) is Reason.LINKS
    assert too_many_links(written("Sans lien.\n"), asking(max_links=0)) is None


def test_the_smaller_limit_on_size_counts() -> None:
    message = written("x" * 2_000)
    assert too_large(message, asking(max_bytes=1_000)) is Reason.TOO_LARGE
    assert too_large(message, asking(max_bytes=5_000)) is None
    assert too_large(message, replace(asking(max_bytes=5_000), max_bytes=1_000)) is Reason.TOO_LARGE
    assert judge(message, asking(max_bytes=1_000)) == Reject((Reason.TOO_LARGE,))


def test_mail_to_many_addresses_is_held() -> None:
    to = "ancrage@lists.example.org, a@example.org, A@example.org, b@example.org"
    assert too_many_recipients(written(to=to), asking(max_recipients=2)) is Reason.RECIPIENTS
    assert too_many_recipients(written(to=to), asking(max_recipients=3)) is None


def test_another_language_is_held_and_an_unknown_one_passes() -> None:
    assert other_language(written(SPANISH), asking(languages=("fr", "en"))) is Reason.LANGUAGE
    assert other_language(written(SPANISH), asking(languages=("fr", "es"))) is None
    assert other_language(written("42\n"), asking(languages=("fr",))) is None
    assert other_language(written(SPANISH), MEMBER) is None


def test_a_mark_of_the_filter_holds_unless_the_list_does_not_want_it() -> None:
    marked = replace(MEMBER, marked_spam=True)
    assert spam(written(), marked) is Reason.SPAM
    assert spam(written(), replace(marked, rules=ListRules(spam=False))) is None
    assert spam(written(), MEMBER) is None


def test_a_banned_person_is_discarded_whatever_else_is_wrong() -> None:
    policy = replace(asking(max_bytes=1), flag=PersonFlag.BANNED)
    assert banned(written(), policy) is Reason.BANNED
    assert judge(written(), policy) == Discard((Reason.BANNED,))


def test_a_person_can_be_held_always() -> None:
    policy = replace(MEMBER, flag=PersonFlag.HOLD)
    assert held_always(written(), policy) is Reason.HELD_ALWAYS
    assert judge(written(), policy) == Hold((Reason.HELD_ALWAYS,))


def test_an_accepted_person_meets_none_of_the_lists_rules() -> None:
    rules = ListRules(
        first_post=True, words=("bonjour",), max_links=0, max_recipients=0, languages=("es",)
    )
    policy = replace(
        MEMBER, author_is_member=False, moderated=True, has_posted=False, rules=rules,
        flag=PersonFlag.ACCEPT,
    )  # fmt: skip
    assert judge(written(), policy) == Accept()
    forged = judge(written(), replace(policy, sender_failed=True))
    assert isinstance(forged, Hold)
    assert {Reason.UNVERIFIED_SENDER, Reason.STRANGER} <= set(forged.reasons)


def test_reasons_stand_in_the_order_of_the_rules() -> None:
    policy = replace(asking(words=("bonjour",), max_recipients=0), thread_closed=True)
    assert judge(written(), policy) == Hold((Reason.CLOSED_THREAD, Reason.WORDS, Reason.RECIPIENTS))
    assert len(RULES) == len(set(RULES))
