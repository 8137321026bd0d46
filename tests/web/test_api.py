"""The JSON API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.operations.tokens import issue_api_token
from forum.storage.archive import Post, ThreadState
from forum.storage.lists import MailingList
from forum.storage.tokens import TokenScope
from tests.factories import START, Make


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """A public list with a member."""
    ancrage = make.mailing_list("ancrage")
    make.subscriber(ancrage, "member@example.net")
    make.commit()
    return ancrage


@pytest.fixture
def question(make: Make, ancrage: MailingList) -> Post:
    """A question that can be answered."""
    post = make.post(ancrage, message_id="a@example.org", subject="Monnaies locales")
    make.commit()
    return post


def headers(make: Make, email: str = "member@example.net", scope: str = "write") -> dict[str, str]:
    """The header of somebody's token."""
    account = make.account(email, name="Luz Quispe")
    secret = issue_api_token(make.session, account, TokenScope(scope), START)
    make.commit()
    return {"Authorization": f"Bearer {secret}"}


def got(client: FlaskClient, address: str, **options: Any) -> Any:
    response = client.get(address, **options)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    return response.json


def test_lists_and_threads_come_in_pages(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    for number in range(3):
        make.post(ancrage, subject=f"Sujet {number}")
    make.commit()
    lists = got(client, "/api/v1/lists")
    assert lists == {
        "items": [
            {
                "slug": "ancrage",
                "address": "ancrage@lists.example.org",
                "title": {
                    "fr": "Ancrage territorial",
                    "en": "Territorial anchoring",
                    "es": "Anclaje territorial",
                },
                "mode": "hosted",
                "visibility": "public",
                "threads": 3,
                "posts": 3,
            }
        ],
        "total": 1,
        "page": 1,
        "per_page": 20,
    }
    second = got(client, "/api/v1/lists/ancrage/threads?page=2&per_page=2")
    assert [item["subject"] for item in second["items"]] == ["Sujet 0"]
    assert (second["total"], second["page"], second["per_page"]) == (3, 2, 2)
    assert set(second["items"][0]) == {
        "id",
        "list",
        "subject",
        "posts",
        "titles",
        "labels",
        "languages",
        "tags",
        "started_at",
        "last_post_at",
        "state",
    }
    assert got(client, "/api/v1/lists/ancrage/threads?page=9")["items"] == []


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=101", "per_page=-1", "page=9e9"])
def test_bad_pages_are_a_problem(client: FlaskClient, ancrage: MailingList, query: str) -> None:
    response = client.get(f"/api/v1/lists?{query}")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert "must be a whole number" in response.json["detail"]


def test_a_post_comes_with_its_segments(
    client: FlaskClient, make: Make, ancrage: MailingList, question: Post
) -> None:
    answer = make.post(
        ancrage,
        subject="Re: Monnaies locales",
        message_id="b/b@example.org",
        in_reply_to="a@example.org",
        text=(
            "Nous avons la même expérience chez nous depuis trois ans.\n\n"
            "> Bonjour à tout le monde, voici nos propositions\n\n-- \nAwa Ndiaye\n"
        ),
    )
    make.commit()
    post = got(client, f"/api/v1/posts/{answer.id}")
    assert post["parent_id"] == question.id
    assert post["thread_id"] == question.thread_id
    assert post["message_id"] == "b/b@example.org"
    assert post["author"] == {"name": "Awa Ndiaye"}
    assert post["source"] == "email"
    assert post["language"] == "fr"
    assert post["url"] == f"http://forum.example.org/posts/{answer.id}"
    assert [part["role"] for part in post["segments"]] == ["reply", "quotation", "signature"]
    assert "> Bonjour à tout le monde" in post["text"]
    assert "<details" in post["html"]
    assert got(client, "/api/v1/messages/b%2Fb@example.org") == post
    thread = got(client, f"/api/v1/threads/{question.thread_id}")
    assert [one["id"] for one in thread["posts"]] == [question.id, answer.id]
    assert thread["post_count"] == 2


def test_attachments_are_described(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    from tests.web.test_downloads import with_file

    post = with_file(make, ancrage, b"12345", "application/pdf", "a b.pdf")
    (part,) = got(client, f"/api/v1/posts/{post.id}")["attachments"]
    assert (part["index"], part["filename"], part["size"]) == (0, "a b.pdf", 5)
    assert part["content_type"] == "application/pdf"
    assert client.get(part["url"].removeprefix("http://forum.example.org")).data == b"12345"


def test_a_thread_is_started_with_a_token(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    body = {"subject": "Une question", "text": "Bonjour, qui connaît *bien* les coopératives ?"}
    response = client.post("/api/v1/lists/ancrage/threads", json=body, headers=headers(make))
    assert response.status_code == 201, response.text
    post = response.json
    assert response.headers["Location"].endswith(f"/api/v1/posts/{post['id']}")
    assert (post["subject"], post["source"], post["parent_id"]) == ("Une question", "web", None)
    assert "<em>bien</em>" in post["html"]
    assert "Une question" in client.get("/lists/ancrage/").text


def test_an_answer_goes_under_its_parent(client: FlaskClient, make: Make, question: Post) -> None:
    mine = headers(make)
    address = f"/api/v1/threads/{question.thread_id}/posts"
    first = client.post(address, json={"text": "Oui, chez nous depuis 2004."}, headers=mine)
    assert (first.status_code, first.json["parent_id"]) == (201, question.id)
    body = {"text": "Y también en Bolivia.", "parent_id": first.json["id"], "language": "es"}
    second = client.post(address, json=body, headers=mine)
    assert (second.json["parent_id"], second.json["language"]) == (first.json["id"], "es")
    assert second.json["thread_id"] == question.thread_id


def test_writing_needs_a_token_that_allows_it(
    client: FlaskClient, make: Make, question: Post
) -> None:
    address = f"/api/v1/threads/{question.thread_id}/posts"
    anonymous = client.post(address, json={"text": "Oui."})
    assert (anonymous.status_code, anonymous.mimetype) == (401, "application/problem+json")
    assert anonymous.headers["WWW-Authenticate"].startswith("Bearer")
    reading = client.post(address, json={"text": "Oui."}, headers=headers(make, scope="read"))
    assert reading.status_code == 403
    unknown = client.get("/api/v1/lists", headers={"Authorization": "Bearer x"})
    assert unknown.status_code == 401


def test_a_stranger_is_held(client: FlaskClient, make: Make, question: Post) -> None:
    response = client.post(
        f"/api/v1/threads/{question.thread_id}/posts",
        json={"text": "Bonjour, je ne suis pas membre de cette liste."},
        headers=headers(make, "stranger@example.net"),
    )
    assert response.status_code == 202
    assert response.json["reasons"] == ["stranger"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("not json", 400),
        ("[" * 100_000, 400),
        ('{"text": ' * 100_000, 400),
        ([1], 400),
        ({}, 422),
        ({"text": ""}, 422),
        ({"text": 3}, 422),
        ({"text": " \0\x1b\u202e\n"}, 422),
        ({"text": "Oui.", "language": "xx"}, 422),
        ({"text": "Oui.", "language": ["fr"]}, 422),
        ({"text": "Oui.", "parent_id": 999999}, 422),
        ({"text": "Oui.", "parent_id": "1"}, 422),
        ({"text": "Oui.", "parent_id": True}, 422),
        ({"text": "x" * 200_001}, 422),
    ],
)
def test_bad_bodies_are_a_problem(
    client: FlaskClient, make: Make, question: Post, body: Any, status: int
) -> None:
    address = f"/api/v1/threads/{question.thread_id}/posts"
    text = {"data": body, "content_type": "application/json"}
    options = text if isinstance(body, str) else {"json": body}
    response = client.post(address, headers=headers(make), **options)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json["status"] == status


def test_an_odd_text_is_posted_all_the_same(
    client: FlaskClient, make: Make, question: Post
) -> None:
    response = client.post(
        f"/api/v1/threads/{question.thread_id}/posts",
        data=b'{"text": "lone \\ud800 surrogate, \\u0000 null and \\u202e right to left"}',
        content_type="application/json",
        headers=headers(make),
    )
    assert response.status_code == 201


def test_a_subject_of_nothing_to_be_seen_is_none(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    body = {"subject": "\x00\x07 \u200b", "text": "Bonjour à tout le monde."}
    response = client.post("/api/v1/lists/ancrage/threads", json=body, headers=headers(make))
    assert response.status_code == 422
    assert "subject" in response.json["detail"]


def test_a_closed_thread_takes_no_answer(client: FlaskClient, make: Make, question: Post) -> None:
    question.thread.state = ThreadState.CLOSED
    make.commit()
    response = client.post(
        f"/api/v1/threads/{question.thread_id}/posts",
        json={"text": "Encore un mot sur ce sujet."},
        headers=headers(make),
    )
    assert response.status_code in (202, 422)
    assert len(got(client, f"/api/v1/threads/{question.thread_id}")["posts"]) == 1


def test_unknown_addresses_are_a_problem(client: FlaskClient) -> None:
    for address in ("/api/v1/nothing", "/api/v1/posts/1", "/api/v1/posts/99999999999999999999"):
        response = client.get(address)
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert client.delete("/api/v1/lists").mimetype == "application/problem+json"


def test_the_description_names_every_route(client: FlaskClient) -> None:
    description = got(client, "/api/v1/openapi.json")
    described = set(description["paths"])
    rules = {
        rule.rule.removeprefix("/api/v1")
        .replace("<slug>", "{slug}")
        .replace("<key:thread_id>", "{id}")
        .replace("<key:post_id>", "{id}")
        .replace("<message_id:message_id>", "{message_id}")
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api.openapi"
    }
    assert described == rules


def test_the_description_fits_what_a_post_is(client: FlaskClient, question: Post) -> None:
    schema = got(client, "/api/v1/openapi.json")["components"]["schemas"]["Post"]["properties"]
    assert set(schema) == set(got(client, f"/api/v1/posts/{question.id}"))
