"""Moderators decide on threads and posts with plain forms; nobody else can."""

from __future__ import annotations

import re

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.curation_moving import move
from forum.operations.curation_threads import retitle
from forum.storage.archive import Post, PostState, Thread
from forum.storage.audit import AuditEntry
from forum.storage.people import Account
from tests.factories import Make
from tests.operations.test_curation import LATER, Talk
from tests.web.signing import sign_in


@pytest.fixture
def talk(make: Make) -> Talk:
    """Two threads: `a .b ..c` and `x`."""
    talk = Talk(make, make.mailing_list())
    talk.say("a")
    talk.say("b", "a")
    talk.say("c", "a", "b")
    talk.say("x")
    make.commit()
    return talk


@pytest.fixture
def moderator(client: FlaskClient, make: Make, talk: Talk) -> Account:
    account = make.moderator(talk.mailing_list, name="Inès Haddad")
    make.commit()
    sign_in(client, account)
    return account


def signed_out(client: FlaskClient) -> FlaskClient:
    """Another browser, of nobody known."""
    g.pop("_login_user", None)
    return client.application.test_client()


def last_decision(session: Session) -> AuditEntry:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_tools_are_shown_to_moderators_alone(client: FlaskClient, make: Make, talk: Talk) -> None:
    address = f"/threads/{talk.thread('a').id}"
    assert "Moderate" not in client.get(address).text
    make.subscriber(talk.mailing_list, "luc@example.net")
    sign_in(client, make.account("luc@example.net"))
    make.commit()
    assert "Moderate" not in client.get(address).text
    sign_in(client, make.moderator(talk.mailing_list))
    make.commit()
    page = client.get(address).text
    assert "Moderate this thread" in page
    assert page.count("<summary>Moderate<") == 3


@pytest.mark.parametrize("role", ["stranger", "subscriber", "moderator of another list"])
def test_others_are_refused_and_nothing_changes(
    client: FlaskClient, make: Make, talk: Talk, role: str
) -> None:
    account = make.account("luc@example.net")
    if role == "subscriber":
        make.subscriber(talk.mailing_list, "luc@example.net")
    if role == "moderator of another list":
        account = make.moderator(make.mailing_list("autre"))
    make.commit()
    sign_in(client, account)
    post, thread = talk.post("b"), talk.thread("a")
    for address, data in (
        (f"/posts/{post.id}/moderate", {"decision": "hide"}),
        (f"/posts/{post.id}/moderate", {"decision": "split"}),
        (f"/posts/{post.id}/remove", {"reason": "non"}),
        (f"/threads/{thread.id}/moderate", {"decision": "pin"}),
        ("/moderation/audit/ancrage", {"undo": "1"}),
    ):
        assert client.post(address, data=data).status_code == 404, address
        assert client.get(address).status_code == 404, address
    assert talk.drawn() == {"a .b ..c", "x"}
    assert talk.session.scalars(select(AuditEntry.action)).all() in ([], ["grant"])


