"""Signing in and out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.app import create_app
from forum.clock import utcnow
from forum.extensions import db
from forum.operations.accounts import login_link
from forum.settings import Settings
from forum.storage.mail import Notice
from forum.storage.people import Account
from tests.web_interaction.conftest import SignIn, Writing, main_of


def link_in_mail(app: Flask) -> str:
    """The path of the newest login link."""
    with app.app_context():
        notice = db.session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert notice is not None
        assert notice.kind == "login"
        return urlsplit(notice.params["link"]).path


def test_a_link_by_mail_signs_in_and_leads_back(app: Flask, client: FlaskClient) -> None:
    asked = client.get("/account/mails")
    assert asked.status_code == 302
    login = client.get(asked.location)
    assert 'name="next"' in login.text
    target = re.search(r'name="next"[^>]*value="([^"]*)"', login.text)
    assert target is not None
    sent = client.post("/login", data={"email": "Marie@Example.net", "next": target[1]})
    assert sent.status_code == 303
    assert "Marie@Example.net" in client.get(sent.location).text
    entered = client.post(link_in_mail(app))
    assert (entered.status_code, entered.location) == (303, "/account/mails")
    assert "marie@example.net" in client.get("/account").text


def test_opening_a_link_consumes_nothing_and_shows_one_button(
    app: Flask, client: FlaskClient
) -> None:
    client.post("/login", data={"email": "marie@example.net"})
    path = link_in_mail(app)
    for _ in range(3):
        shown = client.get(path)
        assert shown.status_code == 200
        assert client.head(path).status_code == 200
    assert main_of(shown.text).count("<button") == 1
    assert client.get("/account").status_code == 302
    with app.app_context():
        assert db.session.scalars(select(Account)).all() == []
    assert client.post(path).status_code == 303
    assert client.get("/account").status_code == 200


def test_a_link_is_good_once_and_for_a_limited_time(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        old = login_link(db.session(), "marie@example.net", "", utcnow() - timedelta(hours=3), "")
        new = login_link(db.session(), "marie@example.net", "", utcnow(), "")
        db.session.commit()
    assert client.post(old).status_code == 404
    assert client.get(old).status_code == 404
    assert client.post(new).status_code == 303
    assert app.test_client().post(new).status_code == 404
    assert app.test_client().get("/login/nonsense").status_code == 404


def test_known_and_unknown_addresses_are_answered_alike(
    writing: Writing, client: FlaskClient
) -> None:
    with writing() as make:
        make.account("marie@example.net")
    pages = []
    for email in ("marie@example.net", "niemand@example.net"):
        sent = client.post("/login", data={"email": email}, follow_redirects=True)
        pages.append(sent.text.replace(email, "X"))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "target", ["//evil.example.org", "https://evil.example.org/", "/\\evil.example.org", "x"]
)
def test_signing_in_never_leads_to_another_site(
    app: Flask, client: FlaskClient, target: str
) -> None:
    client.post("/login", data={"email": "marie@example.net", "next": target})
    assert client.post(link_in_mail(app)).location == "/"


def test_a_password_signs_in_who_has_one(writing: Writing, client: FlaskClient) -> None:
    with writing() as make:
        make.account("marie@example.net", password="correct horse")
        make.account("paul@example.net")
    wrong = client.post("/login", data={"email": "marie@example.net", "password": "horse"})
    assert wrong.status_code == 400
    assert 'value="marie@example.net"' in wrong.text
    assert "horse" not in wrong.text
    assert 'aria-describedby="password-hint password-error"' in wrong.text
    none = client.post("/login", data={"email": "paul@example.net", "password": "correct horse"})
    assert none.status_code == 400
    right = client.post(
        "/login",
        data={"email": "marie@example.net", "password": "correct horse", "next": "/account"},
    )
    assert (right.status_code, right.location) == (303, "/account")


def test_a_bad_address_is_shown_again_with_what_is_wrong(client: FlaskClient) -> None:
    answer = client.post("/login", data={"email": "marie at example"})
    assert answer.status_code == 400
    assert 'value="marie at example"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'id="email-error"' in answer.text


def test_signing_out_forgets_the_browser(sign_in: SignIn) -> None:
    client = sign_in("marie@example.net")
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 303
    assert client.get("/account").status_code == 302


def test_a_changed_session_key_signs_out_everywhere(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("marie@example.net")
    with app.app_context():
        db.session.scalars(select(Account)).one().session_key = "another"
        db.session.commit()
    assert client.get("/account").status_code == 302


def test_login_pages_are_kept_by_nobody(app: Flask, client: FlaskClient) -> None:
    client.post("/login", data={"email": "marie@example.net"})
    for path in ("/login", link_in_mail(app)):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_asking_for_links_again_and_again_is_stopped(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limits=True))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answers = [
        client.post("/login", data={"email": "marie@example.net"}).status_code for _ in range(12)
    ]
    assert answers[0] == 303
    assert answers[-1] == 429
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_forms_without_their_token_are_refused(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/login", data={"email": "marie@example.net"}).status_code == 400
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    fields = {"email": "marie@example.net", "csrf_token": token[1]}
    assert client.post("/login", data=fields).status_code == 303
    path = link_in_mail(app)
    assert client.post(path).status_code == 400
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert token is not None
    assert client.post(path, data={"csrf_token": token[1]}).status_code == 303
