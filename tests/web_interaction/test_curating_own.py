"""The pages on which people change, withdraw and report posts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.clock import utcnow
from forum.operations.posting import Posted
from forum.operations.writing import write_post
from forum.storage.archive import Post, PostState
from forum.storage.curation import PostReport
from forum.storage.people import Account
from tests.factories import Make
from tests.web.signing import sign_in

TEXT = "Le marché de printemps aura lieu samedi matin devant la mairie."


@pytest.fixture
def author(make: Make) -> Account:
    return make.account("awa@example.org", name="Awa Ndiaye")


@pytest.fixture
def post(client: FlaskClient, make: Make, author: Account) -> Post:
    """A post just written by who is signed in."""
    mailing_list = make.mailing_list()
    make.subscriber(mailing_list, "awa@example.org")
    outcome = write_post(
        make.session, mailing_list, author, subject_line="Marché", text=TEXT, now=utcnow(),
        max_bytes=10**6,
    )  # fmt: skip
    assert isinstance(outcome, Posted)
    make.commit()
    sign_in(client, author)
    return make.session.get_one(Post, outcome.post_id)


def test_an_author_changes_a_post_and_its_history_is_kept(
    client: FlaskClient, make: Make, post: Post
) -> None:
    thread = f"/threads/{post.thread_id}"
    assert f"/posts/{post.id}/edit" in client.get(thread).text
    assert TEXT in client.get(f"/posts/{post.id}/edit").text
    answer = client.post(f"/posts/{post.id}/edit", data={"text": TEXT.replace("samedi", "lundi")})
    assert answer.status_code == 303
    page = client.get(thread).text
    assert "lundi matin" in page
    assert "samedi" not in page
    assert "Changed by its author." in page
    history = client.get(f"/posts/{post.id}/history").text
    assert "samedi" in history
    assert "lundi" in history
    g.pop("_login_user", None)
    anonymous = client.application.test_client()
    assert "/history" not in anonymous.get(thread).text
    make.subscriber(post.mailing_list, "luc@example.net")
    reader = make.account("luc@example.net")
    make.commit()
    sign_in(client, reader)
    assert client.get(f"/posts/{post.id}/history").status_code == 404


@pytest.mark.parametrize("text", ["", " \n", "x" * 200_001])
def test_a_text_that_is_none_is_refused_and_kept_on_the_page(
    client: FlaskClient, post: Post, text: str
) -> None:
    answer = client.post(f"/posts/{post.id}/edit", data={"text": text})
    assert answer.status_code == 400
    assert text.strip()[:100] in answer.text


def test_a_change_that_would_wait_is_refused_with_the_reason_and_the_text_kept(
    client: FlaskClient, make: Make, author: Account, post: Post
) -> None:
    post.mailing_list.posting = "moderated"
    author.language = "es"
    make.commit()
    answer = client.post(f"/posts/{post.id}/edit", data={"text": "Venez *lundi*.", "mail": "on"})
    assert answer.status_code == 400
    assert "En esta lista" in answer.text
    assert "envíelo como mensaje nuevo" in answer.text
    assert "Venez *lundi*." in answer.text
    make.session.expire_all()
    assert post.corrections == 0


def test_a_changed_text_is_offered_to_be_mailed_once(
    client: FlaskClient, make: Make, post: Post
) -> None:
    page = f"/posts/{post.id}/edit"
    assert 'name="mail"' in client.get(page).text
    assert client.post(page, data={"text": "Venez lundi.", "mail": "on"}).status_code == 303
    assert 'name="mail"' not in client.get(page).text
    answer = client.post(page, data={"text": "Venez mardi.", "mail": "on"})
    assert (answer.status_code, "was mailed already" in answer.text) == (400, True)


def test_later_there_is_nothing_to_change(client: FlaskClient, make: Make, post: Post) -> None:
    post.arrived_at = utcnow() - timedelta(minutes=31)
    make.commit()
    assert "/edit" not in client.get(f"/threads/{post.thread_id}").text
    assert client.get(f"/posts/{post.id}/edit").status_code == 404
    answer = client.post(f"/posts/{post.id}/edit", data={"text": "Autre chose."})
    assert answer.status_code == 400
    assert "the time for it is over" in answer.text


def test_earlier_texts_of_mail_stand_without_its_line_ends(
    client: FlaskClient, make: Make, author: Account, post: Post
) -> None:
    line = "Le marché de printemps aura lieu samedi matin devant la mairie, et tous"
    other = "ceux qui le souhaitent peuvent y tenir un étal sans rien payer à la"
    mailed = make.post(
        post.mailing_list, author="Awa <awa@example.org>", text=f"{line}\n{other}\ncommune.\n"
    )
    make.commit()
    page = client.get(f"/posts/{mailed.id}/history").text
    assert f"{line} {other} commune." in page


@pytest.mark.parametrize("clock", [timedelta(days=-900), timedelta(days=900)])
def test_what_can_be_changed_is_told_by_when_it_came_not_by_its_author_s_clock(
    client: FlaskClient, make: Make, author: Account, post: Post, clock: timedelta
) -> None:
    post.date = utcnow() + clock
    make.commit()
    assert f"/posts/{post.id}/edit" in client.get(f"/threads/{post.thread_id}").text
    post.arrived_at = utcnow() - timedelta(minutes=31)
    make.commit()
    assert "/edit" not in client.get(f"/threads/{post.thread_id}").text


def test_others_neither_change_nor_withdraw_it(client: FlaskClient, make: Make, post: Post) -> None:
    sign_in(client, make.moderator(post.mailing_list))
    make.commit()
    for address in (f"/posts/{post.id}/edit", f"/posts/{post.id}/withdraw"):
        assert client.get(address).status_code == 404
        assert client.post(address, data={"text": "Autre chose."}).status_code == 404
    make.session.expire_all()
    assert (post.state, post.corrections) == (PostState.VISIBLE, 0)


def test_an_author_withdraws_a_post(client: FlaskClient, make: Make, post: Post) -> None:
    assert "Whoever received it by mail" in client.get(f"/posts/{post.id}/withdraw").text
    assert client.post(f"/posts/{post.id}/withdraw").status_code == 303
    make.session.expire_all()
    assert post.state == PostState.HIDDEN
    assert client.get(f"/threads/{post.thread_id}").status_code == 404


def test_a_report_reaches_the_moderators(client: FlaskClient, make: Make, post: Post) -> None:
    make.subscriber(post.mailing_list, "luc@example.net")
    reader = make.account("luc@example.net", name="Luc")
    moderator = make.moderator(post.mailing_list)
    other = make.moderator(make.mailing_list("autre"))
    make.commit()
    sign_in(client, reader)
    assert f"/posts/{post.id}/report" in client.get(f"/threads/{post.thread_id}").text
    address = f"/posts/{post.id}/report"
    assert client.post(address, data={"reason": " "}).status_code == 400
    assert client.post(address, data={"reason": "Une adresse privée"}).status_code == 303
    sign_in(client, other)
    assert "Une adresse" not in client.get("/moderation/reports").text
    number = make.session.scalars(select(PostReport.id)).one()
    assert client.post("/moderation/reports", data={"report": number}).status_code == 404
    sign_in(client, moderator)
    assert "Reported posts (1)" in client.get("/moderation").text
    assert "Une adresse privée" in client.get("/moderation/reports").text
    assert client.post("/moderation/reports", data={"report": number}).status_code == 303
    assert "No post is reported." in client.get("/moderation/reports").text


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", ("Modifier votre message", "Retirer votre message", "Signaler ce message")),
     ("es", ("Modificar su mensaje", "Retirar su mensaje", "Denunciar este mensaje"))],
)  # fmt: skip
def test_pages_speak_the_readers_language(
    client: FlaskClient, make: Make, author: Account, post: Post, language: str,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    author.language = language
    make.commit()
    for name, word in zip(("edit", "withdraw", "report"), words, strict=True):
        assert f"<h1>{word}</h1>" in client.get(f"/posts/{post.id}/{name}").text
