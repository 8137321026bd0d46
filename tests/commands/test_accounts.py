"""`passerelle account` and `passerelle token`."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.extensions import db
from forum.operations.accounts import check_password
from forum.operations.tokens import api_token
from forum.storage.mail import Notice
from forum.storage.people import account_by_email
from tests.commands.conftest import Run, one_line


def test_an_account_is_made_with_its_password_and_nobody_is_mailed(app: Flask, run: Run) -> None:
    run(
        "account", "create", "Marie@Example.net", "--name", "Marie", "--language", "fr",
        "--admin", "--password-stdin", given="correct horse\n",
    )  # fmt: skip
    with app.app_context():
        account = account_by_email(db.session(), "marie@example.net")
        assert account is not None
        assert (account.name, account.language, account.is_admin) == ("Marie", "fr", True)
        assert check_password(db.session(), "marie@example.net", "correct horse") is not None
        assert check_password(db.session(), "marie@example.net", "correct") is None
        assert db.session.scalar(select(func.count(Notice.id))) == 0


@pytest.mark.parametrize(
    ("arguments", "given", "status"),
    [
        (("account", "create", "nonsense", "--name", "X"), "", 2),
        (("account", "create", "x@example.net"), "", 2),
        (("account", "create", "x@example.net", "--name", " "), "", 2),
        (("account", "create", "x@example.net", "--name", "x" * 121), "", 2),
        (("account", "create", "x@example.net", "--name", "X <x@example.net>"), "", 2),
        (("account", "create", "x@example.net", "--name", "X\x1b[2J"), "", 2),
        (("account", "create", "x@example.net", "--name", "X\udcff"), "", 2),
        (("account", "create", "x@example.net", "--name", "X", "--language", "de"), "", 2),
        (("account", "create", "x@example.net", "--name", "X", "--password-stdin"), "", 2),
        (("account", "create", "marie@example.net", "--name", "Marie"), "", 1),
        (("account", "login-link", "unknown@example.net"), "", 2),
        (("token", "create", "unknown@example.net"), "", 2),
        (("token", "create", "marie@example.net", "--scope", "all"), "", 2),
    ],
)
def test_bad_input_is_told_in_one_line(
    run: Run, arguments: tuple[str, ...], given: str, status: int
) -> None:
    run("account", "create", "marie@example.net", "--name", "Marie")
    assert one_line(run(*arguments, given=given, status=status))


def test_the_printed_link_signs_in_once(run: Run, client: FlaskClient) -> None:
    run("account", "create", "marie@example.net", "--name", "Marie")
    link = run("account", "login-link", "marie@example.net").last
    assert link.startswith("http://forum.example.org/login/")
    path = urlsplit(link).path
    assert client.get(path).status_code == 200
    assert client.get("/account").status_code == 302
    assert client.post(path).status_code == 303
    assert "marie@example.net" in client.get("/account").text
    assert client.post(path).status_code == 404


def test_the_printed_token_has_the_scope_asked_for(app: Flask, run: Run) -> None:
    run("account", "create", "marie@example.net", "--name", "Marie")
    secret = run("token", "create", "marie@example.net", "--scope", "write").last
    with app.app_context():
        token = api_token(db.session(), secret)
        assert token is not None
        assert (token.scope, token.account.email) == ("write", "marie@example.net")
