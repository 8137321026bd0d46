"""The reminder before the end of a topic: once, to those who have mail, in their language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from forum.operations.topics import TopicFields, add_topic, change_topic
from forum.settings import Settings
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from forum.storage.people import SubscriptionState
from forum.storage.topics import Topic
from mailbridge import notices
from mailbridge.topic_reminder import queue_topic_reminders
from tests.factories import START, Make

TITLES = {"fr": "Les monnaies locales", "en": "Local currencies", "es": "Las monedas locales"}
FIELDS = TopicFields(
    "monnaies", TITLES, date(2010, 3, 1), date(2010, 3, 31), {"fr": "Un cahier commun"}
)
BEFORE = datetime(2010, 3, 24, 5, 59, tzinfo=UTC)
DUE = datetime(2010, 3, 24, 6, 0, tzinfo=UTC)


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """A list with five subscribers, of whom two have no mail, and a topic."""
    ancrage = make.mailing_list()
    make.subscriber(ancrage, "awa@example.net", "fr")
    make.subscriber(ancrage, "pilar@example.net", "es", delivery="weekly")
    make.subscriber(ancrage, "grace@example.net", "en", delivery="daily")
    make.subscriber(ancrage, "luc@example.net", "fr", delivery="none")
    make.subscriber(ancrage, "omar@example.net", "fr").state = SubscriptionState.BOUNCING
    add_topic(make.session, ancrage, FIELDS, START)
    return ancrage


def told(make: Make) -> list[tuple[str, str]]:
    """Who is told, in which language."""
    rows = make.session.scalars(select(Notice).filter_by(kind="topic-reminder").order_by(Notice.id))
    return sorted((row.recipient, row.language) for row in rows)


EVERYBODY = [("awa@example.net", "fr"), ("grace@example.net", "en"), ("pilar@example.net", "es")]


def test_each_who_has_mail_is_told_once(make: Make, ancrage: MailingList) -> None:
    assert queue_topic_reminders(make.session, BEFORE) == 0
    assert queue_topic_reminders(make.session, DUE) == 3
    assert queue_topic_reminders(make.session, DUE + timedelta(days=1)) == 0
    assert told(make) == EVERYBODY


def test_a_person_with_two_addresses_is_told_once(make: Make, ancrage: MailingList) -> None:
    first = make.subscriber(ancrage, "lila@example.net")
    make.subscriber(ancrage, "lila@example.org").address.author_id = first.address.author_id
    queue_topic_reminders(make.session, DUE)
    assert [email for email, _ in told(make) if email.startswith("lila")] == ["lila@example.net"]


def test_of_a_stopped_list_it_waits_and_after_the_end_it_is_not_sent(
    make: Make, ancrage: MailingList
) -> None:
    ancrage.outgoing_stopped = True
    assert queue_topic_reminders(make.session, DUE) == 0
    ancrage.outgoing_stopped = False
    assert queue_topic_reminders(make.session, DUE + timedelta(days=9)) == 0
    assert queue_topic_reminders(make.session, DUE + timedelta(days=3)) == 3


def test_who_wants_no_reminder_gets_none(make: Make, ancrage: MailingList) -> None:
    row = make.session.scalars(select(Topic)).one()
    change_topic(make.session, ancrage, row, replace(FIELDS, remind_days=0), START)
    assert queue_topic_reminders(make.session, DUE) == 0


def test_an_end_that_is_put_off_is_told_of_again(make: Make, ancrage: MailingList) -> None:
    queue_topic_reminders(make.session, DUE)
    row = make.session.scalars(select(Topic)).one()
    change_topic(make.session, ancrage, row, replace(FIELDS, products={}), DUE)
    assert queue_topic_reminders(make.session, DUE) == 0
    later = replace(FIELDS, ends_on=date(2010, 5, 31))
    change_topic(make.session, ancrage, row, later, DUE)
    assert queue_topic_reminders(make.session, DUE) == 0
    assert queue_topic_reminders(make.session, datetime(2010, 5, 24, 6, tzinfo=UTC)) == 3


@pytest.mark.parametrize(
    ("language", "subject", "product"),
    [
        ("fr", "« Les monnaies locales » : jusqu’au 31 mars 2010", "Ce qui doit en sortir"),
        ("en", '"Local currencies" is open until 31 March 2010', "What is to come of it"),
        ("es", "«Las monedas locales»: abierto hasta el 31 de marzo de 2010", "Lo que se espera"),
    ],
)
def test_the_mail_says_what_until_when_and_how(
    make: Make,
    ancrage: MailingList,
    settings: Settings,
    language: str,
    subject: str,
    product: str,
) -> None:
    queue_topic_reminders(make.session, DUE)
    notice = make.session.scalars(
        select(Notice).filter_by(language=language).order_by(Notice.id)
    ).first()
    assert notice is not None
    copy = notices.build(notice, settings)
    message = message_from_bytes(copy.message, policy=policy.default)
    assert message["Subject"].replace("\u00a0", " ") == subject
    text = message.get_content()
    assert product in text
    assert "[monnaies]" in text
    assert "http://forum.example.org/lists/ancrage/topics" in text
    assert "/unsubscribe/" in text
    assert message["Auto-Submitted"] == "auto-generated"
