"""What goes out by mail, on the pages: stopped, started, resumed, counted."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.bounces import stop
from forum.operations.lists import grant_role
from forum.operations.outgoing import note_fault
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.people import Subscription, SubscriptionState
from forum.storage.sending import BounceStanding
from tests.factories import START, Make
from tests.web.signing import sign_in

GRACE = "grace@example.net"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, GRACE, language="en")
    make.subscriber(found, "pilar@example.net", language="es")
    make.post(found, mail_out=True)
    make.commit()
    return found


@pytest.fixture
def owner(client: FlaskClient, make: Make, ancrage: MailingList) -> FlaskClient:
    """The browser of the list's owner."""
    account = make.account("owner@example.net", language="en")
    grant_role(make.session, ancrage, account, "owner", START)
    make.commit()
    sign_in(client, account)
    return client


def bounced(make: Make, mailing_list: MailingList) -> int:
    """Grace's subscription, to which nothing is sent any more; gives its number."""
    subscription = make.subscriber(mailing_list, GRACE)
    standing = BounceStanding(subscription_id=subscription.id, score=1.2)
    make.session.add(standing)
    make.session.flush()
    stop(make.session, standing, "550 5.1.1 <grace> no such user", START)
    make.commit()
    return subscription.id


def test_an_owner_stops_and_starts_all_mail_in_one_click(
    owner: FlaskClient, ancrage: MailingList, session: Session
) -> None:
    page = owner.get("/lists/ancrage/outgoing")
    assert "2 mails wait." in page.text
    answer = owner.post("/lists/ancrage/outgoing", data={"decision": "stop"})
    assert (answer.status_code, answer.location) == (303, "/lists/ancrage/outgoing")
    page = owner.get("/lists/ancrage/outgoing")
    assert "All outgoing mail of this list is stopped. 2 mails wait." in page.text
    assert "Start sending again" in page.text
    assert "lists_stopped 1" in owner.get("/metrics").text
    owner.post("/lists/ancrage/outgoing", data={"decision": "start"})
    assert "Mail goes out." in owner.get("/lists/ancrage/outgoing").text
    session.expire_all()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert [(one.action, one.target) for one in entries] == [
        ("stop", "outgoing ancrage"), ("start", "outgoing ancrage"),
    ]  # fmt: skip


def test_the_moderation_page_shows_owners_their_lists(
    owner: FlaskClient, ancrage: MailingList
) -> None:
    page = owner.get("/moderation").text
    # Below a fold: on a phone it is hit by mistake.
    button = page.index("Stop all outgoing mail of this list")
    assert page.rfind("<details", 0, button) > page.rfind("</details>", 0, button)
    assert "Stop the mail of this list" in page[page.rindex("<details", 0, button) : button]
    assert "/lists/ancrage/outgoing" in page


@pytest.mark.parametrize("decision", ["", "resume", "resume:x", "explode", "resume:99999"])
def test_what_is_no_decision_changes_nothing(
    owner: FlaskClient, ancrage: MailingList, decision: str
) -> None:
    answer = owner.post("/lists/ancrage/outgoing", data={"decision": decision})
    assert answer.status_code in (400, 404)


def test_a_moderator_who_is_no_owner_and_strangers_do_not_see_it(
    app: Flask, make: Make, ancrage: MailingList
) -> None:
    for account in (make.moderator(ancrage, "m@example.net"), make.account("s@example.net")):
        make.commit()
        browser = app.test_client()
        sign_in(browser, account)
        assert browser.get("/lists/ancrage/outgoing").status_code == 404
        answer = browser.post("/lists/ancrage/outgoing", data={"decision": "stop"})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "we stopped sending them"),
        ("fr", "nous avons cessé de les envoyer"),
        ("es", "dejamos de enviarlos"),
    ],
)
def test_who_bounces_is_told_on_every_page_and_resumes_with_a_button(
    client: FlaskClient, make: Make, ancrage: MailingList, session: Session,
    language: str, told: str,
) -> None:  # fmt: skip
    key = bounced(make, ancrage)
    account = make.account(GRACE, language=language)
    make.post(ancrage)
    make.commit()
    sign_in(client, account)
    for path in ("/lists/ancrage/", "/threads/1", "/account"):
        page = client.get(path).text
        assert told in page, path
        assert f"/account/subscriptions/{key}/resume" in page, path
    answer = client.post(f"/account/subscriptions/{key}/resume")
    assert (answer.status_code, answer.location) == (303, "/lists/ancrage/")
    page = client.get("/lists/ancrage/").text
    assert told not in page
    session.expire_all()
    assert session.get_one(Subscription, key).state == SubscriptionState.ACTIVE
    assert session.get(BounceStanding, key) is None
    assert client.post(f"/account/subscriptions/{key}/resume").status_code == 404


def test_nobody_else_is_told_who_bounces(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    bounced(make, ancrage)
    assert "stopped sending" not in client.get("/lists/ancrage/").text


def test_nobody_resumes_for_another(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    key = bounced(make, ancrage)
    sign_in(client, make.account("stranger@example.net"))
    assert client.post(f"/account/subscriptions/{key}/resume").status_code == 404


def test_an_owner_sees_whose_mail_comes_back_and_may_resume_it(
    owner: FlaskClient, make: Make, ancrage: MailingList, session: Session
) -> None:
    key = bounced(make, ancrage)
    page = owner.get("/lists/ancrage/outgoing").text
    assert GRACE in page
    assert "550 5.1.1 &lt;grace&gt; no such user" in page
    owner.post("/lists/ancrage/outgoing", data={"decision": f"resume:{key}"})
    session.expire_all()
    assert session.get_one(Subscription, key).state == SubscriptionState.ACTIVE


def test_a_fault_of_the_smarthost_and_digests_are_shown(
    client: FlaskClient, make: Make, ancrage: MailingList, session: Session
) -> None:
    note_fault(session, "535 5.7.8 no", START)
    admin = make.account("admin@example.net", is_admin=True, language="en")
    make.commit()
    sign_in(client, admin)
    for path in ("/admin", "/moderation", "/lists/ancrage/outgoing"):
        page = client.get(path).text
        assert "refuses all mail" in page, path
        assert "535 5.7.8 no" in page, path
    assert "Digests" in client.get("/admin").text
    metrics = client.get("/metrics").text
    assert f"smarthost_fault_timestamp_seconds {START.timestamp():.0f}" in metrics
    assert "# TYPE passerelle_digests gauge" in metrics
