"""What is new to a reader."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from forum.domain.values import Source
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.people import Account
from tests.factories import Make
from tests.web.signing import sign_in

LUZ = "Luz Quispe <luz@example.net>"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list("ancrage")


@pytest.fixture
def first(make: Make, ancrage: MailingList) -> Post:
    return make.post(ancrage, subject="Monnaies", message_id="a@example.org", author=LUZ)


@pytest.fixture
def reader(client: FlaskClient, make: Make, first: Post) -> Account:
    """Somebody who is signed in and has looked at the list once."""
    account = make.account("awa@example.net", language="en")
    make.commit()
    sign_in(client, account)
    client.get("/lists/ancrage/")
    return account


def unread_on(client: FlaskClient, address: str) -> list[str]:
    """What a page calls unread, in words."""
    return re.findall(r'class="unread"[^>]*>([^<]+)<', client.get(address).text)


def answer(
    make: Make, first: Post, text: str, author: str = LUZ, source: Source = Source.EMAIL
) -> Post:
    post = make.post(
        first.mailing_list, text=text, author=author, in_reply_to="a@example.org", source=source
    )
    make.commit()
    return post


def test_what_was_there_before_somebody_came_is_not_new(
    client: FlaskClient, reader: Account
) -> None:
    assert unread_on(client, "/lists/ancrage/") == []


def test_a_new_post_is_unread_until_its_thread_is_opened(
    client: FlaskClient, reader: Account, make: Make, first: Post
) -> None:
    new = answer(make, first, "Une réponse toute neuve.\n")
    for address in ("/", "/lists/ancrage/"):
        assert unread_on(client, address) == ["1 unread"]
    leads_to = client.get(f"/threads/{first.thread_id}?unread=1").location
    assert leads_to == f"/threads/{first.thread_id}#post-{new.id}"
    assert unread_on(client, f"/threads/{first.thread_id}") == ["unread"]
    assert unread_on(client, f"/threads/{first.thread_id}") == []
    assert unread_on(client, "/lists/ancrage/") == []


def test_own_posts_and_imported_ones_are_not_news(
    client: FlaskClient, reader: Account, make: Make, first: Post
) -> None:
    answer(make, first, "La mienne.\n", author="Awa <awa@example.net>")
    answer(make, first, "Une ancienne.\n", source=Source.IMPORT)
    assert unread_on(client, "/lists/ancrage/") == []


def test_a_page_of_a_long_thread_leaves_what_stands_on_the_others_unread(
    client: FlaskClient, reader: Account, make: Make, first: Post
) -> None:
    for number in range(55):
        answer(make, first, f"Réponse numéro {number}, avec des mots.\n")
    assert unread_on(client, "/lists/ancrage/") == ["55 unread"]
    client.get(f"/threads/{first.thread_id}")
    assert unread_on(client, "/lists/ancrage/") == ["6 unread"]
    client.get(f"/threads/{first.thread_id}?page=2")
    assert unread_on(client, "/lists/ancrage/") == []


def test_everything_can_be_counted_as_read(
    client: FlaskClient, reader: Account, make: Make, first: Post
) -> None:
    answer(make, first, "Une réponse.\n")
    assert client.post("/lists/ancrage/read").status_code == 303
    assert unread_on(client, "/lists/ancrage/") == []


def test_browsers_that_fetch_ahead_have_not_read(
    client: FlaskClient, reader: Account, make: Make, first: Post
) -> None:
    answer(make, first, "Une réponse.\n")
    client.get(f"/threads/{first.thread_id}", headers={"Sec-Purpose": "prefetch"})
    client.head(f"/threads/{first.thread_id}")
    assert unread_on(client, "/lists/ancrage/") == ["1 unread"]


def test_nothing_is_remembered_of_anonymous_readers(
    client: FlaskClient, make: Make, first: Post
) -> None:
    make.commit()
    client.get("/lists/ancrage/")
    answer(make, first, "Une réponse.\n")
    assert unread_on(client, "/lists/ancrage/") == []
    assert client.post("/lists/ancrage/read").status_code == 302
