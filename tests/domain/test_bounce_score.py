"""Which refusals count, how much, and when an address is warned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forum.domain.bounce_score import (
    HALF_LIFE,
    PROBE_ANSWERED_WITHIN,
    Standing,
    Step,
    after_bounce,
    score_at,
)
from forum.domain.bounce_words import (
    Failure,
    failure_of,
    is_about_address,
    is_about_sender,
)

NOW = datetime(2010, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HARD, SOFT = Failure.HARD, Failure.SOFT


def bounces_until_warned(failure: Failure, every: timedelta, most: int = 60) -> int | None:
    standing, now = Standing(), NOW
    for number in range(1, most + 1):
        standing, step = after_bounce(standing, failure, now)
        if step is Step.PROBE:
            return number
        now += every
    return None


@pytest.mark.parametrize(
    ("failure", "every", "expected"),
    [
        (HARD, DAY, 3),
        (HARD, 7 * DAY, 3),
        (HARD, 30 * DAY, 6),
        (SOFT, DAY, 7),
        (SOFT, 7 * DAY, 10),
        (SOFT, 30 * DAY, None),
    ],
)
def test_the_figures_of_the_decision_record(
    failure: Failure, every: timedelta, expected: int | None
) -> None:
    assert bounces_until_warned(failure, every) == expected


def test_many_bounces_of_one_day_count_once() -> None:
    standing, step = Standing(), Step.NOTHING
    for minute in range(50):
        standing, step = after_bounce(standing, HARD, NOW + timedelta(minutes=minute))
        assert step is Step.NOTHING
    assert standing.score == 1.0


def test_a_daily_digest_that_bounces_an_hour_early_counts() -> None:
    standing, _ = after_bounce(Standing(), HARD, NOW)
    standing, _ = after_bounce(standing, HARD, NOW + timedelta(hours=23))
    assert standing.score > 1.9


def test_the_score_halves_in_its_half_life() -> None:
    assert score_at(Standing(2.0, NOW), NOW + HALF_LIFE) == pytest.approx(1.0)
    assert score_at(Standing(2.0, NOW), NOW) == 2.0
    assert score_at(Standing(), NOW) == 0.0


def test_a_warned_address_is_not_warned_again_while_the_answer_may_come() -> None:
    standing, step = after_bounce(Standing(2.4, NOW - DAY), HARD, NOW)
    assert (step, standing.probed_at) == (Step.PROBE, NOW)
    now = NOW
    while now < NOW + PROBE_ANSWERED_WITHIN - DAY:
        now += DAY
        standing, step = after_bounce(standing, HARD, now)
        assert step is Step.NOTHING
    standing, step = after_bounce(standing, HARD, NOW + PROBE_ANSWERED_WITHIN)
    assert step is Step.PROBE


@pytest.mark.parametrize(
    ("status", "reply", "expected"),
    [
        ("5.1.1", "550 5.1.1 <awa@example.org>: Recipient address rejected: User unknown", HARD),
        ("5.1.10", "550 5.1.10 Recipient not found", HARD),
        ("5.2.1", "550 5.2.1 The account is disabled", HARD),
        ("5.4.4", "Host or domain name not found", HARD),
        ("5.0.0", "550 No such user here", HARD),
        ("", "550 Requested action not taken: mailbox unavailable", HARD),
        ("", "553 sorry, that is not a name here", HARD),
        ("5.2.2", "552 5.2.2 Over quota", SOFT),
        ("4.2.2", "452 4.2.2 Mailbox full", SOFT),
        ("5.0.0", "550 mailbox is full", SOFT),
        ("5.7.1", "554 5.7.1 Service unavailable; client host blocked", SOFT),
        ("5.7.1", "550 5.7.1 listed as spam", SOFT),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", SOFT),
        ("4.4.1", "connection timed out", SOFT),
        ("", "554 transaction failed", SOFT),
        ("5.0.0", "550 5.1.1 user unknown", HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", HARD),
        ("5.0.0", "550 L’utilisateur est inconnu", HARD),
        ("5.0.0", "550 La boîte aux lettres est pleine", SOFT),
        ("5.0.0", "550 El buzón está lleno", SOFT),
        ("5.0.0", "550 La dirección no existe", HARD),
        ("2.0.0", "250 2.0.0 Ok", None),
        ("", "thank you for your message", None),
    ],
)
def test_what_a_refusal_says_of_an_address(
    status: str, reply: str, expected: Failure | None
) -> None:
    assert failure_of(status, reply) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 User unknown", True),
        ("550 no such user", True),
        ("550 5.2.1 disabled", True),
        ("550 5.7.1 relaying denied", False),
        ("554 transaction failed", False),
    ],
)
def test_whether_a_refusal_names_the_address(reply: str, expected: bool) -> None:
    assert is_about_address(reply) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("554 5.7.1 <ana@example.net>: Relay access denied", True),
        ("550 relaying not permitted", True),
        ("530 5.7.0 Authentication required", True),
        ("554 5.7.1 <h[192.0.2.1]>: Client host rejected: Access denied", True),
        ("553 5.7.1 <awa@example.org>: Sender address rejected: not owned by user x", True),
        ("550 5.7.1 message taken for spam", False),
        ("550 5.1.1 no such user: relay access denied", False),
        ("550 no such user here", False),
    ],
)
def test_what_is_said_of_whoever_sends(reply: str, expected: bool) -> None:
    assert is_about_sender(reply) is expected
