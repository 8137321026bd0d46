"""How a list is received, chosen with and without an account, and threads followed or muted."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.choices import Change, request_change
from forum.operations.invitations import invite
from forum.storage.choices import Invitation
from forum.storage.lists import list_by_slug
from forum.storage.mail import Notice
from forum.storage.people import Account, Subscription, subscription_of
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

AWA = "awa@example.net"
CHOSEN = {
    "state": "active",
    "delivery": "weekly",
    "digest_format": "plain",
    "language": "es",
    "reads": ["fr", "es"],
    "own_posts": "y",
    "attachments_as_links": "y",
    "plain_text": "y",
}


def the_subscription(app: Flask) -> dict[str, object]:
    with app.app_context():
        row = db.session.scalars(select(Subscription)).one()
        names = ("state", "delivery", "digest_format", "language", "reads", "own_posts",
                 "attachments_as_links", "plain_text", "follows_written",
                 "translations")  # fmt: skip
        return {name: getattr(row, name) for name in names}


def newest(app: Flask) -> Notice | None:
    with app.app_context():
        found = db.session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        if found is not None:
            assert found.params is not None
            db.session.expunge(found)
        return found


def path_of(app: Flask) -> str:
    notice = newest(app)
    assert notice is not None
    return urlsplit(notice.params["link"]).path


@pytest.fixture
def leave_path(writing: Writing) -> str:
    with writing() as make:
        one = make.subscriber(make.mailing_list(time_zone="Europe/Paris"), AWA, language="fr")
        return f"/unsubscribe/{one.token}"


def test_the_footers_link_only_asks_the_address_for_wider_choices(
    app: Flask, client: FlaskClient, leave_path: str
) -> None:
    before = the_subscription(app)
    assert client.post(leave_path, data=CHOSEN | {"action": "settings"}).status_code == 200
    assert the_subscription(app) == before
    sent = newest(app)
    assert sent is not None
    assert (sent.kind, sent.recipient, sent.language) == ("settings-link", AWA, "fr")
    path = path_of(app)
    shown = client.get(path)
    assert '<html lang="fr"' in shown.text
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert the_subscription(app) == before
    for delivery in ("weekly", "daily"):
        assert client.post(path, data=CHOSEN | {"delivery": delivery}).status_code == 303
    assert the_subscription(app) == {
        "state": "active",
        "delivery": "daily",
        "digest_format": "plain",
        "language": "es",
        "reads": "fr,es",
        "own_posts": True,
        "attachments_as_links": True,
        "plain_text": True,
        "follows_written": False,
        "translations": False,
    }


def test_a_link_that_is_cut_opens_nothing(client: FlaskClient, leave_path: str) -> None:
    token = leave_path.rpartition("/")[2]
    for secret in ("x" * 48, token):
        assert client.get(f"/settings/{secret}").status_code == 404
        assert client.post(f"/settings/{secret}", data=CHOSEN).status_code == 404


def test_the_page_of_a_list_sends_the_link_and_tells_nothing(
    app: Flask, client: FlaskClient, leave_path: str
) -> None:
    assert client.get("/lists/ancrage/choices").status_code == 200
    assert client.post("/lists/ancrage/choices", data={"email": "nonsense"}).status_code == 400
    stranger = client.post("/lists/ancrage/choices", data={"email": "x@example.net"})
    assert newest(app) is None
    known = client.post("/lists/ancrage/choices", data={"email": AWA})
    assert newest(app) is not None
    assert main_of(stranger.text).replace("x@example.net", AWA) == main_of(known.text)


def test_a_pause_ends_on_the_day_that_was_chosen(
    app: Flask, client: FlaskClient, leave_path: str
) -> None:
    day = (utcnow() + timedelta(days=40)).date()
    for bad in ("2001-01-01", "2999-01-01", "nonsense"):
        wrong = client.post(leave_path, data={"action": "pause", "paused_until": bad})
        assert wrong.status_code == 400, bad
        assert the_subscription(app)["state"] == "active"
    data = {"action": "pause", "paused_until": day.isoformat()}
    paused = client.post(leave_path, data=data)
    assert paused.status_code == 200
    assert str(day.year) in text_of(main_of(paused.text))
    with app.app_context():
        row = db.session.scalars(select(Subscription)).one()
        assert row.state_at(utcnow()) == "paused"
        assert row.state_at(utcnow() + timedelta(days=41)) == "active"


def test_all_choices_stand_in_the_account(app: Flask, sign_in: SignIn, leave_path: str) -> None:
    client = sign_in(AWA)
    with app.app_context():
        key = db.session.scalars(select(Subscription.id)).one()
    path = f"/account/subscriptions/{key}"
    day = (utcnow() + timedelta(days=3)).date().isoformat()
    chosen = CHOSEN | {"state": "paused", "paused_until": day, "reads": ["fr", "en", "es"]}
    assert client.post(path, data=chosen).status_code == 303
    assert the_subscription(app)["reads"] == ""
    shown = client.get(path).text
    assert f'value="{day}"' in shown
    assert 'selected value="weekly"' in shown
    assert "Paused until" in client.get("/account?lang=en").text
    wrong = client.post(path, data=chosen | {"paused_until": "2001-01-01"})
    assert wrong.status_code == 400
    assert 'aria-invalid="true"' in wrong.text


def test_a_thread_is_followed_and_muted_from_its_page(
    app: Flask, writing: Writing, sign_in: SignIn, client: FlaskClient
) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.subscriber(ancrage, AWA)
        thread = make.post(ancrage, author=f"Awa <{AWA}>").thread_id
    path = f"/threads/{thread}"
    assert "/following" not in client.get(path).text
    assert client.post(f"{path}/following", data={"state": "mute"}).location.startswith("/login")
    awa = sign_in(AWA)
    assert "because you wrote in it" in awa.get(path + "?lang=en").text
    for state, told in (
        ("mute", "You muted this thread"),
        ("follow", "You chose to follow this thread"),
        ("usual", "as the rest of the list"),
    ):
        assert awa.post(f"{path}/following", data={"state": state}).status_code == 303
        assert told in awa.get(path).text
    assert awa.post(f"{path}/following", data={"state": "loud"}).status_code == 400
    stranger = sign_in("stranger@example.net")
    assert "/following" not in stranger.get(path).text
    assert stranger.post(f"{path}/following", data={"state": "mute"}).status_code == 400


def test_what_was_asked_by_mail_is_confirmed_by_one_button(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    with writing() as make:
        one = make.subscriber(make.mailing_list(), AWA, language="es")
        request_change(make.session, one, Change(delivery="none"), utcnow(), "")
    path = path_of(app)
    shown = client.get(path)
    assert '<html lang="es"' in shown.text
    assert main_of(shown.text).count("<button") == 1
    assert the_subscription(app)["delivery"] == "each"
    assert client.post(path).status_code == 200
    assert the_subscription(app)["delivery"] == "none"
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("action", "there"), [("", True), ("decline", False)])
def test_an_invitation_is_answered_by_one_button(
    app: Flask, writing: Writing, client: FlaskClient, action: str, there: bool
) -> None:
    with writing() as make:
        ancrage = make.mailing_list(visibility="private")
        word = "<b>Venez</b>"
        invite(make.session, ancrage, [AWA], utcnow(), site_url="", language="fr", message=word)
    path = path_of(app)
    shown = client.get(path)
    assert "&lt;b&gt;Venez" in shown.text
    assert client.post(path, data={"action": action} if action else {}).status_code == 200
    assert client.post(path).status_code == 404
    with app.app_context():
        found = list_by_slug(db.session(), "ancrage")
        assert found is not None
        assert (subscription_of(db.session(), found.id, AWA) is not None) is there
        assert db.session.scalars(select(Invitation.state)).one() == (
            "accepted" if there else "declined"
        )


def test_a_moderator_chooses_how_to_hear_of_what_waits(
    app: Flask, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.moderator(make.mailing_list(), AWA)
    awa = sign_in(AWA)
    assert 'action="/account/moderation"' in awa.get("/account").text
    assert awa.post("/account/moderation", data={"held_mail": "daily"}).status_code == 303
    assert awa.post("/account/moderation", data={"held_mail": "never"}).status_code == 400
    with app.app_context():
        assert db.session.scalars(select(Account.held_mail)).all() == ["daily"]
    assert 'action="/account/moderation"' not in sign_in("x@example.net").get("/account").text


def test_who_writes_is_told_of_those_who_follow(writing: Writing, sign_in: SignIn) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.subscriber(ancrage, AWA, delivery="none")
        make.subscriber(ancrage, "grace@example.net", delivery="daily")
        thread = make.post(ancrage, author=f"Awa <{AWA}>").thread_id
    writer = sign_in("x@example.net")
    compose = text_of(writer.get("/lists/ancrage/new?lang=en").text)
    assert "Who will receive it: 1 person in a digest." in compose
    answer = text_of(writer.get(f"/threads/{thread}?lang=en").text)
    assert "1 person by mail: FR French 1 . 1 person in a digest." in text_of(answer)
