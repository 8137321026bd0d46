"""A thread is found by what it is called now; its posts by their own subjects as before."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.config import search_index
from forum.operations.curation_placing import split
from forum.operations.curation_threads import retitle
from forum.operations.curation_undoing import undo
from forum.search.indexer import drain
from forum.storage.archive import Post
from tests.factories import START, Make


@pytest.fixture
def first(make: Make, app: Flask) -> Post:
    """A thread of two posts."""
    ancrage = make.mailing_list()
    first = make.post(ancrage, subject="Question", text="Bonjour à vous.\n")
    make.post(ancrage, subject="Re: Question", text="Merci.\n", in_reply_to=first.message_id)
    index(make)
    return first


def index(make: Make) -> None:
    make.commit()
    while drain(make.session, search_index()):
        make.commit()
    make.commit()


def found(client: FlaskClient, words: str) -> list[int]:
    answer = client.get("/api/v1/search", query_string={"q": words}).get_json()
    return sorted(item["post_id"] for item in answer["items"])


def test_the_new_title_is_found_and_the_old_subject_too(
    client: FlaskClient, make: Make, first: Post
) -> None:
    before = found(client, "question")
    assert len(before) == 2
    titles = {"es": "Las monedas locales"}
    entry = retitle(make.session, first.thread, "Monnaies locales", START, titles=titles)
    index(make)
    for words in ("monnaies", "subject:monnaie", "asunto:monedas", "monedas lang:fr"):
        assert found(client, words) == [first.id], words
    assert found(client, "question") == before
    undo(make.session, entry.id, START)
    index(make)
    assert found(client, "monnaies") == found(client, "monedas") == []


def test_a_thread_that_was_split_off_is_found_by_its_title(
    client: FlaskClient, make: Make, first: Post
) -> None:
    answer = make.session.get_one(Post, first.id + 1)
    split(make.session, answer, START, subject="Semences")
    index(make)
    assert found(client, "semences") == [answer.id]
    assert found(client, "question") == [first.id, answer.id]
