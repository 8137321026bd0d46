"""What a moderator decides about a held message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.moderation import AlreadyDecided, Verb, decide
from forum.operations.notices import NoticeKind
from forum.operations.posting import Held, post
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, HeldMessage, Notice
from tests.factories import START, Make, mail

NOW = START + timedelta(hours=1)


@pytest.fixture
def mailing_list(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, "pilar@example.net", "es")
    return found


@pytest.fixture
def held(session: Session, mailing_list: MailingList) -> HeldMessage:
    submission = parse(mail(author="Nadia <nadia@example.org>", message_id="n@example.org"), NOW)
    answer = post(session, mailing_list, submission, NOW, max_bytes=1_000_000, source=Source.EMAIL)
    assert isinstance(answer, Held)
    return session.get_one(HeldMessage, answer.held_id)


def test_accepting_publishes_mails_and_records_who_did_it(
    session: Session, make: Make, mailing_list: MailingList, held: HeldMessage
) -> None:
    moderator = make.moderator(mailing_list)
    decide(session, held, Verb.ACCEPT, NOW, account=moderator)
    row = session.get_one(Post, held.post_id)
    assert (row.message_id, row.source) == ("n@example.org", "email")
    assert session.scalars(select(Delivery.post_id)).all() == [row.id]
    assert (held.state, held.decided_by_id, held.post_id) == ("accepted", moderator.id, row.id)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.target, entry.account_id) == (
        "accept",
        f"held {held.id}",
        moderator.id,
    )


def test_rejecting_tells_the_author_why_in_the_lists_language(
    session: Session, mailing_list: MailingList, held: HeldMessage
) -> None:
    mailing_list.language = "fr"
    decide(session, held, Verb.REJECT, NOW, reason="Hors sujet")
    notice = session.scalars(select(Notice)).one()
    assert (notice.kind, notice.recipient, notice.language) == (
        NoticeKind.REJECTED,
        "nadia@example.org",
        "fr",
    )
    assert notice.params["reason"] == "Hors sujet"


def test_discarding_tells_nobody(session: Session, held: HeldMessage) -> None:
    decide(session, held, Verb.DISCARD, NOW)
    assert session.scalars(select(Notice)).all() == []
    assert held.state == "discarded"


@pytest.mark.parametrize("second", Verb)
def test_a_decision_stands(session: Session, held: HeldMessage, second: Verb) -> None:
    decide(session, held, Verb.DISCARD, NOW)
    with pytest.raises(AlreadyDecided):
        decide(session, held, second, NOW)
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_the_same_mail_again_after_a_refusal_stays_refused(
    session: Session, mailing_list: MailingList, held: HeldMessage
) -> None:
    decide(session, held, Verb.REJECT, NOW)
    submission = parse(mail(author="Nadia <nadia@example.org>", message_id="n@example.org"), NOW)
    answer = post(session, mailing_list, submission, NOW, max_bytes=1_000_000, source=Source.EMAIL)
    assert not isinstance(answer, Held)
    assert session.scalars(select(HeldMessage)).all() == [held]
