"""The administrators' pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.extensions import db
from forum.operations.fetching import failed, fetch_from
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList, RoleGrant
from tests.factories import START
from tests.web_interaction.conftest import SignIn, Writing, text_of
from tests.web_interaction.test_account import incoming

ADMIN = "admin@example.net"
PAGES = ("/admin", "/admin/lists/new", "/admin/mail", "/admin/accounts", "/admin/audit")
FILLED = {
    "address": "ancrage@lists.example.org",
    "title_fr": "Ancrage",
    "title_en": "Anchoring",
    "title_es": "Anclaje",
    "visibility": "private",
    "posting": "moderated",
    "strangers": "discard",
    "language": "es",
    "from_policy": "always",
    "reply_to": "author",
    "subject_prefix": "Ancrage",
    "mode": "hosted",
}


@pytest.fixture
def admin(writing: Writing, sign_in: SignIn) -> FlaskClient:
    with writing() as make:
        make.account(ADMIN, is_admin=True)
    return sign_in(ADMIN)


def test_a_mailbox_that_cannot_be_read_is_told(admin: FlaskClient, writing: Writing) -> None:
    with writing() as make:
        source = "imaps://pont@mail.example.net/INBOX"
        row = fetch_from(make.session, make.mailing_list(), source, "secret", "key", START)
        failed(make.session, row.mailing_list_id, "wrong password", START, timedelta(seconds=60))
    page = text_of(admin.get("/admin").text)
    assert "imaps://pont@mail.example.net/INBOX" in page
    assert "It cannot be read: wrong password" in page
    assert "secret" not in page


def test_the_pages_are_there_for_administrators_alone(
    app: Flask, admin: FlaskClient, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.moderator(make.mailing_list(), "marie@example.net")
    moderator, anonymous = sign_in("marie@example.net"), app.test_client()
    for path in (*PAGES, "/admin/lists/ancrage"):
        assert admin.get(path).status_code == 200
        assert moderator.get(path).status_code == 404
        assert anonymous.get(path).status_code == 302
    for path in ("/admin/lists/new", "/admin/lists/ancrage", "/admin/lists/ancrage/roles"):
        assert moderator.post(path, data=FILLED).status_code == 404


def test_a_list_is_created_and_changed(app: Flask, admin: FlaskClient) -> None:
    made = admin.post("/admin/lists/new", data=FILLED)
    assert (made.status_code, made.location) == (303, "/admin/lists/ancrage")
    shown = admin.get(made.location).text
    for name in ("private", "moderated", "discard", "es", "always"):
        assert f'<option selected value="{name}">' in shown
    changed = {**FILLED, "title_fr": "Ancrage territorial", "visibility": "public"}
    assert admin.post(made.location, data=changed).status_code == 303
    with app.app_context():
        one = db.session.scalars(select(MailingList)).one()
        assert (one.title_fr, one.visibility, one.posting) == (
            "Ancrage territorial",
            "public",
            "moderated",
        )
        assert list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))) == [
            "create",
            "edit",
        ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nonsense"},
        {"address": "postmaster@lists.example.org"},
        {"title_es": "x" * 201},
        {"address": "ancrage-owner@lists.example.org"},
        {"title_es": ""},
        {"visibility": "secret"},
        {"reply_to": "everybody"},
        {"subject_prefix": "[one] [two]"},
        {"subject_prefix": "x" * 41},
        {"mode": "mirrored"},
        {"mode": "mirrored", "upstream_address": "x", "bridge_address": "y"},
    ],
)
def test_a_bad_list_is_not_made_and_the_form_stays_filled(
    app: Flask, admin: FlaskClient, wrong: dict[str, str]
) -> None:
    answer = admin.post("/admin/lists/new", data={**FILLED, **wrong})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Ancrage"' in answer.text
    with app.app_context():
        assert db.session.scalars(select(MailingList)).all() == []


def test_a_second_list_with_one_address_is_refused(admin: FlaskClient) -> None:
    assert admin.post("/admin/lists/new", data=FILLED).status_code == 303
    answer = admin.post("/admin/lists/new", data=FILLED)
    assert answer.status_code == 400
    assert "or a list has it already" in answer.text


def test_roles_are_given_and_taken_back(app: Flask, admin: FlaskClient, writing: Writing) -> None:
    with writing() as make:
        make.mailing_list()
        make.account("marie@example.net", name="Marie")
    path = "/admin/lists/ancrage/roles"
    unknown = admin.post(path, data={"email": "nobody@example.net", "role": "owner"})
    assert unknown.status_code == 400
    assert 'value="nobody@example.net"' in unknown.text
    given = admin.post(path, data={"email": "Marie@example.net", "role": "moderator"})
    assert given.status_code == 303
    assert "Marie" in admin.get("/admin/lists/ancrage").text
    with app.app_context():
        grant_id = db.session.scalars(select(RoleGrant.id)).one()
    assert admin.post(f"/admin/roles/{grant_id}/revoke").status_code == 303
    assert admin.post(f"/admin/roles/{grant_id}/revoke").status_code == 404
    with app.app_context():
        actions = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(row.action, row.account.email) for row in actions if row.account] == [
            ("grant", ADMIN),
            ("revoke", ADMIN),
        ]


def test_failed_mail_is_shown_with_its_reason_and_how_to_retry(
    admin: FlaskClient, writing: Writing
) -> None:
    with writing():
        incoming("Panne", "awa@example.net", "failed", detail="KeyError: 'x'")
        incoming("Arrivé", "awa@example.net", "posted")
    for path in ("/admin", "/admin/mail"):
        seen = text_of(admin.get(path).text)
        assert "Panne" in seen
        assert "KeyError" in seen
        assert "passerelle mail retry 1" in seen
        assert "Arrivé" not in seen


def test_accounts_are_found_by_name_and_address(admin: FlaskClient, writing: Writing) -> None:
    with writing() as make:
        make.account("marie@example.net", name="Marie Curie")
        make.account("pa_ul@example.net", name="Paul 100%")
    for wanted, found in (("curie", True), ("MARIE@", True), ("%", False), ("zzz", False)):
        page = admin.get("/admin/accounts", query_string={"q": wanted}).text
        assert ("marie@example.net" in page) is found
