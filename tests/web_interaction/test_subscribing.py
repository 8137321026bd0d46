"""Joining and leaving a list."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.subscriptions import request_subscribe, request_unsubscribe
from forum.storage.lists import list_by_slug
from forum.storage.mail import Notice
from forum.storage.people import Subscription
from tests.web_interaction.conftest import SignIn, Writing, main_of

JOIN = "/lists/ancrage/subscribe"


def confirmation(app: Flask) -> str:
    """The path of the newest link sent."""
    with app.app_context():
        notice = db.session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert notice is not None
        return urlsplit(notice.params["link"]).path


def members(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(Subscription).order_by(Subscription.id))
        return [(row.address.email, row.language, row.state) for row in rows]


def test_joining_without_an_account_is_confirmed_by_the_address(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    with writing() as make:
        make.mailing_list()
    assert client.get(JOIN).status_code == 200
    asked = client.post(
        JOIN, data={"email": "awa@example.net", "name": "Awa Ndiaye", "language": "fr"}
    )
    assert asked.status_code == 200
    assert members(app) == []
    path = confirmation(app)
    for _ in range(2):
        shown = client.get(path)
        assert main_of(shown.text).count("<button") == 1
        assert members(app) == []
    assert client.post(path).status_code == 200
    assert members(app) == [("awa@example.net", "fr", "active")]
    assert client.post(path).status_code == 404
    assert client.get(path).status_code == 404


def test_who_was_asked_in_all_languages_joins_in_that_of_the_link_they_opened(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    with writing() as make:
        ancrage = make.mailing_list(language="fr")
        request_subscribe(
            make.session, ancrage, "awa@example.net", utcnow(), language=None, site_url=""
        )
    path = confirmation(app)
    assert 'lang="es"' in client.get(f"{path}?lang=es").text
    assert client.post(path).status_code == 200
    assert members(app) == [("awa@example.net", "es", "active")]


def test_a_bad_address_is_shown_again_with_everything_typed(
    writing: Writing, client: FlaskClient
) -> None:
    with writing() as make:
        make.mailing_list()
    answer = client.post(JOIN, data={"email": "awa", "name": "Awa Ndiaye", "language": "es"})
    assert answer.status_code == 400
    assert 'value="awa"' in answer.text
    assert 'value="Awa Ndiaye"' in answer.text
    assert '<option selected value="es">' in answer.text


def test_with_an_account_joining_takes_one_button(
    app: Flask, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.mailing_list()
    client = sign_in("awa@example.net")
    answer = client.post(JOIN, data={"delivery": "daily", "language": "fr"})
    assert (answer.status_code, answer.location) == (303, "/lists/ancrage/")
    assert members(app) == [("awa@example.net", "fr", "active")]
    again = client.get(JOIN)
    assert again.status_code == 302
    assert client.get(again.location).status_code == 200


def test_a_private_list_is_not_there_for_strangers(
    writing: Writing, client: FlaskClient, sign_in: SignIn
) -> None:
    with writing() as make:
        make.mailing_list(visibility="private")
    for browser in (client, sign_in("awa@example.net")):
        assert browser.get(JOIN).status_code == 404
        assert browser.post(JOIN, data={"email": "awa@example.net"}).status_code == 404


def leave_path(writing: Writing) -> str:
    with writing() as make:
        one = make.subscriber(make.mailing_list(), "awa@example.net", language="fr")
        return f"/unsubscribe/{one.token}"


def test_one_click_unsubscribes_without_cookies_or_tokens(app: Flask, writing: Writing) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    path = leave_path(writing)
    for kind in (None, "multipart/form-data"):
        answer = app.test_client(use_cookies=False).post(
            path, data={"List-Unsubscribe": "One-Click"}, content_type=kind
        )
        assert answer.status_code == 200
    assert members(app) == []
    with app.app_context():
        assert db.session.scalars(select(Notice)).all() == []


def test_asking_again_after_one_has_left_is_no_error_and_tells_nothing(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    path = leave_path(writing)
    data = {"List-Unsubscribe": "One-Click"}
    assert client.post(path, data=data).status_code == 200
    again = client.post(path, data=data)
    never_known = client.post(f"/unsubscribe/{'x' * 40}", data=data)
    assert again.status_code == never_known.status_code == 200
    assert main_of(again.text) == main_of(never_known.text)
    assert "Ancrage" not in again.text
    assert client.get(path).status_code == 404
    assert client.post(path, data={"action": "pause"}).status_code == 404


def test_looking_at_the_page_changes_nothing_and_shows_no_address(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    path = leave_path(writing)
    for method in (client.get, client.head, client.get):
        answer = method(path)
        assert answer.status_code == 200
    assert "awa@example.net" not in answer.text
    assert '<html lang="fr"' in answer.text
    assert client.post(path, data={}).status_code == 400
    assert members(app) == [("awa@example.net", "fr", "active")]


def test_the_page_can_pause_instead(app: Flask, writing: Writing, client: FlaskClient) -> None:
    path = leave_path(writing)
    assert client.post(path, data={"action": "pause"}).status_code == 200
    assert members(app) == [("awa@example.net", "fr", "paused")]
    assert client.post(path, data={"action": "unsubscribe"}).status_code == 200
    assert members(app) == []


def test_leaving_asked_for_by_mail_is_confirmed_here(
    app: Flask, writing: Writing, client: FlaskClient
) -> None:
    leave_path(writing)
    with app.app_context():
        ancrage = list_by_slug(db.session(), "ancrage")
        assert ancrage is not None
        request_unsubscribe(db.session(), ancrage, "awa@example.net", utcnow(), site_url="")
        db.session.commit()
    path = confirmation(app)
    assert client.get(path).status_code == 200
    assert len(members(app)) == 1
    assert client.post(path).status_code == 200
    assert members(app) == []
