"""Texts that are kept while they are written."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.extensions import db
from forum.storage.drafts import Draft
from tests.web_interaction.conftest import SignIn, Writing

AWA, LUZ = "awa@example.net", "luz@example.net"
BEGUN = "Nous proposons trois ateliers pour"
JSON = {"Accept": "application/json"}


@pytest.fixture
def thread(writing: Writing) -> int:
    """A thread of a list that Awa and Luz are on."""
    with writing() as make:
        ancrage = make.mailing_list("ancrage")
        for email in (AWA, LUZ):
            make.subscriber(ancrage, email, "en")
        return make.post(ancrage, author="Pilar <pilar@example.net>").thread_id


def drafts(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Draft)) or 0


def test_a_draft_of_an_answer_waits_on_the_threads_page_for_its_writer_alone(
    sign_in: SignIn, thread: int
) -> None:
    awa = sign_in(AWA)
    kept = awa.post(f"/threads/{thread}/draft", data={"text": BEGUN, "language": "fr"})
    assert kept.status_code == 303
    assert "Nothing is sent yet" in awa.get(kept.location).text
    page = awa.get(f"/threads/{thread}").text
    assert BEGUN in page
    assert "This is your draft" in page
    assert BEGUN not in sign_in(LUZ).get(f"/threads/{thread}").text


def test_the_draft_of_a_new_thread_keeps_its_subject(sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    fields = {"subject": "Ateliers de printemps", "text": BEGUN}
    awa.post("/lists/ancrage/draft", data=fields)
    page = awa.get("/lists/ancrage/new").text
    assert "Ateliers de printemps" in page
    assert BEGUN in page
    assert "Ateliers de printemps" in awa.get("/account/drafts").text


def test_the_page_is_told_that_it_is_kept_and_which_language_it_is(
    app: Flask, sign_in: SignIn, thread: int
) -> None:
    awa = sign_in(AWA)
    text = "Nous proposons trois ateliers pour la rencontre de printemps à Poitiers."
    for written in (BEGUN, text):
        told = awa.post(f"/threads/{thread}/draft", data={"text": written}, headers=JSON).json
    assert told == {
        "kept": "Your draft is kept. Nothing is sent yet.",
        "language": "Recognised: French",
    }
    assert drafts(app) == 1


def test_a_text_that_is_deleted_leaves_no_draft(app: Flask, sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    awa.post(f"/threads/{thread}/draft", data={"text": BEGUN}, headers=JSON)
    told = awa.post(f"/threads/{thread}/draft", data={"text": " "}, headers=JSON).json
    assert told == {"kept": "", "language": ""}
    assert drafts(app) == 0


def test_what_is_published_is_no_draft_any_more(app: Flask, sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    awa.post(f"/threads/{thread}/draft", data={"text": BEGUN})
    awa.post("/lists/ancrage/draft", data={"subject": "Objet", "text": BEGUN})
    awa.post(f"/threads/{thread}/answer", data={"text": BEGUN, "publish": "1"})
    assert drafts(app) == 1
    fields = {"subject": "Objet", "text": f"{BEGUN} demain", "publish": "1"}
    awa.post("/lists/ancrage/new", data=fields)
    assert drafts(app) == 0


def test_a_preview_keeps_the_draft(app: Flask, sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    awa.post(f"/threads/{thread}/draft", data={"text": BEGUN})
    awa.post(f"/threads/{thread}/answer", data={"text": BEGUN, "preview": "1"})
    assert drafts(app) == 1


def test_only_its_writer_can_throw_a_draft_away(app: Flask, sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    awa.post(f"/threads/{thread}/draft", data={"text": BEGUN})
    with app.app_context():
        draft_id = db.session.scalars(select(Draft.id)).one()
    assert sign_in(LUZ).post(f"/drafts/{draft_id}/drop").status_code == 404
    assert awa.post(f"/drafts/{draft_id}/drop").status_code == 303
    assert drafts(app) == 0


def test_a_quotation_goes_behind_what_is_written_already(sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    awa.post(f"/threads/{thread}/draft", data={"text": BEGUN})
    page = awa.get(f"/threads/{thread}/answer?quote=1").text
    assert page.index(BEGUN) < page.index("Pilar wrote:")


def test_an_empty_draft_is_said_to_be_empty(sign_in: SignIn, thread: int) -> None:
    awa = sign_in(AWA)
    kept = awa.post("/lists/ancrage/draft", data={"text": ""})
    assert "There is no text yet." in awa.get(kept.location).text