def test_a_thread_is_split_and_put_back_from_its_page(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    post = talk.post("b")
    answer = client.post(
        f"/posts/{post.id}/moderate", data={"decision": "split", "subject": "Le train"}
    )
    assert answer.status_code == 303
    assert talk.drawn() == {"a", "b .c", "x"}
    page = client.get(answer.location).text
    assert "<h1" in page
    assert "Le train" in page
    decision = last_decision(talk.session)
    assert (decision.action, decision.account_id) == ("split", moderator.id)
    assert f"begins with post {post.id}" in page
    assert "Inès Haddad" in page
    undone = client.post(
        "/moderation/audit/ancrage",
        data={"undo": decision.id, "next": f"/threads/{talk.thread('a').id}"},
    )
    assert undone.location == f"/threads/{talk.thread('a').id}"
    assert talk.drawn() == {"a .b ..c", "x"}


def test_a_later_decision_is_named_on_the_page(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    post, other = talk.post("b"), talk.post("x")
    client.post(f"/posts/{post.id}/moderate", data={"decision": "split"})
    first = last_decision(talk.session).id
    client.post(f"/posts/{post.id}/moderate", data={"decision": "reparent", "parent": other.id})
    second = last_decision(talk.session).id
    refused = client.post("/moderation/audit/ancrage", data={"undo": first})
    assert refused.status_code == 400
    assert f"The later decision {second} stands in the way" in refused.text


def test_merging_shows_the_other_thread_first(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    mine, other = talk.thread("x").id, talk.thread("a").id
    address = f"/threads/{mine}/moderate"
    for typed in (f"http://forum.example.org/threads/{other}?page=1#post-{talk.post('c').id}",
                  f"/threads/{other}", str(other), f"/posts/{talk.post('c').id}"):  # fmt: skip
        page = client.get(address, query_string={"into": typed}).text
        assert "Merge into this thread" in page, typed
        assert f'name="into" value="{other}"' in page
    for typed in ("99999", "autre chose", ""):
        assert (
            "Merge into this thread" not in client.get(address, query_string={"into": typed}).text
        )
    client.post(address, data={"decision": "merge", "into": other})
    assert talk.drawn() == {"a .b ..c .x"}
    moved = client.get(f"/threads/{mine}")
    assert moved.location.endswith(f"/threads/{other}")
    assert client.get(f"/threads/{mine}/feed.atom").status_code in (200, 301, 302)


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "The market bus"), ("fr", "Le bus du marché"), ("es", "The market bus")],
)
def test_a_title_is_shown_in_the_readers_language(
    client: FlaskClient, talk: Talk, language: str, title: str
) -> None:
    thread = talk.thread("a")
    retitle(talk.session, thread, "The market bus", LATER, titles={"fr": "Le bus du marché"})
    talk.make.commit()
    assert f">{title}</h1>" in client.get(f"/threads/{thread.id}?lang={language}").text
    assert title in client.get("/lists/ancrage/").text
    document = client.get(f"/api/v1/threads/{thread.id}").json
    assert document is not None
    assert document["subject"] == "The market bus"
    assert document["titles"] == {"fr": "Le bus du marché"}


