"""What moderators decided about a person holds whatever address of theirs they write from."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.rules import PersonFlag, Reason
from forum.domain.values import Mailbox, Source
from forum.operations.accounts import ensure_author
from forum.operations.identity import claim_address, take_address
from forum.operations.posting import Discarded, Disposition, Held, Posted, post
from forum.operations.ruling import flag_sender
from forum.operations.writing import write_post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from forum.storage.people import Account
from forum.storage.rules import SenderFlag
from tests.factories import START, Make, mail

HOME, WORK = "luc@example.net", "luc@work.example.net"
LATER = START + timedelta(days=1)


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    found = make.mailing_list(posting="open")
    for email in (HOME, WORK):
        make.subscriber(found, email)
    return found


@pytest.fixture
def luc(make: Make) -> Account:
    return make.account(HOME, name="Luc")


def flag(
    session: Session, ancrage: MailingList, email: str, what: PersonFlag,
    until: datetime | None = None,
) -> None:  # fmt: skip
    author_id = ensure_author(session, Mailbox("Luc", email), START).author_id
    flag_sender(session, author_id, what, START, mailing_list=ancrage, until=until, reason="Pub")


def join(session: Session, luc: Account) -> None:
    """The person shows that the second address is theirs."""
    claim_address(session, luc, WORK, LATER, "https://forum.example.org")
    link = session.scalars(select(Notice).where(Notice.kind == "confirm-address")).one()
    assert take_address(session, luc, link.params["link"].rpartition("/")[2], LATER) == WORK


def send(session: Session, ancrage: MailingList, email: str) -> Disposition:
    raw = mail(author=f"Luc <{email}>", message_id=f"x.{email}", subject=f"De {email}")
    return post(session, ancrage, parse(raw, LATER), LATER, max_bytes=10**6, source=Source.EMAIL)


@pytest.mark.parametrize("banned", [HOME, WORK])
def test_a_ban_of_one_address_holds_for_all_of_the_person_on_the_web_too(
    session: Session, ancrage: MailingList, luc: Account, banned: str
) -> None:
    flag(session, ancrage, banned, PersonFlag.BANNED)
    join(session, luc)
    for email in (HOME, WORK):
        assert send(session, ancrage, email) == Discarded((Reason.BANNED,))
    written = write_post(
        session, ancrage, luc, subject_line="Offre", text="Bonjour.", now=LATER, max_bytes=10**6
    )
    assert isinstance(written, Discarded)


@pytest.mark.parametrize("strict", [HOME, WORK])
def test_of_two_decisions_the_stricter_one_holds(
    session: Session, ancrage: MailingList, luc: Account, strict: str
) -> None:
    for email in (HOME, WORK):
        flag(session, ancrage, email, PersonFlag.HOLD if email == strict else PersonFlag.ACCEPT)
    join(session, luc)
    outcome = send(session, ancrage, WORK)
    assert isinstance(outcome, Held)
    assert outcome.reasons == (Reason.HELD_ALWAYS,)
    assert [row.author_id for row in session.scalars(select(SenderFlag))] == [luc.author_id]


def test_what_has_ended_gives_way(session: Session, ancrage: MailingList, luc: Account) -> None:
    flag(session, ancrage, HOME, PersonFlag.BANNED, until=START + timedelta(hours=1))
    flag(session, ancrage, WORK, PersonFlag.HOLD)
    join(session, luc)
    assert isinstance(send(session, ancrage, HOME), Held)


def test_of_two_bans_the_longer_one_holds(
    session: Session, ancrage: MailingList, luc: Account
) -> None:
    flag(session, ancrage, HOME, PersonFlag.BANNED, until=LATER + timedelta(days=2))
    flag(session, ancrage, WORK, PersonFlag.BANNED)
    join(session, luc)
    assert session.scalars(select(SenderFlag.until)).all() == [None]


def test_the_log_tells_that_a_decision_went_along(
    session: Session, ancrage: MailingList, luc: Account
) -> None:
    flag(session, ancrage, WORK, PersonFlag.BANNED)
    join(session, luc)
    lines = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "flag").order_by(AuditEntry.id)
    ).all()
    assert lines[-1].target == f"person {luc.author_id}"


def test_who_was_never_decided_about_posts_as_before(
    session: Session, ancrage: MailingList, luc: Account
) -> None:
    join(session, luc)
    assert isinstance(send(session, ancrage, WORK), Posted)
