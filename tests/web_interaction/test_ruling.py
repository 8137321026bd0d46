"""The page and the commands of a list's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from forum.cli import main
from forum.extensions import db
from forum.operations.lists import grant_role
from forum.operations.ruling import rejection_texts
from forum.storage.audit import AuditEntry
from forum.storage.lists import list_by_slug
from forum.storage.people import account_by_email
from forum.storage.rules import SenderFlag, rules_of
from tests.factories import START
from tests.web_interaction.conftest import SignIn, Writing, text_of

OWNER, MODERATOR = "awa@example.net", "marie@example.net"
PAGE = "/lists/ancrage/rules"


@pytest.fixture(autouse=True)
def people(writing: Writing) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR, name="Marie")
        grant_role(make.session, ancrage, make.account(OWNER), "owner", START)


def test_owners_set_rules_and_the_log_tells_which(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(OWNER)
    typed = {
        "action": "rules", "first_post": "yes", "max_links": "3", "max_bytes": "200",
        "languages": ["fr", "es"], "words": "casino*\n\ngran premio\ncasino*\n",
    }  # fmt: skip
    assert client.post(PAGE, data=typed).status_code == 303
    assert "gran premio" in client.get(PAGE).text
    with app.app_context():
        ancrage = list_by_slug(db.session(), "ancrage")
        assert ancrage is not None
        found = rules_of(db.session(), ancrage.id)
        assert (found.first_post, found.spam) == (True, False)
        assert (found.max_links, found.max_bytes, found.max_recipients) == (3, 200_000, None)
        assert (found.languages, found.words) == (("fr", "es"), ("casino*", "gran premio"))
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "rules")).one()
        assert entry.account_id == getattr(account_by_email(db.session(), OWNER), "id", None)
        assert "words" in entry.details["changed"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("max_links", "many", "whole number"),
        ("words", "***", "no word"),
        ("words", "x\n" * 9 + "\n".join(f"w{n}" for n in range(300)), "At most 200"),
    ],
)
def test_what_is_no_rule_is_told_and_changes_nothing(
    app: Flask, sign_in: SignIn, field: str, value: str, told: str
) -> None:
    answer = sign_in(OWNER).post(PAGE, data={"action": "rules", "first_post": "yes", field: value})
    assert answer.status_code == 400
    assert told in text_of(answer.text)
    with app.app_context():
        assert (
            db.session.scalars(select(AuditEntry).where(AuditEntry.action == "rules")).all() == []
        )


def test_owners_write_reasons_in_three_languages(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(OWNER)
    one = {"text-0-fr": "Trop loin.", "text-0-en": "Too far.", "text-0-es": "Demasiado lejos."}
    assert client.post(PAGE, data={"action": "reasons", **one, "text-1-fr": "x"}).status_code == 400
    assert client.post(PAGE, data={"action": "reasons", **one}).status_code == 303
    with app.app_context():
        ancrage = list_by_slug(db.session(), "ancrage")
        assert ancrage is not None
        assert [dict(text)["en"] for text in rejection_texts(db.session(), ancrage.id)] == [
            "Too far."
        ]


def test_moderators_see_and_lift_and_do_not_change_rules(app: Flask, sign_in: SignIn) -> None:
    command = app.test_cli_runner().invoke
    assert command(main, ["list", "person", "ancrage", "zoe@example.org", "banned"]).exit_code == 0
    client = sign_in(MODERATOR)
    assert client.post(PAGE, data={"action": "rules"}).status_code == 404
    page = client.get(PAGE).text
    assert "zoe@example.org" in page
    assert "Keep the rules" not in page
    with app.app_context():
        author_id = db.session.scalars(select(SenderFlag.author_id)).one()
    assert client.post(PAGE, data={"action": "lift", "person": author_id}).status_code == 303
    assert client.post(PAGE, data={"action": "lift", "person": author_id}).status_code == 404
    assert "zoe@example.org" not in client.get(PAGE).text


def test_the_command_changes_what_it_is_given(app: Flask, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("casino*\n\nloterie\n", encoding="utf-8")
    run = app.test_cli_runner().invoke
    assert (
        run(main, ["list", "rules", "ancrage", "--max-links", "2", "--words", str(words)]).exit_code
        == 0
    )
    shown = run(
        main,
        ["list", "rules", "ancrage", "--max-links", "none", "--first-post", "--languages", "fr,en"],
    ).output
    assert "first_post: True" in shown
    assert "max_links: \n" in shown
    assert "words: casino*, loterie" in shown
    assert "languages: fr, en" in shown
    assert run(main, ["list", "rules", "ancrage", "--max-links", "many"]).exit_code != 0
