"""What bounces of many mail servers say: whether it is for good, and of whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.bounce_words import Failure
from forum.domain.message import parse
from mailbridge import feedback
from mailbridge.automatic import Automatic, classify
from mailbridge.bounces import Report, read, read_fields
from tests.factories import START
from tests.mailbridge import bounce_mails as mails

HARD, SOFT = Failure.HARD, Failure.SOFT
TOKEN = "00112233445566778899aabbccddeeff0011223344556677"


def read_mail(raw: bytes) -> Report | None:
    return read(raw, parse(raw, START).text)


@pytest.mark.parametrize(
    ("name", "expected", "status"),
    [
        ("POSTFIX", HARD, "5.1.1"),
        ("EXCHANGE", HARD, "5.1.10"),
        ("GMAIL", HARD, "5.1.1"),
        ("EXIM", HARD, ""),
        ("QMAIL", HARD, "5.1.1"),
        ("FRENCH", HARD, "5.0.0"),
        ("SPANISH", HARD, ""),
        ("FRENCH_FULL", SOFT, ""),
        ("FULL", SOFT, "4.2.2"),
        ("OVER_QUOTA", SOFT, "5.2.2"),
    ],
)
def test_what_servers_say_is_understood(name: str, expected: Failure, status: str) -> None:
    raw = getattr(mails, name)
    assert classify(raw, None) is Automatic.BOUNCE
    report = read_mail(raw)
    assert report is not None
    assert (report.failure, report.recipient) == (expected, "grace@example.net")
    assert report.status == status
    assert report.reply


@pytest.mark.parametrize("name", ["POSTFIX_DELAY", "EXIM_DELAY"])
def test_a_delay_is_no_failure(name: str) -> None:
    report = read_mail(getattr(mails, name))
    assert report is not None
    assert report.failure is None


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_mail_that_arrived_is_no_failure(action: str) -> None:
    report = read_mail(mails.POSTFIX.replace(b"Action: failed", f"Action: {action}".encode()))
    assert report is not None
    assert report.failure is None


def test_of_several_recipients_one_that_failed_counts() -> None:
    both = mails.dsn(
        "One of two.\n",
        "Final-Recipient: rfc822; a@example.net\nAction: relayed\nStatus: 2.0.0\n\n"
        "Final-Recipient: rfc822; grace@example.net\nAction: failed\nStatus: 5.1.1\n",
    )
    report = read_mail(both)
    assert report is not None
    assert (report.failure, report.recipient) == (HARD, "grace@example.net")


def test_a_report_whose_structure_is_lost_is_read_all_the_same() -> None:
    broken = mails.POSTFIX.replace(b"multipart/report", b"text/plain")
    report = read_mail(broken)
    assert report is not None
    assert (report.failure, report.status) == (HARD, "5.1.1")


def test_what_the_returned_message_says_does_not_count() -> None:
    report = read_mail(mails.EXIM)
    assert report is not None
    assert report.failure is HARD  # Its own text speaks of something full.


def test_absence_replies_have_no_fields() -> None:
    assert classify(mails.VACATION, None) is Automatic.REPLY
    assert read_fields(mails.VACATION) is None
    assert classify(mails.UNMARKED_ABSENCE, None) is not Automatic.BOUNCE
    assert read_fields(mails.UNMARKED_ABSENCE) is None


def test_a_report_that_says_nothing_is_not_understood() -> None:
    assert read_mail(mails.NO_FIELDS) is None


@given(st.binary(max_size=800))
def test_any_bytes_are_read_without_an_exception(raw: bytes) -> None:
    for content in (raw, mails.EIGHT_BIT_SOUP + raw, mails.POSTFIX[:700] + raw):
        read_mail(content)
        feedback.read(content)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("agent", ["Yahoo!-Mail-Feedback/2.0", "Hotmail FBL"])
def test_a_complaint_names_its_token(whole: bool, agent: str) -> None:
    raw = mails.complaint(TOKEN, whole=whole, agent=agent)
    assert classify(raw, "feedback@arf.mail.example.com") is Automatic.COMPLAINT
    found = feedback.read(raw)
    assert found is not None
    assert (found.kind, found.agent, found.tokens) == ("abuse", agent, (TOKEN,))
    assert found.is_complaint


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", ""])
def test_other_feedback_is_no_complaint(kind: str) -> None:
    found = feedback.read(mails.complaint(TOKEN, kind=kind))
    assert found is not None
    assert not found.is_complaint


def test_a_persons_mail_is_no_feedback() -> None:
    assert feedback.read(mails.POSTFIX) is None
