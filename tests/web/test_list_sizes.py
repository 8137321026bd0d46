"""How much lists hold, as pages count it: kept while nothing changes, and never out of date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from forum.extensions import db
from forum.storage.archive import Thread
from forum.storage.base import reading
from forum.storage.list_sizes import size_of_list
from forum.storage.lists import MailingList
from tests.conftest import one_database
from tests.factories import Make


@pytest.fixture
def full_list(make: Make) -> MailingList:
    """A public list of one thread."""
    mailing_list = make.mailing_list("atelier")
    make.post(mailing_list, subject="Le pont")
    make.session.commit()
    return mailing_list


@contextmanager
def counted_statements(app: Flask) -> Iterator[list[str]]:
    """The statements that count threads, as they are sent."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_rest: object) -> None:
        if "count(*)" in statement and "FROM thread" in statement:
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_pages_count_anew_after_each_commit(
    client: FlaskClient, make: Make, full_list: MailingList
) -> None:
    for number in (2, 3):
        assert f"{number - 1} thread" in client.get("/?lang=en").text
        make.post(full_list, subject=f"Le pont, {number}")
        make.session.commit()
        assert f"{number} threads" in client.get("/?lang=en").text
        assert f"{number} threads" in client.get("/lists/atelier/?lang=en").text


@one_database
def test_nothing_is_counted_twice_while_nothing_changes(
    app: Flask, client: FlaskClient, make: Make, full_list: MailingList
) -> None:
    # The list's own page counts its tags besides.
    for address in ("/", "/lists/atelier/"):
        client.get(address)
    with counted_statements(app) as sent:
        client.get("/")
        client.get("/lists/atelier/")
        assert sent == []
        make.post(full_list, subject="Le pont, encore")
        make.session.commit()
        client.get("/")
        assert len(sent) == 1


def test_what_is_taken_back_was_never_counted(make: Make, full_list: MailingList) -> None:
    session, list_id = make.session, full_list.id
    session.execute(update(Thread).values(post_count=7))
    assert size_of_list(session, list_id).posts == 7
    session.rollback()
    with reading():
        assert size_of_list(session, list_id).posts == 1
        session.rollback()
    session.execute(update(Thread).values(post_count=5))
    session.commit()
    with reading():
        assert size_of_list(session, list_id).posts == 5
        session.rollback()
