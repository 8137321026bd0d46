"""The queue: filters, what is told of each sender, claims, decisions about people, many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations.claiming import CLAIM, claim, claims_on
from forum.operations.curation_authors import report
from forum.operations.lists import grant_role
from forum.operations.posting import Discarded, Disposition, Held, Posted, post
from forum.operations.ruling import set_rejection_texts
from forum.search import open_index
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.mail import Delivery, HeldMessage, Notice
from forum.storage.people import Account, account_by_email
from forum.storage.rules import SenderFlag
from forum.web.moderating import SHOWN_AT_ONCE
from mailbridge.transport import MemoryTransport
from mailbridge.worker import Worker
from tests.factories import START, mail
from tests.web_interaction.conftest import SignIn, Writing, main_of, text_of

MODERATOR, OTHER, ADMIN = "marie@example.net", "paul@example.net", "admin@example.net"
SPANISH = "Proponemos tres talleres para el encuentro de primavera con todas las personas.\n"
FRENCH = (
    "Nous proposons trois ateliers pour la rencontre de printemps, voir https://example.org/a\n"
)


def send(mailing_list: MailingList, number: int = 0, text: str = FRENCH) -> Disposition:
    raw = mail(
        subject=f"Message {number} sur {mailing_list.slug}",
        text=f"{text}\n{number}\n",
        author=f"Zoé Diop <zoe{number % 7}@example.org>",
        message_id=f"m{number}.{mailing_list.slug}@example.org",
    )
    return post(
        db.session(), mailing_list, parse(raw, START), START + timedelta(minutes=number),
        max_bytes=10**6, source=Source.EMAIL,
    )  # fmt: skip


def held(mailing_list: MailingList, number: int = 0, text: str = FRENCH) -> int:
    outcome = send(mailing_list, number, text)
    assert isinstance(outcome, Held)
    return outcome.held_id


@pytest.fixture
def ids(writing: Writing) -> list[int]:
    """Two messages on one list and one on another, all of one moderator; and a reported post."""
    with writing() as make:
        ancrage, marche = make.mailing_list(), make.mailing_list("marche")
        make.moderator(ancrage, MODERATOR, name="Marie")
        make.moderator(ancrage, OTHER, name="Paul")
        marie = account_by_email(make.session, MODERATOR)
        assert marie is not None
        for one in (ancrage, marche):
            make.subscriber(one, MODERATOR)
        grant_role(make.session, marche, marie, "moderator", START)
        make.account(ADMIN, is_admin=True)
        found = [held(ancrage, 0), held(ancrage, 1, SPANISH), held(marche, 2)]
        bad = make.post(marche, subject="À signaler")
        report(make.session, bad, marie, "Une adresse privée", START + timedelta(hours=1))
        return found


def test_everything_waits_on_one_page_and_can_be_filtered(ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    seen = text_of(main_of(client.get("/moderation").text))
    subjects = ["Message 0 sur ancrage", "Message 1 sur ancrage", "Message 2 sur marche"]
    places = [seen.index(subject) for subject in [*subjects, "À signaler"]]
    assert places == sorted(places)
    assert "Une adresse privée" in seen

    def shown(query: str) -> list[str]:
        page = client.get(f"/moderation?{query}").text
        return [one for one in [*subjects, "À signaler"] if f">{one}<" in page]

    assert shown("list=marche") == ["Message 2 sur marche", "À signaler"]
    assert shown("language=es") == ["Message 1 sur ancrage"]
    assert shown("reason=stranger") == subjects
    assert shown("reason=reported") == ["À signaler"]
    assert shown("reason=stranger&list=ancrage&language=fr") == ["Message 0 sur ancrage"]
    for wrong in ("list=nowhere", "reason=nothing", "page=2"):
        assert client.get(f"/moderation?{wrong}").status_code == 404


def test_a_message_shows_its_sender_its_links_and_its_size(
    writing: Writing, ids: list[int], sign_in: SignIn
) -> None:
    client = sign_in(MODERATOR)
    client.post("/moderation", data={"decision": f"discard:{ids[0]}"})
    with writing() as make:
        ancrage = list_by_slug(make.session, "ancrage")
        assert ancrage is not None
        again = held(ancrage, 7)
    seen = text_of(main_of(client.get(f"/moderation/held/{again}").text))
    assert "0 posts 1 refused 1 waiting" in seen
    assert "1 link , Message 7 sur ancrage https://example.org/a" in seen
    assert "bytes" in seen or "KB" in seen or "kB" in seen


def test_opening_a_message_claims_it_and_others_see_who_has_it(
    app: Flask, ids: list[int], sign_in: SignIn
) -> None:
    sign_in(MODERATOR).get(f"/moderation/held/{ids[0]}")
    other = sign_in(OTHER)
    assert "Marie is looking at it" in other.get("/moderation").text
    assert "Marie is looking at it" in other.get(f"/moderation/held/{ids[0]}").text
    # It keeps nobody from deciding.
    other.post("/moderation", data={"decision": f"discard:{ids[0]}"})
    with app.app_context():
        assert db.session.get_one(HeldMessage, ids[0]).state == "discarded"
    late = sign_in(MODERATOR).get(f"/moderation/held/{ids[0]}").text
    assert "by Paul" in late
    assert "<textarea" not in late


def test_a_claim_lapses(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        session = db.session()
        marie, paul = (account_by_email(session, one) for one in (MODERATOR, OTHER))
        assert isinstance(marie, Account)
        assert isinstance(paul, Account)
        now = utcnow()
        assert claim(session, ids, marie, now) == ids
        assert claim(session, ids, paul, now + CLAIM - timedelta(seconds=1)) == []
        assert claim(session, ids, paul, now + CLAIM) == ids
        assert claims_on(session, ids, now + 2 * CLAIM) == {}


def test_the_ticked_ones_can_be_claimed_without_scripts(ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    answer = client.post(
        "/moderation", data={"decision": "claim", "held": ids[:2]}, follow_redirects=True
    )
    assert "2 messages are yours for five minutes." in answer.text
    assert answer.text.count("You are looking at it") == 2


def test_a_chosen_reason_is_told_in_the_authors_language(
    app: Flask, writing: Writing, ids: list[int], sign_in: SignIn
) -> None:
    with writing() as make:
        ancrage = list_by_slug(make.session, "ancrage")
        assert ancrage is not None
        texts = [{"fr": "Trop loin.", "en": "Too far.", "es": "Demasiado lejos."}]
        set_rejection_texts(make.session, ancrage, texts, START)
        make.account("zoe0@example.org", language="es")
    data = {"decision": f"reject:{ids[0]}", f"template-{ids[0]}": "0", f"reason-{ids[0]}": "Marie"}
    sign_in(MODERATOR).post(f"/moderation/held/{ids[0]}", data=data)
    with app.app_context():
        told = db.session.scalars(select(Notice).where(Notice.kind == "rejected")).one()
        assert (told.language, told.params["reason"]) == ("es", "Demasiado lejos.\n\nMarie")


def test_a_sender_is_accepted_from_now_on_in_the_same_step(
    app: Flask, ids: list[int], sign_in: SignIn
) -> None:
    sign_in(MODERATOR).post(
        "/moderation", data={"decision": f"accept:{ids[0]}", f"sender-{ids[0]}": "accept"}
    )
    with app.app_context():
        ancrage, marche = (list_by_slug(db.session(), one) for one in ("ancrage", "marche"))
        assert ancrage is not None
        assert marche is not None
        assert isinstance(send(ancrage, 7), Posted)
        assert isinstance(send(marche, 14), Held)
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions[-2:] == ["accept", "flag"]


def test_a_ban_ends_by_itself_and_only_administrators_ban_everywhere(
    app: Flask, ids: list[int], sign_in: SignIn
) -> None:
    bans = {"decision": f"ban:{ids[0]}", f"days-{ids[0]}": "30", f"everywhere-{ids[0]}": "yes"}
    sign_in(MODERATOR).post(f"/moderation/held/{ids[0]}", data=bans)
    with app.app_context():
        ancrage, marche = (list_by_slug(db.session(), one) for one in ("ancrage", "marche"))
        assert ancrage is not None
        assert marche is not None
        flag = db.session.scalars(select(SenderFlag)).one()
        assert (flag.flag, flag.mailing_list_id) == ("banned", ancrage.id)
        assert flag.until is not None
        assert timedelta(days=29) < flag.until - utcnow() < timedelta(days=31)
        flag.until = START + timedelta(minutes=10)
        assert isinstance(send(ancrage, 7), Discarded)
        assert isinstance(send(ancrage, 14), Held)
        db.session.rollback()
    everywhere = {"decision": f"ban:{ids[2]}", f"everywhere-{ids[2]}": "yes"}
    sign_in(ADMIN).post(f"/moderation/held/{ids[2]}", data=everywhere)
    with app.app_context():
        ancrage = list_by_slug(db.session(), "ancrage")
        assert ancrage is not None
        assert isinstance(send(ancrage, 9), Discarded)


def test_a_report_is_settled_in_the_queue(ids: list[int], sign_in: SignIn) -> None:
    client = sign_in(MODERATOR)
    assert client.post("/moderation", data={"decision": "settle:1"}).status_code == 303
    assert "Une adresse privée" not in client.get("/moderation").text
    # The second list is none of Paul's.
    assert sign_in(OTHER).post("/moderation", data={"decision": "settle:1"}).status_code == 404


@pytest.mark.slow
def test_a_hundred_are_accepted_in_one_action_and_delivered(
    app: Flask, settings: Settings, writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR)
        make.subscriber(ancrage, "pilar@example.net", "es")
        ids = [held(ancrage, number) for number in range(100)]
    client = sign_in(MODERATOR)
    assert "100 messages wait" in client.get("/moderation").text
    answer = client.post(
        "/moderation", data={"decision": "accept", "held": ids}, follow_redirects=True
    )
    assert "100 messages are posted." in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == 100
        assert db.session.scalar(select(func.count(Delivery.id))) == 100
        db.session.rollback()
        transport = MemoryTransport()
        own = Session(db.engine, expire_on_commit=False)
        later = utcnow() + timedelta(minutes=1)
        Worker(own, settings, transport, open_index(settings, db.engine), lambda: later).drain()
        own.close()
    sent = [one for _, recipient, one in transport.sent if recipient == "pilar@example.net"]
    assert len(sent) == 100


def test_of_a_long_message_the_beginning_is_shown_and_the_whole_on_its_own_page(
    writing: Writing, sign_in: SignIn
) -> None:
    long = "".join(f"Ligne {number} d’un texte sans fin.\n\n" for number in range(20_000))
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR)
        found = [held(ancrage, number, long) for number in range(3)]
    client = sign_in(MODERATOR)
    for address in ("/moderation", f"/moderation/held/{found[0]}"):
        page = client.get(address).text
        assert len(page) < 250_000
        assert "Ligne 9 d’un" in page
        assert "Ligne 9999 d’un" not in page
        assert f'href="/moderation/held/{found[0]}/whole"' in page
    whole = client.get(f"/moderation/held/{found[0]}/whole").text
    assert "Ligne 9999 d’un" in whole
    assert "Open the whole" not in whole


def test_a_page_of_the_queue_loads_one_messages_bytes_at_a_time(
    writing: Writing, sign_in: SignIn
) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR)
        for number in range(SHOWN_AT_ONCE + 1):
            held(ancrage, number)
    client = sign_in(MODERATOR)
    loaded: list[str] = []

    def note(*told: Any) -> None:
        loaded.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        first = client.get("/moderation").text
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with_bytes = [one for one in loaded if "raw_message.compressed" in one]
    assert len(with_bytes) == SHOWN_AT_ONCE
    assert not any("held_message" in one for one in with_bytes)
    assert f"Message {SHOWN_AT_ONCE} sur" not in first
    assert f"Message {SHOWN_AT_ONCE} sur" in client.get("/moderation?page=2").text
    assert "/moderation?many=1" in first
    many = client.get("/moderation?many=1").text
    assert many.count('name="held"') == SHOWN_AT_ONCE + 1
    ids = [str(number) for number in range(1, SHOWN_AT_ONCE + 2)]
    answer = client.post("/moderation?many=1", data={"decision": "discard", "held": ids})
    assert answer.headers["Location"] == "/moderation?many=1"


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "sans bannir"), ("en", "without a ban"), ("es", "sin expulsar")],
)
def test_nobody_is_banned_for_a_message_that_may_be_forged(
    writing: Writing, sign_in: SignIn, language: str, words: str
) -> None:
    with writing() as make:
        ancrage = make.mailing_list()
        make.moderator(ancrage, MODERATOR, language=language)
        number = held(ancrage)
        row = make.session.get_one(HeldMessage, number)
        row.reasons = [*row.reasons, "unverified-sender"]
    client = sign_in(MODERATOR)
    page = f"/moderation/held/{number}"
    assert f'value="ban:{number}"' not in client.get(page).text
    discard = {"decision": f"discard:{number}", f"sender-{number}": "banned"}
    for form in ({"decision": f"ban:{number}"}, discard):
        answer = client.post(page, data=form)
        assert answer.status_code == 400
        assert words in text_of(main_of(answer.text))
    with writing() as make:
        assert make.session.get_one(HeldMessage, number).state == "held"
        assert make.session.scalars(select(SenderFlag)).all() == []
    client.post(page, data={"decision": f"discard:{number}"})
    with writing() as make:
        assert make.session.get_one(HeldMessage, number).state == "discarded"
