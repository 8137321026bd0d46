"""A thread of many answers within minutes is one mail, for who asks for it."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta

import pytest

from forum.domain.bursts import COLLECTED_FOR, Waiting, due_bursts
from forum.operations.deliveries import cancel_deliveries
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestItem
from forum.storage.people import Subscription
from mailbridge.worker import Worker
from tests.factories import START, Make
from tests.mailbridge.working import Answering, Clock

MINUTE = timedelta(minutes=1)
PATIENT, EAGER = "patient@example.net", "eager@example.net"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, PATIENT, language="en").bursts = True
    make.subscriber(found, EAGER, language="en")
    make.commit()
    return found


def answers(make: Make, mailing_list: MailingList, number: int, thread: str = "a") -> None:
    """A thread of so many posts; the factory's clock goes on by an hour with each."""
    for place in range(number):
        make.post(
            mailing_list,
            mail_out=True,
            subject=f"{'Re: ' if place else ''}Monnaies {thread}",
            text=f"Voici la réponse numéro {place} du fil {thread}.\n",
            message_id=f"{thread}{place}@example.org",
            in_reply_to=f"{thread}0@example.org" if place else "",
            references=f"{thread}0@example.org" if place else "",
        )
    make.session.query(DigestItem).update({"ready_at": START})
    make.session.query(Delivery).update({"due_at": START})
    make.commit()


def to(transport: Answering, recipient: str) -> list[bytes]:
    return [raw for _, who, raw in transport.sent if who == recipient]


@pytest.mark.slow
def test_a_thread_of_thirty_answers_is_one_mail(
    worker: Worker, transport: Answering, clock: Clock, ancrage: MailingList, make: Make
) -> None:
    answers(make, ancrage, 30)
    clock.now = START + 9 * MINUTE
    worker.drain()
    assert (len(to(transport, PATIENT)), len(to(transport, EAGER))) == (0, 30)
    clock.now = START + 10 * MINUTE
    worker.drain()
    (raw,) = to(transport, PATIENT)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == "Re: Monnaies a (30)"
    assert "<a0@example.org>" in message["References"]
    for place in range(30):
        assert f"<a{place}@example.org>".encode() in raw
    clock.now = START + 60 * MINUTE
    worker.drain()
    assert len(to(transport, PATIENT)) == 1


def test_each_thread_is_a_mail_of_its_own(
    worker: Worker, transport: Answering, clock: Clock, ancrage: MailingList, make: Make
) -> None:
    answers(make, ancrage, 3, "a")
    answers(make, ancrage, 4, "b")
    clock.now = START + 10 * MINUTE
    worker.drain()
    assert len(to(transport, PATIENT)) == 2


def test_a_post_alone_comes_as_it_is(
    worker: Worker, transport: Answering, clock: Clock, ancrage: MailingList, make: Make
) -> None:
    answers(make, ancrage, 1)
    clock.now = START + 10 * MINUTE
    worker.drain()
    (raw,) = to(transport, PATIENT)
    assert b"Message-ID: <a0@example.org>" in raw


def test_what_is_undone_while_it_waits_is_not_mailed(
    worker: Worker, transport: Answering, clock: Clock, ancrage: MailingList, make: Make
) -> None:
    post = make.post(ancrage, mail_out=True)
    assert cancel_deliveries(make.session, post)
    make.commit()
    clock.now = START + timedelta(days=2)
    worker.drain()
    assert transport.sent == []


def test_who_wants_each_post_again_gets_at_once_what_waits(
    worker: Worker, transport: Answering, clock: Clock, ancrage: MailingList, make: Make
) -> None:
    answers(make, ancrage, 2)
    make.session.query(Subscription).update({"bursts": False})
    make.commit()
    clock.now = START + MINUTE
    worker.drain()
    assert len(to(transport, PATIENT)) == 1


def test_a_burst_is_due_ten_minutes_after_its_first_post_and_takes_what_came_since() -> None:
    items = [Waiting(1, 7, n, n, START + n * MINUTE) for n in range(12)]
    assert due_bursts(items, START + 9 * MINUTE) == []
    assert due_bursts(items, START + COLLECTED_FOR) == [items[:11]]
    assert due_bursts([], START) == []
