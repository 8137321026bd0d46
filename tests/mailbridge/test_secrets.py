"""What opens something stands in a notice until that has left or failed, and in no export."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations import choices, erasure_requests, identity
from forum.operations.accounts import request_login
from forum.operations.invitations import invite
from forum.operations.notices import NoticeKind, notify
from forum.operations.person_export import document_of, messages_of
from forum.operations.subscriptions import request_subscribe, request_unsubscribe
from forum.settings import Settings
from forum.storage.mail import HeldMessage, Notice, SendState
from forum.storage.people import address_of
from mailbridge.housekeeping import Housekeeping
from mailbridge.outcomes import Deferred, Outcome, Refused, Sent
from mailbridge.queue import GIVEN_UP_AFTER
from mailbridge.receive import Envelope, receive
from tests.factories import START, Make, mail
from tests.mailbridge.test_dispatch import Works
from tests.mailbridge.working import NOW, Answering

AWA, SITE = "awa@example.org", "http://forum.example.org"
SECRET = re.compile(r"[0-9a-f]{48}")


@pytest.fixture
def works(app: Flask, session: Session, settings: Settings) -> Iterator[Works]:
    works = Works(session, settings, Answering())
    yield works
    works.own.close()


def kept(session: Session) -> dict[str, str]:
    """What the notices hold, by their kind."""
    session.expire_all()
    found = {one.kind: json.dumps(one.params) for one in session.scalars(select(Notice))}
    session.rollback()
    return found


@pytest.fixture
def told(make: Make, settings: Settings) -> set[str]:
    """Every kind of notice that bears a secret waits to leave; gives the kinds."""
    session, ancrage = make.session, make.mailing_list()
    awa = make.moderator(ancrage, AWA)
    subscription = make.subscriber(ancrage, AWA)
    request_login(session, AWA, "/", "fr", NOW, SITE)
    request_subscribe(session, ancrage, "lila@example.org", NOW, language="fr", site_url=SITE)
    request_subscribe(session, ancrage, "luc@example.org", NOW, language=None, site_url=SITE)
    request_unsubscribe(session, ancrage, AWA, NOW, site_url=SITE)
    choices.request_settings(session, subscription, NOW, SITE)
    choices.request_change(session, subscription, choices.Change(state="paused"), NOW, SITE)
    identity.claim_address(session, awa, "awa.n@example.org", NOW, SITE)
    erasure_requests.ask(session, awa, NOW, SITE)
    invite(session, ancrage, ["pia@example.org"], NOW, site_url=SITE, account=awa)
    make.commit()
    raw = mail(author="X <x@example.net>", text="Une proposition venue d'ailleurs.\n")
    receive(session, Envelope("x@example.net", ancrage.address), raw, NOW, settings)
    found = {kind for kind, params in kept(session).items() if SECRET.search(params)}
    assert len(found) == 10
    return found


def refuse(_recipient: str) -> Outcome:
    return Refused("550 5.1.1 no such user")


@pytest.mark.parametrize("answer", [lambda _: Sent("250 ok"), refuse], ids=["sent", "refused"])
def test_a_notice_that_has_ended_opens_nothing_any_more(
    works: Works, session: Session, told: set[str], answer: Callable[[str], Outcome]
) -> None:
    works.transport.answer = answer
    for _ in range(5):  # So many alike are not believed at first.
        works()
        works.clock.now += timedelta(hours=2)
    after = kept(session)
    assert told <= set(after)
    assert not [kind for kind, params in after.items() if SECRET.search(params)]
    assert "Monnaies locales" in after[NoticeKind.HELD_MODERATOR]


def test_what_is_tried_again_keeps_its_secret_until_it_is_given_up(
    works: Works, session: Session, told: set[str]
) -> None:
    works.transport.answer = lambda _: Deferred("451 later")
    works()
    assert {kind for kind, params in kept(session).items() if SECRET.search(params)} == told
    works.clock.now += GIVEN_UP_AFTER + timedelta(hours=1)
    works()
    session.expire_all()
    assert set(session.scalars(select(Notice.state))) == {SendState.FAILED}
    assert not any(SECRET.search(params) for params in kept(session).values())


def test_what_was_left_in_ended_notices_is_swept_and_what_waits_is_not(
    session: Session, settings: Settings
) -> None:
    for state in SendState:
        row = notify(session, NoticeKind.LOGIN, AWA, "fr", NOW, link=f"{state}", subject='"link": ')
        row.state = state
    session.commit()
    Housekeeping(session, settings, lambda: NOW).step()
    session.expire_all()
    held = {row.state: set(row.params) for row in session.scalars(select(Notice))}
    ended = {SendState.SENT, SendState.FAILED, SendState.CANCELLED}
    assert held == {
        state: {"subject"} if state in ended else {"link", "subject"} for state in SendState
    }


def test_an_export_holds_no_secret_of_a_mail_that_was_answered_or_quoted(
    session: Session, settings: Settings, told: set[str]
) -> None:
    asked = session.scalars(select(Notice).where(Notice.kind == NoticeKind.HELD_MODERATOR)).one()
    token = asked.params["decision_token"]
    to = f"ancrage-moderate+{token}@lists.example.org"
    quoted = f"Je lis ce soir.\n\n> {SITE}/settings/{token}\n> {to}\n"
    raw = mail(author=AWA, to=to, subject="Re: x", text=quoted, date=START)
    receive(session, Envelope(AWA, to), raw, NOW, settings)
    assert session.scalars(select(HeldMessage.state)).one() == "held"
    address = address_of(session, AWA)
    assert address is not None
    document = json.dumps(document_of(session, address.author, SITE))
    packed = b"".join(messages_of(session, address.author, SITE))
    assert "ancrage-moderate+\\u2026@" in document
    assert not SECRET.search(document)
    assert b"Je lis ce soir" in packed or b"SmUgbGlzIGNlIHNvaXI" in packed
    assert token.encode() not in packed
