"""A private list tells strangers nothing by mail, and lets nobody in by themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.lists import RESERVED_ENDINGS
from forum.operations.notices import NoticeKind
from forum.operations.subscriptions import confirm_subscribe, request_subscribe
from forum.settings import Settings
from forum.storage.lists import MailingList, Visibility
from forum.storage.mail import Incoming, Notice
from forum.storage.people import Subscription
from mailbridge.addressing import POSTING_KINDS, RouteKind
from mailbridge.receive import Envelope, receive
from tests.factories import START, Make, mail

STRANGER = "stranger@example.net"


@pytest.fixture
def private(make: Make) -> MailingList:
    found = make.mailing_list("prive", visibility="private")
    make.account("admin@example.org", is_admin=True)
    make.commit()
    return found


def write_to(
    session: Session, settings: Settings, part: str, sender: str, **fields: str
) -> Incoming:
    address = f"prive-{part}@lists.example.org"
    raw = mail(author=f"Somebody <{sender}>", to=address, **fields)
    assert receive(session, Envelope(sender, address), raw, START, settings).startswith("250")
    return session.scalars(select(Incoming).order_by(Incoming.id.desc())).first()


def notices_to(session: Session, email: str) -> list[str]:
    return [
        one.kind
        for one in session.scalars(select(Notice).order_by(Notice.id))
        if one.recipient == email
    ]


@pytest.mark.parametrize("part", ["subscribe", "request", "unsubscribe"])
def test_what_a_stranger_asks_goes_to_the_people_in_charge(
    session: Session, settings: Settings, private: MailingList, part: str
) -> None:
    row = write_to(session, settings, part, STRANGER, subject="subscribe")
    assert row.state == "command"
    assert notices_to(session, STRANGER) == []
    assert len(notices_to(session, "admin@example.org")) == 1
    assert session.scalars(select(Subscription)).all() == []


def test_a_member_is_answered(
    session: Session, settings: Settings, private: MailingList, make: Make
) -> None:
    make.subscriber(private, "member@example.net")
    make.commit()
    write_to(session, settings, "request", "member@example.net", subject="aide")
    assert notices_to(session, "member@example.net") == [NoticeKind.HELP]


def test_who_asked_while_the_list_was_public_does_not_enter_once_it_is_private(
    session: Session, make: Make
) -> None:
    mailing_list = make.mailing_list("prive")
    request_subscribe(
        session, mailing_list, STRANGER, START, language="fr", site_url="http://forum.example.org"
    )
    secret = session.scalars(select(Notice)).one().params["secret"]
    mailing_list.visibility = Visibility.PRIVATE
    assert confirm_subscribe(session, secret, START) is None
    assert session.scalars(select(Subscription)).all() == []


def test_no_list_can_be_named_like_an_address_of_another() -> None:
    kinds = set(RouteKind) - POSTING_KINDS - {RouteKind.POSTMASTER}
    assert {f"-{kind}" for kind in kinds} == set(RESERVED_ENDINGS)
