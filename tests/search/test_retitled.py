"""A thread is found by what it is called now; its posts by their own subjects as before."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.operations.curation_placing import split
from forum.operations.curation_threads import retitle
from forum.operations.curation_undoing import undo
from forum.storage.archive import Post
from tests.factories import START, Make
from tests.indexed import found_posts, index_all


@pytest.fixture
def first(make: Make, app: Flask) -> Post:
    """A thread of two posts."""
    ancrage = make.mailing_list()
    first = make.post(ancrage, subject="Question", text="Bonjour à vous.\n")
    make.post(ancrage, subject="Re: Question", text="Merci.\n", in_reply_to=first.message_id)
    index_all(make.session)
    return first


def test_the_new_title_is_found_and_the_old_subject_too(
    client: FlaskClient, make: Make, first: Post
) -> None:
    before = sorted(found_posts(client, "question"))
    assert len(before) == 2
    titles = {"es": "Las monedas locales"}
    entry = retitle(make.session, first.thread, "Monnaies locales", START, titles=titles)
    index_all(make.session)
    for words in ("monnaies", "subject:monnaie", "asunto:monedas", "monedas lang:fr"):
        assert found_posts(client, words) == [first.id], words
    assert sorted(found_posts(client, "question")) == before
    undo(make.session, entry.id, START)
    index_all(make.session)
    assert found_posts(client, "monnaies") == found_posts(client, "monedas") == []


def test_a_thread_that_was_split_off_is_found_by_its_title(
    client: FlaskClient, make: Make, first: Post
) -> None:
    answer = make.session.get_one(Post, first.id + 1)
    split(make.session, answer, START, subject="Semences")
    index_all(make.session)
    assert found_posts(client, "semences") == [answer.id]
    assert sorted(found_posts(client, "question")) == [first.id, answer.id]
