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
from forum.operations.recipients import Audience
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestItem, HeldMessage, Notice
from forum.storage.people import Address, Subscription
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


def test_of_several_accepted_together_each_goes_to_those_who_want_it(
    session: Session, make: Make, mailing_list: MailingList, held: HeldMessage
) -> None:
    make.subscriber(mailing_list, "digest@example.net", delivery="daily")
    make.subscriber(mailing_list, "french@example.net", reads="fr")
    make.subscriber(mailing_list, "copied@example.net")
    submission = parse(
        mail(
            author="Olga <olga@example.org>",
            message_id="o@example.org",
            subject="Otra carta",
            text="Proponemos tres talleres para el encuentro de primavera con todas ustedes.\n",
            to="ancrage@localhost, copied@example.net",
        ),
        NOW,
    )
    answer = post(session, mailing_list, submission, NOW, max_bytes=1_000_000, source=Source.EMAIL)
    assert isinstance(answer, Held)
    other = session.get_one(HeldMessage, answer.held_id)
    audience = Audience(session, NOW)
    for one in (held, other):
        decide(session, one, Verb.ACCEPT, NOW, audience=audience)

    def recipients(table: type[Delivery | DigestItem], post_id: int | None) -> set[str]:
        found = session.scalars(
            select(Address.email)
            .join(Subscription, Subscription.address_id == Address.id)
            .join(table, table.subscription_id == Subscription.id)
            .where(table.post_id == post_id)
        )
        return {email.partition("@")[0] for email in found}

    assert recipients(Delivery, other.post_id) == {"pilar"}
    assert recipients(Delivery, held.post_id) == {"pilar", "french", "copied"}
    for one in (held, other):
        assert recipients(DigestItem, one.post_id) == {"digest"}
