"""Another address of one person: claimed by a mail to it, with what was written from it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from forum.extensions import db
from forum.storage.archive import Post
from forum.storage.mail import Notice
from forum.storage.people import Account, address_of
from tests.web_interaction.conftest import SignIn, Writing, text_of

OTHER = "awa@work.example.net"


@pytest.fixture
def written(writing: Writing) -> None:
    """Posts from an address that nobody has an account with, and from one that somebody has."""
    with writing() as make:
        made = make.mailing_list()
        make.account("awa@example.org", "Awa Ndiaye")
        make.account("luz@example.net", "Luz Vega")
        make.post(made, author=f"Awa N. <{OTHER}>")
        make.post(made, author="Luz <luz@example.net>")


def link(app: Flask) -> str:
    with app.app_context():
        notice = db.session.scalars(select(Notice).where(Notice.kind == "confirm-address")).one()
        found = re.search(r"/account/addresses/\w+", notice.params["link"])
        assert found
        return found[0]


def authors(app: Flask) -> list[str]:
    with app.app_context():
        posts = db.session.scalars(select(Post).order_by(Post.id))
        return [post.author.account.email if post.author.account else "" for post in posts]


def test_an_address_is_claimed_by_a_mail_to_it(app: Flask, sign_in: SignIn, written: None) -> None:
    client = sign_in("awa@example.org")
    assert client.post("/account/addresses", data={"email": OTHER.upper()}).status_code == 303
    path = link(app)
    assert OTHER in text_of(client.get(path).text)
    assert authors(app) == ["", "luz@example.net"]
    assert client.post(path).status_code == 303
    assert authors(app) == ["awa@example.org", "luz@example.net"]
    assert OTHER in text_of(client.get("/account").text)
    assert client.post(path).status_code == 404


def test_the_link_is_for_who_asked(app: Flask, sign_in: SignIn, written: None) -> None:
    sign_in("awa@example.org").post("/account/addresses", data={"email": OTHER})
    path = link(app)
    other = sign_in("luz@example.net")
    assert (other.get(path).status_code, other.post(path).status_code) == (404, 404)
    assert app.test_client().get(path).status_code == 302
    assert authors(app) == ["", "luz@example.net"]


def test_the_address_of_another_account_cannot_be_claimed(
    app: Flask, sign_in: SignIn, written: None
) -> None:
    client = sign_in("awa@example.org")
    answer = client.post("/account/addresses", data={"email": "luz@example.net"})
    assert answer.status_code == 303
    with app.app_context():
        kinds = db.session.scalars(select(Notice.kind)).all()
        assert "confirm-address" not in kinds
        assert address_of(db.session(), "luz@example.net").author.name == "Luz Vega"


@pytest.mark.parametrize("email", ["", "no address", "awa@example.org", "a@b@c"])
def test_what_cannot_be_added_is_said(
    app: Flask, sign_in: SignIn, written: None, email: str
) -> None:
    client = sign_in("awa@example.org")
    answer = client.post("/account/addresses", data={"email": email}, follow_redirects=True)
    assert "no address that you could add" in text_of(answer.text)


def test_later_mail_from_it_is_the_persons(
    app: Flask, sign_in: SignIn, written: None, writing: Writing
) -> None:
    client = sign_in("awa@example.org")
    client.post("/account/addresses", data={"email": OTHER})
    client.post(link(app))
    with writing() as make:
        post = make.post(make.mailing_list("autre"), author=f"Awa <{OTHER}>")
        account = make.session.scalars(
            select(Account).where(Account.email == "awa@example.org")
        ).one()
        assert post.author_id == account.author_id
