"""A moderator decides by reply, and nobody else can."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.extensions import db
from forum.operations.lists import revoke_role
from forum.operations.telling_moderators import TOKEN_HOURS
from forum.search import open_index
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, Incoming, Notice
from forum.storage.people import Account
from mailbridge import queue as outgoing
from mailbridge.deciding import read_decision
from mailbridge.outcomes import Deferred, Sent
from mailbridge.receive import Envelope, receive
from mailbridge.transport import MemoryTransport
from mailbridge.worker import Worker
from tests.factories import START, Make, mail


@pytest.mark.parametrize(
    ("text", "verb", "reason"),
    [
        ("ok\n", "accept", ""),
        ("OK.\n\nLe 3 mars 2010, Passerelle a écrit :\n> oui\n", "accept", ""),
        ("Oui\n", "accept", ""),
        ("sí\n", "accept", ""),
        ("Si !\n", "accept", ""),
        ("accepter\n", "accept", ""),
        ("no\n", "reject", ""),
        ("Non\n\nTrop long, merci de raccourcir.\n", "reject", "Trop long, merci de raccourcir."),
        ("> Un mot seul\n\nnon\n", "reject", ""),
        ("Écarter\n", "discard", ""),
        ("descartar\n", "discard", ""),
        ("ok pour moi\n", None, ""),
        ("non, attendons\n", None, ""),
        ("Je lis ce soir.\n\nok\n", None, ""),
        ("Okapi\n", None, ""),
        ("> oui\n", None, ""),
        ("\n", None, ""),
    ],
)
def test_one_word_alone_on_the_first_own_line_decides(
    text: str, verb: str | None, reason: str
) -> None:
    found = read_decision(parse(mail(text=text), START))
    assert (found.verb, found.reason) == (verb, reason)


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

    def hand_in(
        self,
        raw: bytes,
        local: str,
        sender: str = "modo@example.net",
        after: timedelta = timedelta(hours=1),
    ) -> Incoming:
        envelope = Envelope(sender, f"{local}@lists.example.org")
        receive(self.session, envelope, raw, START + after, self.settings)
        return self.session.scalars(select(Incoming).order_by(Incoming.id.desc())).first()

    def answer(
        self,
        text: str,
        author: str = "modo@example.net",
        after: timedelta = timedelta(hours=1),
        **headers: str,
    ) -> list[str]:
        raw = mail(author=author, subject="Re: x", text=text, **headers)
        return self.hand_in(raw, f"ancrage-moderate+{self.token}", author, after).reasons

    def state(self) -> str:
        return self.session.scalars(select(HeldMessage)).one().state

    def told(self, kind: str) -> list[Notice]:
        return list(
            self.session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        )


@pytest.fixture
def queue(session: Session, settings: Settings, make: Make) -> Queue:
    return Queue(session, settings, make)


def test_a_reply_accepts_once_and_who_comes_late_is_told(queue: Queue, session: Session) -> None:
    assert queue.answer("oui\n") == ["accept"]
    assert queue.state() == HeldState.ACCEPTED
    assert len(session.scalars(select(Post)).all()) == 1
    assert queue.answer("non\n") == ["already-decided"]
    assert queue.state() == HeldState.ACCEPTED
    late = queue.told("held-decided")[0]
    assert (late.recipient, late.params["accepted"]) == ("modo@example.net", "yes")


def test_a_reply_rejects_and_the_author_hears_why(queue: Queue) -> None:
    assert queue.answer("no\n\ntoo long\n") == ["reject"]
    told = queue.told("rejected")[0]
    assert (told.recipient, told.params["reason"]) == ("x@example.net", "too long")


def test_anything_else_is_asked_again_and_decides_nothing(queue: Queue) -> None:
    assert queue.answer("Je ne sais pas.\n") == ["no-decision"]
    assert queue.answer("Je ne sais toujours pas.\n") == ["no-decision"]
    assert queue.state() == HeldState.HELD
    again = queue.told("held-unclear")
    assert [one.recipient for one in again] == ["modo@example.net"]
    queue.token = again[0].params["decision_token"]
    assert queue.answer("sí\n") == ["accept"]


def test_automatic_mail_decides_nothing_and_is_not_answered(queue: Queue) -> None:
    assert queue.answer("ok\n", Auto_Submitted="auto-replied") == ["auto-reply"]
    assert queue.state() == HeldState.HELD
    assert queue.told("held-unclear") == []


def test_who_moderates_no_longer_decides_nothing(
    queue: Queue, session: Session, make: Make
) -> None:
    revoke_role(session, queue.where, queue.moderator, "moderator", START)
    make.commit()
    assert queue.answer("ok\n") == ["not-a-moderator"]
    assert queue.state() == HeldState.HELD


def test_another_sender_decides_nothing_with_the_same_token(queue: Queue, make: Make) -> None:
    make.moderator(queue.where, "autre@example.net")
    make.commit()
    assert queue.answer("ok\n", author="autre@example.net") == ["another-sender"]
    assert queue.answer("ok\n", author="x@example.net") == ["another-sender"]
    assert queue.state() == HeldState.HELD


def test_a_forged_sender_decides_nothing(queue: Queue) -> None:
    queue.settings = replace(queue.settings, trusted_authserv="mx.example.org")
    results = "mx.example.org; dmarc=fail header.from=example.net"
    assert queue.answer("ok\n", Authentication_Results=results) == ["another-sender"]
    assert queue.state() == HeldState.HELD


def test_a_token_is_random_and_expires(queue: Queue) -> None:
    assert len(queue.token) >= 32
    assert queue.answer("ok\n", after=timedelta(hours=TOKEN_HOURS + 2)) == ["unknown-token"]
    assert queue.state() == HeldState.HELD


def test_a_token_is_for_one_message(queue: Queue, session: Session) -> None:
    raw = mail(author="X <x@example.net>", subject="Autre", text="Une autre proposition.\n")
    queue.hand_in(raw, "ancrage", "x@example.net")
    assert queue.answer("ok\n") == ["accept"]
    states = session.scalars(select(HeldMessage.state).order_by(HeldMessage.id)).all()
    assert states == [HeldState.ACCEPTED, HeldState.HELD]


def test_a_made_up_token_decides_nothing(queue: Queue) -> None:
    queue.token = queue.token[:-1] + ("0" if queue.token[-1] != "0" else "1")
    assert queue.answer("ok\n") == ["unknown-token"]
    assert queue.state() == HeldState.HELD


def test_each_held_message_is_told_with_the_original_attached(
    queue: Queue, session: Session
) -> None:
    for number in range(2):
        text = f"Proposition numéro {number}, à lire avant la rencontre.\n"
        raw = mail(author="X <x@example.net>", subject=f"Idée {number}", text=text)
        queue.hand_in(raw, "ancrage", "x@example.net")
    told = queue.told("held-moderator")
    assert len({one.params["decision_token"] for one in told}) == 3
    session.commit()
    sent = MemoryTransport()
    own = Session(db.engine, expire_on_commit=False)
    index = open_index(queue.settings, db.engine)
    Worker(own, queue.settings, sent, index, now=lambda: START + timedelta(hours=2)).drain()
    mails = [one for _, _, one in sent.sent if b"Proposition num" in one]
    assert len(mails) == 2
    found = email.message_from_bytes(mails[0], policy=email.policy.default)
    assert "-moderate+" in found["Reply-To"]
    assert [part.get_content_type() for part in found.iter_attachments()] == ["message/rfc822"]


def test_the_token_is_forgotten_once_the_mail_has_left_and_decides_all_the_same(
    queue: Queue, session: Session
) -> None:
    told = session.scalars(select(Notice)).one()
    outgoing.record(session, [(told, Deferred("421 later"))], START)
    assert queue.token in told.params.values()
    outgoing.record(session, [(told, Sent("250 OK"))], START)
    session.refresh(told)
    assert queue.token not in str(told.params)
    assert told.params["held_id"]
    assert queue.answer("oui\n") == ["accept"]
