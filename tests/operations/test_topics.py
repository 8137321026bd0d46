"""Threads are filed under topics by the tag in their subject, whatever way they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete

from forum.domain.message import parse
from forum.domain.topics import TopicFault
from forum.domain.values import Source
from forum.operations.curation_threads import set_tags
from forum.operations.curation_undoing import undo
from forum.operations.judging import Sender
from forum.operations.posting import Posted, post
from forum.operations.topics import (
    TopicError,
    TopicFields,
    add_topic,
    change_topic,
    remove_topic,
)
from forum.operations.writing import write_post
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from forum.storage.topics import topics_of
from tests.factories import START, Make

TITLES = {"fr": "Les monnaies locales", "en": "Local currencies", "es": "Las monedas locales"}
ECOLES = TopicFields("Écoles", TITLES, date(2010, 3, 1), date(2010, 3, 31), {"fr": "Un cahier"})
EAU = replace(ECOLES, tag="eau")


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """A list that announces two topics."""
    ancrage = make.mailing_list(subject_prefix="[AT]")
    add_topic(make.session, ancrage, ECOLES, START)
    add_topic(make.session, ancrage, EAU, START)
    return ancrage


@pytest.mark.parametrize(
    ("subject", "tags"),
    [
        ("[ecoles] Le car", "écoles"),
        ("Re: [AT] [ÉCOLES] Le car", "écoles"),
        ("[eau][écoles] Le car", "eau,écoles"),
        ("[route] Le car", ""),
        ("Le car [eau]", ""),
    ],
)
def test_a_mail_is_filed_by_its_subject(
    make: Make, ancrage: MailingList, subject: str, tags: str
) -> None:
    assert make.post(ancrage, subject=subject).thread.tags == tags


def test_what_is_written_on_the_web_is_filed(make: Make, ancrage: MailingList) -> None:
    account = make.moderator(ancrage)
    outcome = write_post(
        make.session, ancrage, account,
        subject_line="[eau] Le puits", text="Bonjour.", now=START, max_bytes=10**6,
    )  # fmt: skip
    assert isinstance(outcome, Posted)
    assert make.session.get_one(Post, outcome.post_id).thread.tags == "eau"


def test_what_awaited_a_moderator_is_filed_when_it_is_posted(
    make: Make, ancrage: MailingList
) -> None:
    raw = make.mail(subject="[eau] Le puits", author="Zoé <zoe@example.net>")
    outcome = post(
        make.session, ancrage, parse(raw, START), START,
        max_bytes=10**6, source=Source.EMAIL, sender=Sender(authenticated=True),
    )  # fmt: skip
    assert not isinstance(outcome, Posted)
    assert make.post(ancrage, subject="[eau] Le puits").thread.tags == "eau"


def test_an_answer_files_only_by_what_it_says_anew(make: Make, ancrage: MailingList) -> None:
    first = make.post(ancrage, subject="[eau] Le puits", message_id="a@example.org")
    thread = first.thread
    decision = set_tags(make.session, thread, "", START)
    make.post(ancrage, subject="Re: [eau] Le puits", in_reply_to="a@example.org")
    assert thread.tags == ""
    make.session.execute(delete(IndexQueue))
    make.post(ancrage, subject="[écoles] Re: [eau] Le puits", in_reply_to="a@example.org")
    assert thread.tags == "écoles"
    # The posts of the thread are found by the new tag.
    queued = make.session.query(IndexQueue.post_id).filter_by(post_id=first.id).count()
    assert queued == 1
    undo(make.session, decision.id, START)
    assert thread.tags == "eau"


def test_topics_of_another_list_file_nothing(make: Make, ancrage: MailingList) -> None:
    assert make.post(make.mailing_list("autre"), subject="[eau] Le puits").thread.tags == ""


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tag": ""}, TopicFault.TAG),
        ({"tag": "eau, route"}, TopicFault.TAG),
        ({"tag": "x" * 41}, TopicFault.TAG),
        ({"tag": "[EAU]"}, TopicFault.TAKEN),
        ({"tag": "Ancrage"}, TopicFault.LIST_NAME),
        ({"tag": "at"}, TopicFault.LIST_NAME),
        ({"titles": {"fr": "Une", "en": "One"}}, TopicFault.TITLES),
        ({"titles": {**TITLES, "en": "x" * 121}}, TopicFault.LONG_TITLE),
        ({"products": {"en": "x" * 501}}, TopicFault.LONG_PRODUCT),
        ({"ends_on": date(2010, 2, 28)}, TopicFault.DAYS),
        ({"remind_days": 91}, TopicFault.REMINDER),
        ({"remind_days": -1}, TopicFault.REMINDER),
    ],
)
def test_what_makes_no_sense_is_refused(
    make: Make, ancrage: MailingList, changes: dict[str, object], fault: TopicFault
) -> None:
    fields = replace(replace(ECOLES, tag="route"), **changes)
    with pytest.raises(TopicError) as refused:
        add_topic(make.session, ancrage, fields, START)
    assert refused.value.fault is fault


def test_topics_are_changed_and_removed_and_threads_keep_their_tags(
    make: Make, ancrage: MailingList
) -> None:
    thread = make.post(ancrage, subject="[eau] Le puits").thread
    other = make.mailing_list("autre")
    row = add_topic(make.session, other, EAU, START)
    change_topic(make.session, other, row, replace(EAU, tag="Rivière"), START)
    assert [one.tag for one in topics_of(make.session, other.id)] == ["rivière"]
    remove_topic(make.session, other, row, START)
    assert topics_of(make.session, other.id) == []
    assert thread.tags == "eau"
    entries = make.session.query(AuditEntry).filter_by(mailing_list_id=other.id)
    actions = [one.action for one in entries.order_by(AuditEntry.id)]
    assert actions[-3:] == ["topic-add", "topic-edit", "topic-remove"]


def test_a_list_goes_with_its_topics(make: Make, ancrage: MailingList) -> None:
    make.session.delete(ancrage)
    make.session.flush()
    assert topics_of(make.session, ancrage.id) == []
