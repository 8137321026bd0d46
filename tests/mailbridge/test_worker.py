"""The queue: what leaves, once, to whom, and what waits."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.extensions import db
from forum.search import open_index
from forum.settings import Settings
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, IndexQueue, Notice, SendState
from mailbridge import queue
from mailbridge.outcomes import Broken, Deferred, Outcome, Refused, Sent
from mailbridge.transport import open_transport
from mailbridge.worker import Worker
from tests.factories import Make
from tests.mailbridge.conftest import RunningSmarthost
from tests.mailbridge.working import NOW, Answering, Clock, states


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, "awa@example.org", language="fr")
    make.subscriber(found, "grace@example.net", language="en")
    make.subscriber(found, "pilar@example.net", language="es")
    make.commit()
    return found


def test_each_subscriber_but_the_author_gets_one_copy_in_their_language(
    worker: Worker, transport: Answering, ancrage: MailingList, make: Make, session: Session
) -> None:
    make.post(ancrage, mail_out=True)
    make.commit()
    assert worker.drain() == 2
    assert [recipient for _, recipient, _ in transport.sent] == [
        "grace@example.net", "pilar@example.net",
    ]  # fmt: skip
    assert len({path for path, _, _ in transport.sent}) == 2
    for (path, _, raw), word in zip(transport.sent, ("Unsubscribe", "Cancelar"), strict=True):
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert word in message.get_content()
        token = path.partition("+")[2].partition("@")[0]
        assert token in message["List-Unsubscribe"]
        assert token in message.get_content()
    assert states(session) == [SendState.SENT, SendState.SENT]
    assert worker.drain() == 0


def test_the_search_index_is_drained(
    worker: Worker, ancrage: MailingList, make: Make, session: Session
) -> None:
    make.post(ancrage)
    make.commit()
    worker.drain()
    assert session.scalars(select(IndexQueue)).all() == []


def test_a_temporary_refusal_is_tried_again_with_growing_pauses(
    worker: Worker,
    transport: Answering,
    ancrage: MailingList,
    make: Make,
    session: Session,
    clock: Clock,
) -> None:
    transport.answer = lambda recipient: Deferred("451 later")
    make.post(ancrage, mail_out=True)
    make.commit()
    pauses = []
    for _ in range(6):
        worker.drain()
        session.expire_all()
        row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert row is not None
        assert row.state == SendState.QUEUED
        pauses.append((row.due_at - clock.now).total_seconds() / 60)
        clock.now = row.due_at
        session.rollback()
    assert pauses == [1, 5, 15, 60, 60, 60]
    clock.now = NOW + timedelta(days=5)
    worker.drain()
    assert states(session) == [SendState.FAILED, SendState.FAILED]


def test_a_refused_recipient_is_given_up_and_the_others_get_theirs(
    worker: Worker, transport: Answering, ancrage: MailingList, make: Make, session: Session
) -> None:
    transport.answer = lambda recipient: (
        Refused("550 5.1.1 no") if recipient.startswith("grace") else Sent("250 ok")
    )
    make.post(ancrage, mail_out=True)
    make.commit()
    worker.drain()
    assert states(session) == [SendState.FAILED, SendState.SENT]
    session.expire_all()
    row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
    assert row is not None
    assert row.last_reply == "550 5.1.1 no"


def test_a_broken_smarthost_keeps_the_queue_and_is_not_pressed(
    worker: Worker, transport: Answering, ancrage: MailingList, make: Make, session: Session
) -> None:
    transport.answer = lambda recipient: Broken("550 not you")
    make.post(ancrage, mail_out=True)
    make.commit()
    worker.drain()
    assert len(transport.tried) == 1
    assert states(session) == [SendState.QUEUED, SendState.QUEUED]
    worker.step()
    assert len(transport.tried) == 1


def test_the_same_refusal_for_most_is_the_smarthosts_fault(
    worker: Worker, transport: Answering, make: Make, session: Session, clock: Clock
) -> None:
    found = make.mailing_list()
    for number in range(8):
        make.subscriber(found, f"p{number}@example.net")
    make.post(found, mail_out=True)
    make.commit()
    transport.answer = lambda recipient: Refused(f"554 5.7.1 <{recipient}> listed as spam")
    worker.drain()
    assert states(session) == [SendState.QUEUED] * 8
    row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
    assert row is not None
    assert row.due_at > clock.now


def test_a_lapsed_claim_is_taken_by_another_worker(
    ancrage: MailingList, make: Make, session: Session
) -> None:
    make.post(ancrage, mail_out=True)
    make.commit()
    first = queue.claim(session, Delivery, NOW)
    assert len(first) == 2
    assert queue.claim(session, Delivery, NOW + timedelta(seconds=29)) == []
    assert queue.claim(session, Delivery, NOW + timedelta(seconds=31)) == first


def test_of_a_stopped_list_nothing_leaves(
    worker: Worker, ancrage: MailingList, make: Make, session: Session
) -> None:
    make.post(ancrage, mail_out=True)
    session.execute(update(MailingList).values(outgoing_stopped=True))
    make.commit()
    assert worker.drain() == 0
    session.execute(update(MailingList).values(outgoing_stopped=False))
    make.commit()
    assert worker.drain() == 2


def test_what_waits_for_undo_does_not_leave_before(
    worker: Worker, ancrage: MailingList, make: Make, session: Session, clock: Clock
) -> None:
    make.post(ancrage, mail_out=True)
    session.execute(update(Delivery).values(due_at=NOW + timedelta(seconds=30)))
    make.commit()
    assert worker.drain() == 0
    clock.now = NOW + timedelta(seconds=30)
    assert worker.drain() == 2


def test_who_left_meanwhile_is_no_failure(
    worker: Worker, transport: Answering, ancrage: MailingList, make: Make, session: Session
) -> None:
    make.post(ancrage, mail_out=True)
    make.commit()

    def leave(recipient: str) -> Outcome:
        session.execute(Delivery.__table__.delete())
        session.commit()
        return Sent("250 ok")

    transport.answer = leave
    worker.drain()
    assert transport.tried[0] == "grace@example.net"


def test_a_notice_nobody_can_build_fails_alone(
    worker: Worker, transport: Answering, session: Session
) -> None:
    for kind in ("no-such-kind", "login"):
        session.add(
            Notice(
                kind=kind, recipient="awa@example.org", language="fr", due_at=NOW, queued_at=NOW,
                params={"link": "http://forum.example.org/login/x", "hours": "24"},
            )
        )  # fmt: skip
    session.commit()
    worker.drain()
    session.expire_all()
    rows = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [row.state for row in rows] == [SendState.FAILED, SendState.SENT]
    assert "FileNotFoundError" in rows[0].last_reply


def test_administrators_are_told_once_of_a_long_fault(
    worker: Worker, transport: Answering, ancrage: MailingList, make: Make, session: Session
) -> None:
    make.account("admin@example.net", is_admin=True, language="es")
    make.post(ancrage, mail_out=True)
    make.commit()
    transport.answer = lambda recipient: Broken("connection refused")
    for _ in range(9):
        worker._dispatcher.patience.paused_until = 0.0
        worker.step()
    notices = session.scalars(select(Notice)).all()
    assert [(one.kind, one.recipient) for one in notices] == [("site-problem", "admin@example.net")]
    session.rollback()
    transport.answer = lambda recipient: Sent("250 ok")
    worker._dispatcher.patience.paused_until = 0.0
    worker.drain()
    assert "connection refused" in transport.sent[0][2].decode()


def test_all_of_it_over_a_real_socket(
    app: Flask,
    session: Session,
    settings: Settings,
    smarthost: RunningSmarthost,
    ancrage: MailingList,
    make: Make,
    clock: Clock,
) -> None:
    for number in range(30):
        make.subscriber(ancrage, f"p{number}@example.net", language="fr")
    make.post(ancrage, mail_out=True)
    make.commit()
    own = Session(db.engine, expire_on_commit=False)
    index = open_index(settings, db.engine)
    Worker(own, settings, open_transport(smarthost.url), index, now=clock).drain()
    own.close()
    recipients = [recipient for _, recipient, _ in smarthost.host.mails]
    assert len(recipients) == len(set(recipients)) == 32