def test_a_title_is_typed_in_three_languages(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    thread = talk.thread("a")
    client.post(
        f"/threads/{thread.id}/moderate",
        data={"decision": "retitle", "subject": "The bus", "title_fr": "Le bus", "title_es": ""},
    )
    talk.session.expire_all()
    assert (thread.subject, thread.titles) == ("The bus", {"fr": "Le bus"})


def test_tags_labels_and_state_are_shown_and_found(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    address = f"/threads/{talk.thread('a').id}/moderate"
    client.post(address, data={"decision": "tag", "tags": "Eau, énergie"})
    client.post(address, data={"decision": "label", "label": ["debate", "propose"]})
    client.post(address, data={"decision": "close"})
    client.post(address, data={"decision": "pin"})
    page = client.get("/lists/ancrage/?tag=énergie").text
    assert "Bus a" in page
    assert "Bus x" not in page
    assert "debate" in page
    item = client.get("/api/v1/lists/ancrage/threads?tag=eau").json["items"][0]
    assert (item["tags"], item["labels"], item["state"]) == (
        ["eau", "énergie"], ["debate", "propose"], "closed",
    )  # fmt: skip
    refused = client.post(address, data={"decision": "tag", "tags": "<b>"})
    assert refused.status_code == 400
    assert "A tag has 1 to 40" in refused.text


def test_a_thread_moves_only_to_a_list_one_moderates(
    client: FlaskClient, make: Make, moderator: Account, talk: Talk
) -> None:
    make.mailing_list("autre")
    make.commit()
    address = f"/threads/{talk.thread('a').id}/moderate"
    assert client.post(address, data={"decision": "move", "list": "autre"}).status_code == 404
    assert "Move to another list" not in client.get(address).text
    assert talk.thread("a").mailing_list_id == talk.mailing_list.id


def test_only_who_moderates_both_lists_brings_a_thread_back(
    client: FlaskClient, make: Make, talk: Talk
) -> None:
    inside = make.mailing_list("dedans", visibility="private")
    entry = move(talk.session, talk.thread("a"), inside, LATER)
    sign_in(client, make.moderator(talk.mailing_list))
    make.commit()
    refused = client.post("/moderation/audit/ancrage", data={"undo": entry.id})
    assert refused.status_code == 404


def test_a_post_is_hidden_and_shown_again(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    post = talk.post("c")
    address = f"/posts/{post.id}/moderate"
    client.post(address, data={"decision": "hide", "reason": "Hors sujet"})
    page = client.get(f"/threads/{post.thread_id}").text
    assert "Hidden: only moderators see this post." in page
    assert "Hors sujet" in page
    anonymous = signed_out(client)
    for path in (f"/threads/{post.thread_id}", f"/threads/{post.thread_id}/feed.atom",
                 "/lists/ancrage/feed.atom", f"/api/v1/threads/{post.thread_id}"):  # fmt: skip
        assert "Ce que c propose" not in anonymous.get(path).text, path
    assert anonymous.get(f"/posts/{post.id}").status_code == 404
    sign_in(client, moderator)
    client.post(address, data={"decision": "restore"})
    anonymous = signed_out(client)
    assert "Ce que c propose" in anonymous.get(f"/threads/{post.thread_id}").text


def test_removing_asks_once_more_and_for_a_reason(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    post = talk.post("c")
    address = f"/posts/{post.id}/remove"
    assert "This cannot be undone" in client.get(address).text
    assert client.post(address, data={"reason": " "}).status_code == 400
    talk.session.expire_all()
    assert post.state == PostState.VISIBLE
    assert client.post(address, data={"reason": "Adresse privée"}).status_code == 303
    talk.session.expire_all()
    assert post.state == PostState.REMOVED
    page = signed_out(client).get(f"/threads/{post.thread_id}").text
    assert "Adresse privée" in page
    assert "Inès Haddad" in page
    sign_in(client, moderator)
    log = client.get("/moderation/audit/ancrage").text
    assert f"Post {post.id} is removed for good." in log
    assert 'name="undo"' not in log


@pytest.mark.parametrize("language", ["fr", "es"])
def test_pages_speak_the_moderators_language(
    client: FlaskClient, make: Make, moderator: Account, talk: Talk, language: str
) -> None:
    moderator.language = language
    make.commit()
    post, thread = talk.post("b"), talk.thread("a")
    client.post(f"/posts/{post.id}/moderate", data={"decision": "split"})
    client.post(f"/threads/{thread.id}/moderate", data={"decision": "pin"})
    words = (
        r"Moderate this|Begin a new thread|Merge into|What was decided|begins with post|Remove for"
    )
    for address in (
        f"/threads/{thread.id}",
        f"/threads/{thread.id}/moderate",
        f"/posts/{post.id}/moderate",
        f"/posts/{post.id}/remove",
        "/moderation/audit/ancrage",
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert not re.search(words, page.text), address


def test_what_makes_no_sense_is_refused(
    client: FlaskClient, moderator: Account, talk: Talk
) -> None:
    thread, post = talk.thread("a"), talk.post("b")
    for address, data, status in (
        (f"/threads/{thread.id}/moderate", {"decision": "burn"}, 400),
        (f"/threads/{thread.id}/moderate", {"decision": "merge", "into": "zero"}, 404),
        (f"/posts/{post.id}/moderate", {"decision": "reparent", "parent": "999"}, 404),
        (f"/posts/{post.id}/moderate", {}, 400),
        ("/moderation/audit/ancrage", {"undo": "x"}, 400),
        ("/moderation/audit/ancrage", {"undo": "999"}, 404),
        ("/moderation/audit/nulle-part", {"undo": "1"}, 404),
    ):
        assert client.post(address, data=data).status_code == status, (address, data)
    assert talk.session.scalars(select(Thread.pinned)).all() == [False, False]
    assert talk.session.scalars(select(Post.pinned_parent_id)).all() == [None] * 4
