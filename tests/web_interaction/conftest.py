"""Readers with cookies, before a site whose rows are written in a context of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.accounts import login_link
from tests.factories import Make

Writing = Callable[[], AbstractContextManager[Make]]
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def writing(app: Flask) -> Writing:
    """Write rows, and commit at the end; requests never share this context."""

    @contextmanager
    def write() -> Iterator[Make]:
        with app.app_context():
            yield Make(db.session())
            db.session.commit()

    return write


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """A browser of its own in which an address is signed in."""

    def enter(email: str) -> FlaskClient:
        client = app.test_client()
        with app.app_context():
            link = login_link(db.session(), email, "", utcnow(), "")
            db.session.commit()
        assert client.post(urlsplit(link).path).status_code == 303
        return client

    return enter


def text_of(html: str) -> str:
    """What a reader sees, roughly: no tags, spaces collapsed."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def main_of(html: str) -> str:
    """The content, without header and footer."""
    return html.split("<main", 1)[1].split("</main>", 1)[0]
