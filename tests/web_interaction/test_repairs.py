"""On the page of a thread a moderator takes back a repair of wrongly decoded text."""

from __future__ import annotations

import pytest
from flask import Flask

from forum.extensions import db
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

MODERATOR = "marie@example.net"
WRONG = "Le marchÃ© de printemps aura lieu Ã  la mairie, dâ€™aprÃ¨s le compte rendu."
RIGHT = "Le marché de printemps aura lieu à la mairie, d’après le compte rendu."


@pytest.fixture
def address(writing: Writing) -> str:
    """Where the decision on a repaired post is sent; its list has one moderator."""
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR)
        make.moderator(make.mailing_list("autre"), "autre@example.net")
        make.post(ancrage, text="Bonjour à toutes et à tous, voici de quoi parler ensemble.\n")
        return f"/posts/{make.post(ancrage, text=WRONG).id}/repairs"


def test_a_repair_is_taken_back_and_made_again(app: Flask, address: str, sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    page = client.get(address.removesuffix("/repairs"), follow_redirects=True)
    assert RIGHT in text_of(page.text)
    assert main_of(page.text).count('value="undo"') == 1
    done = client.post(address, data={"decision": "undo"}, follow_redirects=True)
    assert "Le marchÃ© de printemps" in text_of(done.text)
    assert "shown as it was decoded at first" in done.text
    assert main_of(done.text).count('value="redo"') == 1
    again = client.post(address, data={"decision": "undo"}, follow_redirects=True)
    assert "nothing to change" in again.text
    done = client.post(address, data={"decision": "redo"}, follow_redirects=True)
    assert RIGHT in text_of(done.text)
    with app.app_context():
        entries = db.session.query(AuditEntry).filter(AuditEntry.action.like("%repairs"))
        told = [(entry.action, entry.account and entry.account.email) for entry in entries]
    assert told == [("undo-repairs", MODERATOR), ("redo-repairs", MODERATOR)]


def test_others_see_no_button_and_cannot_decide(app: Flask, address: str, sign_in: SignIn) -> None:
    for client in (
        app.test_client(),
        sign_in("stranger@example.net"),
        sign_in("autre@example.net"),
    ):
        page = client.get(address.removesuffix("/repairs"), follow_redirects=True)
        assert 'name="decision"' not in page.text
        assert client.post(address, data={"decision": "undo"}).status_code in (302, 404)
    with app.app_context():
        repairs = [post.repairs for post in db.session.query(Post) if post.repairs]
    assert [repair for each in repairs for repair in each if repair == "undone"] == []


def test_an_unknown_decision_or_post_changes_nothing(address: str, sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    assert client.post(address, data={"decision": "delete"}).status_code == 400
    assert client.post("/posts/999/repairs", data={"decision": "undo"}).status_code == 404
