"""A moderator decides by reply, and nobody else can."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.operations.lists import revoke_role
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, Incoming, Notice
from forum.storage.people import Account
from mailbridge.deciding import decision_token, read_decision, read_token
from mailbridge.receive import Envelope, receive
from tests.factories import START, Make, mail

KEY = "a key of the tests"


@pytest.mark.parametrize(
    ("text", "verb", "reason"),
    [
        ("accept\n", "accept", ""),
        ("Accepter.\n\n> accept\n", "accept", ""),
        ("ACEPTAR\n", "accept", ""),
        ("refuser trop long, merci de raccourcir\n", "reject", "trop long, merci de raccourcir"),
        ("rechazar\n", "reject", ""),
        ("discard\n", "discard", ""),
        ("> accept\n\nignorer\n", "discard", ""),
        ("Écarter\n", "discard", ""),
        ("Acceptable, je crois\n", "", ""),
        ("> accept\n", "", ""),
        ("\n", "", ""),
    ],
)
def test_the_first_own_line_decides(text: str, verb: str, reason: str) -> None:
    found = read_decision(parse(mail(text=text), START))
    assert (found.verb, found.reason) == (verb, reason)


def test_a_token_is_good_for_its_message_and_moderator_alone() -> None:
    token = decision_token(12, 3, KEY)
    assert token == token.lower()
    assert read_token(token, KEY) == (12, 3)
    assert read_token(token.upper(), KEY) == (12, 3)
    assert read_token(token, "another key") is None
    assert read_token(token.replace("12-3", "13-3"), KEY) is None


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    assert read_token(text, KEY) is None


class Queue:
    """A held message and the moderator who was told of it."""

    def __init__(self, session: Session, settings: Settings, make: Make) -> None:
        self.session, self.settings = session, settings
        self.where: MailingList = make.mailing_list()
        self.moderator: Account = make.moderator(self.where, "modo@example.net")
        make.commit()
        raw = mail(author="X <x@example.net>", text="Une proposition venue d'ailleurs.\n")
        self.hand_in(raw, "ancrage", "x@example.net")
        self.token = session.scalars(select(Notice)).one().params["decision_token"]

    def hand_in(self, raw: bytes, local: str, sender: str = "modo@example.net") -> Incoming:
        envelope = Envelope(sender, f"{local}@lists.example.org")
        receive(self.session, envelope, raw, START + timedelta(hours=1), self.settings)
        return self.session.scalars(select(Incoming).order_by(Incoming.id.desc())).first()  # type: ignore[return-value]

    def answer(self, text: str, **headers: str) -> list[str]:
        raw = mail(author="modo@example.net", subject="Re: x", text=text, **headers)  # type: ignore[arg-type]
        return self.hand_in(raw, f"ancrage-moderate+{self.token}").reasons

    def state(self) -> str:
        return self.session.scalars(select(HeldMessage)).one().state


@pytest.fixture
def queue(session: Session, settings: Settings, make: Make) -> Queue:
    return Queue(session, settings, make)


def test_a_reply_accepts_once(queue: Queue, session: Session) -> None:
    assert queue.answer("accepter\n") == ["accept"]
    assert queue.state() == HeldState.ACCEPTED
    assert len(session.scalars(select(Post)).all()) == 1
    assert queue.answer("refuser\n") == ["already-decided"]
    assert queue.state() == HeldState.ACCEPTED


def test_a_reply_rejects_and_the_author_hears_why(queue: Queue, session: Session) -> None:
    assert queue.answer("reject too long\n") == ["reject"]
    told = session.scalars(select(Notice).where(Notice.kind == "rejected")).one()
    assert (told.recipient, told.params["reason"]) == ("x@example.net", "too long")


def test_an_absence_reply_decides_nothing(queue: Queue) -> None:
    assert queue.answer("accept\n", Auto_Submitted="auto-replied") == ["auto-reply"]
    assert queue.answer("Je ne suis pas là.\n") == ["no-decision"]
    assert queue.state() == HeldState.HELD


def test_who_moderates_no_longer_decides_nothing(
    queue: Queue, session: Session, make: Make
) -> None:
    revoke_role(session, queue.where, queue.moderator, "moderator", START)
    make.commit()
    assert queue.answer("accept\n") == ["not-a-moderator"]
    assert queue.state() == HeldState.HELD


def test_a_forged_token_decides_nothing(queue: Queue) -> None:
    queue.token = queue.token[:-1] + ("0" if queue.token[-1] != "0" else "1")
    assert queue.answer("accept\n") == ["unknown-token"]
    assert queue.state() == HeldState.HELD
