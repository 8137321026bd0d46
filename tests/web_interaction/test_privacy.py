"""A person's data, and their way out."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from forum.extensions import db
from forum.storage.archive import Post
from forum.storage.mail import Notice
from forum.storage.people import Account
from tests.web_interaction.conftest import SignIn, Writing

AWA, ADMIN = "awa@example.org", "admin@example.net"


@pytest.fixture(autouse=True)
def people(writing: Writing) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.account(AWA, "Awa Ndiaye", language="fr")
        make.account(ADMIN, "Camille Roy", is_admin=True)
        make.post(ancrage)


def link_mailed(app: Flask, kind: str) -> str:
    with app.app_context():
        found = db.session.scalars(select(Notice).where(Notice.kind == kind)).one()
        return urlsplit(found.params["link"]).path


def test_everybody_takes_their_own_data_along(sign_in: SignIn) -> None:
    client = sign_in(AWA)
    assert "/account/data.zip" in client.get("/account").text
    packed = zipfile.ZipFile(BytesIO(client.get("/account/data.zip").data))
    document = json.loads(packed.read("person.json"))
    assert (document["name"], document["account"]["email"]) == ("Awa Ndiaye", AWA)
    assert b"Monnaies locales" in packed.read("messages.mbox")
    other = sign_in(ADMIN).get("/account/data.zip").data
    assert zipfile.ZipFile(BytesIO(other)).read("messages.mbox") == b""


def test_a_request_is_confirmed_by_mail_and_decided_by_an_administrator(
    app: Flask, sign_in: SignIn
) -> None:
    client, admin = sign_in(AWA), sign_in(ADMIN)
    assert client.post("/account/erasure").status_code == 303
    assert "Awa Ndiaye" not in admin.get("/admin/erasures").text
    link = link_mailed(app, "confirm-erasure")
    assert admin.get(link).status_code == 404
    # Opening the link changes nothing.
    assert client.get(link).status_code == 200
    assert "Awa Ndiaye" not in admin.get("/admin/erasures").text
    assert client.post(link).status_code == 303
    assert client.post(link).status_code == 404
    assert link_mailed(app, "erasure-asked") == "/admin/erasures"
    assert "Awa Ndiaye" in admin.get("/admin/erasures").text
    answer = admin.post("/admin/erasures", data={"request": 1, "decision": "erase"})
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Account.email)).all() == [ADMIN]
        assert db.session.scalars(select(Post.author_name)).all() == [""]
        last = db.session.scalars(select(Notice).where(Notice.kind == "erased")).one()
        assert (last.recipient, last.language) == (AWA, "fr")
    assert client.get("/account").status_code == 302
    assert "Awa Ndiaye" not in admin.get("/admin/erasures").text


def test_a_refusal_is_told_with_its_reason_and_changes_nothing(app: Flask, sign_in: SignIn) -> None:
    client, admin = sign_in(AWA), sign_in(ADMIN)
    client.post("/account/erasure")
    client.post(link_mailed(app, "confirm-erasure"))
    data = {"request": 1, "decision": "refuse", "reason": "Écrivez-nous d'abord."}
    assert admin.post("/admin/erasures", data=data).status_code == 303
    assert admin.post("/admin/erasures", data=data).status_code == 404
    with app.app_context():
        told = db.session.scalars(select(Notice).where(Notice.kind == "erasure-refused")).one()
        assert (told.recipient, told.params["reason"]) == (AWA, "Écrivez-nous d'abord.")
        assert len(db.session.scalars(select(Account)).all()) == 2


def test_the_only_administrator_cannot_erase_themselves(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in(ADMIN)
    admin.post("/account/erasure")
    admin.post(link_mailed(app, "confirm-erasure"))
    answer = admin.post(
        "/admin/erasures", data={"request": 1, "decision": "erase"}, follow_redirects=True
    )
    assert "The only administrator cannot be erased." in answer.text
