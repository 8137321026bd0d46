"""The moderation queue."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations.posting import Held, post
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, Notice
from tests.factories import START, mail
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

MODERATOR = "marie@example.net"
QUOTING = """Je suis d'accord avec cette proposition, et je peux venir en avril.

Le 3 mars 2010 à 10:00, Pilar Ríos a écrit :
> Proponemos tres talleres para el encuentro de primavera.
"""


def hold(mailing_list: MailingList, number: int) -> int:
    """A stranger's message that waits."""
    raw = mail(
        subject=f"Question {number}",
        text=QUOTING.replace("avril", f"avril {2010 + number}"),
        author=f"Zoé Diop <zoe{number}@example.org>",
        message_id=f"q{number}.{mailing_list.slug}@example.org",
        to=mailing_list.address,
    )
    outcome = post(
        db.session(),
        mailing_list,
        parse(raw, START),
        START,
        max_bytes=10**6,
        source=Source.EMAIL,
    )
    assert isinstance(outcome, Held)
    return outcome.held_id


@pytest.fixture
def ids(writing: Writing) -> list[int]:
    """Three messages on a list that is moderated by one person, a fourth on another list."""
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR)
        waiting = [hold(ancrage, number) for number in range(3)]
        return [*waiting, hold(make.mailing_list("autre"), 9)]


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(HeldMessage.state).order_by(HeldMessage.id)))


def test_everything_of_ones_own_lists_waits_oldest_first_with_its_reason(
    ids: list[int], sign_in: SignIn
) -> None:
    page = main_of(sign_in(MODERATOR).get("/moderation").text)
    seen = text_of(page)
    assert "3 messages wait" in seen
    assert [seen.index(f"Question {number}") for number in range(3)] == sorted(
        seen.index(f"Question {number}") for number in range(3)
    )
    assert "Question 9" not in seen
    assert "The author is not subscribed to the list." in seen
    assert "zoe0@example.org" in seen
    folded = page.split("Question 0", 1)[1].split("<details", 1)[1].split("</details>", 1)[0]
    assert "Proponemos tres talleres" in folded
    assert "Je suis d" in page.split("<details", 1)[0]


def test_reasons_are_in_the_moderators_language(
    ids: list[int], writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        make.account("admin@example.net", language="fr", is_admin=True)
    page = sign_in("admin@example.net").get("/moderation").text
    assert '<html lang="fr"' in page
    assert "Question 9" in page


def test_a_button_decides_on_its_own_message(app: Flask, ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    one, two, three, _other = ids
    assert client.post("/moderation", data={"decision": f"accept:{one}"}).status_code == 303
    rejected = {"decision": f"reject:{two}", f"reason-{two}": "Hors sujet", "held": [one, three]}
    assert client.post("/moderation", data=rejected).status_code == 303
    assert client.post("/moderation", data={"decision": f"discard:{three}"}).status_code == 303
    assert states(app) == ["accepted", "rejected", "discarded", "held"]
    with app.app_context():
        assert [row.subject for row in db.session.scalars(select(Post))] == ["Question 0"]
        told = db.session.scalars(
            select(Notice).where(Notice.kind == "rejected").order_by(Notice.id)
        ).all()
        assert [(row.recipient, row.params["reason"]) for row in told] == [
            ("zoe1@example.org", "Hors sujet")
        ]
        assert {row.decided_by.email for row in db.session.scalars(
            select(HeldMessage).where(HeldMessage.state != "held")
        ) if row.decided_by} == {MODERATOR}  # fmt: skip


def test_several_are_decided_at_once(app: Flask, ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    answer = client.post(
        "/moderation", data={"decision": "accept", "held": ids[:3]}, follow_redirects=True
    )
    assert "3 messages are posted." in answer.text
    assert "Nothing waits." in answer.text
    assert states(app) == ["accepted"] * 3 + ["held"]


def test_nothing_ticked_is_told_and_a_typed_reason_stays(
    app: Flask, ids: list[int], sign_in: SignIn
) -> None:
    client = sign_in(MODERATOR)
    answer = client.post("/moderation", data={"decision": "reject", "reason": "Hors sujet"})
    assert answer.status_code == 400
    assert "Tick at least one message" in answer.text
    assert "Hors sujet" in answer.text
    long = {"decision": "reject", "held": ids[0], "reason": "x" * 2001}
    answer = client.post("/moderation", data=long)
    assert answer.status_code == 400
    assert f'value="{ids[0]}" checked' in answer.text
    for bad in ("reject:x", "bury:1", "", "accept:99999"):
        assert client.post("/moderation", data={"decision": bad}).status_code in (400, 404)
    assert set(states(app)) == {"held"}


def test_nobody_decides_on_lists_of_others(app: Flask, ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    assert client.post("/moderation", data={"decision": f"accept:{ids[3]}"}).status_code == 404
    both = {"decision": "discard", "held": [ids[0], ids[3]]}
    assert client.post("/moderation", data=both).status_code == 404
    assert set(states(app)) == {"held"}


def test_the_queue_is_not_there_for_others(app: Flask, ids: list[int], sign_in: SignIn) -> None:
    stranger, anonymous = sign_in("stranger@example.net"), app.test_client()
    for path in ("/moderation", "/moderation/decided"):
        assert stranger.get(path).status_code == 404
        assert anonymous.get(path).status_code == 302
    data = {"decision": f"accept:{ids[0]}"}
    assert stranger.post("/moderation", data=data).status_code == 404
    assert anonymous.post("/moderation", data=data).status_code == 302
    assert set(states(app)) == {"held"}


def test_who_decided_and_when_is_shown_and_a_second_decision_told(
    app: Flask, ids: list[int], sign_in: SignIn
) -> None:
    client = sign_in(MODERATOR)
    data = {"decision": f"reject:{ids[0]}", f"reason-{ids[0]}": "Hors sujet"}
    client.post("/moderation", data=data)
    answer = client.post(
        "/moderation", data={"decision": f"accept:{ids[0]}"}, follow_redirects=True
    )
    assert "Somebody else had decided on 1 message already." in answer.text
    seen = text_of(client.get("/moderation/decided").text)
    assert "rejected by Camille Roy" in seen
    assert "Hors sujet" in seen
    assert states(app)[0] == "rejected"
