"""A person's own page."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.raw import store_raw
from forum.operations.tokens import api_token
from forum.storage.mail import Incoming
from forum.storage.people import Account, Subscription
from tests.factories import mail
from tests.web_interaction.conftest import SignIn, Writing, text_of

PROFILE = {"name": "Marie Curie", "language": "fr", "time_zone": "Europe/Paris"}


def test_name_language_and_zone_are_kept(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("marie@example.net")
    assert client.post("/account", data=PROFILE).status_code == 303
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert (account.name, account.language, account.time_zone) == (
            "Marie Curie",
            "fr",
            "Europe/Paris",
        )
    assert '<html lang="fr"' in client.get("/account").text


def test_bad_choices_change_nothing_and_are_shown_again(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("marie@example.net")
    for wrong in (
        {"name": " "},
        {"name": "x" * 121},
        {"name": "Paul <paul@example.net>"},
        {"name": "Marie\x1b[2J"},
        {"name": "Marie \u202eeiruC"},
        {"language": "de"},
        {"time_zone": "Mars/Olympus"},
    ):
        answer = client.post("/account", data={**PROFILE, **wrong})
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.text
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert (account.name, account.language) == ("marie", "en")


def test_a_subscription_is_changed_by_its_owner_alone(
    app: Flask, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        path = f"/account/subscriptions/{make.subscriber(ancrage, 'marie@example.net').id}"
        make.account("marie@example.net")
    chosen = {"delivery": "weekly", "language": "es", "state": "paused", "own_posts": "y"}
    assert sign_in("paul@example.net").post(path, data=chosen).status_code == 404
    marie = sign_in("marie@example.net")
    assert "Territorial anchoring" in marie.get("/account").text
    assert marie.get(path).status_code == 200
    assert marie.post(path, data={**chosen, "delivery": "hourly"}).status_code == 400
    assert marie.post(path, data=chosen).status_code == 303
    with app.app_context():
        kept = db.session.scalars(select(Subscription)).one()
        assert (kept.delivery, kept.language, kept.state, kept.own_posts) == (
            "weekly",
            "es",
            "paused",
            True,
        )


def test_an_api_token_is_shown_once_and_can_be_revoked(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("marie@example.net")
    page = client.post("/account/tokens", data={"scope": "write"}).text
    secret = re.search(r"<code>([0-9a-f]{32,})</code>", page)
    assert secret is not None
    with app.app_context():
        token = api_token(db.session(), secret[1])
        assert token is not None
        assert token.scope == "write"
        token_id = token.id
    assert secret[1] not in client.get("/account").text
    revoke = f"/account/tokens/{token_id}/revoke"
    assert sign_in("paul@example.net").post(revoke).status_code == 404
    assert client.post(revoke).status_code == 303
    with app.app_context():
        assert api_token(db.session(), secret[1]) is None


def incoming(subject: str, author: str, state: str, **columns: object) -> None:
    raw = mail(subject=subject, author=author)
    row = Incoming(
        raw_id=store_raw(db.session(), raw).id,
        reverse_path=author,
        forward_path="ancrage@lists.example.org",
        received_at=utcnow(),
        subject=subject,
        author_email=author,
        state=state,
        **columns,
    )
    db.session.add(row)


def test_where_is_my_email_tells_the_fate_of_ones_own_mails_only(
    writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.account("marie@example.net")
        post = make.post(make.mailing_list(), author="Marie <marie@example.net>")
        incoming("Arrivé", "marie@example.net", "posted", post_id=post.id)
        incoming("Attente", "marie@example.net", "held", reasons=["stranger"])
        incoming("Panne", "marie@example.net", "failed", detail="KeyError: secret of ours")
        incoming("Privé", "paul@example.net", "posted")
        address = f'href="/posts/{post.id}"'
    page = sign_in("marie@example.net").get("/account/mails")
    seen = text_of(page.text)
    assert address in page.text
    assert "The author is not subscribed to the list." in seen
    assert "Something went wrong on our side" in seen
    assert "KeyError" not in seen
    assert "Privé" not in seen


def test_the_fate_of_a_mail_to_a_list_one_may_not_read_is_told_without_a_link(
    writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.account("marie@example.net")
        private = make.mailing_list("prive", visibility="private")
        post = make.post(private, author="Marie <marie@example.net>")
        incoming("Arrivé", "marie@example.net", "posted", post_id=post.id)
        address = f'href="/posts/{post.id}"'
    page = sign_in("marie@example.net").get("/account/mails").text
    assert "Arrivé" in page
    assert address not in page
