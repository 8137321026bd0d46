"""Whose fault a refusal is, who is told, and how much may leave in an hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.extensions import db
from forum.operations.limits import held_by_limits, waiting_for
from forum.operations.lists import grant_role
from forum.operations.notices import NoticeKind, notify
from forum.operations.outgoing import set_stopped
from forum.search import open_index
from forum.settings import Settings
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, Notice, SendState
from forum.storage.sending import BounceStanding, SentCount, current_fault
from mailbridge import checks_queues, dispatch
from mailbridge.outcomes import Broken, Refused, Sent
from mailbridge.queue import GIVEN_UP_AFTER
from mailbridge.smarthost import DOUBTED
from mailbridge.transport import open_transport
from mailbridge.worker import Worker
from tests.factories import START, Make
from tests.mailbridge.conftest import RunningSmarthost
from tests.mailbridge.test_lanes import SilentServer
from tests.mailbridge.working import NOW, Answering, Clock, states

HOUR = timedelta(hours=1)


class Works:
    """A worker whose clock and smarthost the test holds."""

    def __init__(self, session: Session, settings: Settings, transport: Answering) -> None:
        self.session, self.settings, self.transport, self.clock = (
            session, settings, transport, Clock(),
        )  # fmt: skip
        self.own = Session(db.engine, expire_on_commit=False)
        index = open_index(settings, db.engine)
        self.worker = Worker(self.own, settings, transport, index, now=self.clock)

    def __call__(self) -> int:
        """Do what is due, whatever pauses stand; gives how many mails were sent."""
        self.session.commit()
        self.worker._dispatcher.patience.paused_until = 0.0
        self.worker._dispatcher._allowed_at = float("-inf")
        return self.worker.drain()

    def notices(self, kind: str) -> list[str]:
        found = select(Notice.recipient).where(Notice.kind == kind).order_by(Notice.id)
        recipients = list(self.session.scalars(found))
        self.session.commit()
        return recipients


@pytest.fixture
def works(app: Flask, session: Session, settings: Settings) -> Iterator[Works]:
    works = Works(session, settings, Answering())
    yield works
    works.own.close()


@pytest.fixture
def limited(app: Flask, session: Session, settings: Settings) -> Iterator[Works]:
    changed = replace(settings, rate_limits=True, list_hourly_limit=6, domain_hourly_limit=4)
    works = Works(session, changed, Answering())
    yield works
    works.own.close()


def a_list(make: Make, number: int, slug: str = "ancrage", domain: str = "") -> MailingList:
    """A list with so many subscribers, of one domain or each of their own."""
    found = make.mailing_list(slug)
    for place in range(number):
        make.subscriber(found, f"{slug}{place}@{domain or f'd{place}.example.net'}")
    return found


def test_owners_are_told_of_a_fault_that_lasts_and_all_pages_know(
    works: Works, make: Make, session: Session
) -> None:
    ancrage, other = a_list(make, 2), a_list(make, 2, "autre")
    for email, of in (("owner@example.net", ancrage), ("elsewhere@example.net", other)):
        grant_role(session, of, make.account(email, language="fr"), "owner", START)
    make.account("admin@example.net", is_admin=True)
    make.post(ancrage, mail_out=True)
    works.transport.answer = lambda recipient: Broken("535 5.7.8 authentication failed")
    for _ in range(9):
        works()
    fault = current_fault(session)
    assert fault is not None
    assert (fault.since, fault.reply) == (NOW, "535 5.7.8 authentication failed")
    assert works.notices("sending-problem") == ["owner@example.net"]
    assert works.notices("site-problem") == ["admin@example.net"]
    works.transport.answer = lambda recipient: Sent("250 ok")
    works()
    session.expire_all()
    assert current_fault(session) is None
    told = next(raw for _, who, raw in works.transport.sent if who == "owner@example.net")
    assert "est retenu" in told.decode()
    assert set(states(session)) == {SendState.SENT}
    assert session.scalars(select(BounceStanding)).all() == []


def test_the_same_refusal_of_most_scores_nobody_and_is_tried_again_later_each_time(
    works: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 12), mail_out=True)
    works.transport.answer = lambda recipient: Refused(f"550 5.7.1 <{recipient}> relaying denied")
    pauses = []
    for _ in range(5):
        works()
        session.expire_all()
        row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert row is not None
        pauses.append((row.due_at - works.clock.now).total_seconds() / 60)
        works.clock.now = row.due_at
    assert pauses == [1, 5, 15, 60, 60]
    assert session.scalars(select(BounceStanding)).all() == []
    works.clock.now = NOW + GIVEN_UP_AFTER + HOUR
    works()
    assert set(states(session)) == {SendState.FAILED}
    assert session.scalars(select(BounceStanding)).all() == []


def test_a_smarthost_that_relays_nothing_is_at_fault_for_a_single_mail_too(
    works: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 1), mail_out=True)
    works.transport.answer = lambda recipient: Refused("554 5.7.1 <x@y>: Relay access denied")
    works()
    assert states(session) == [SendState.QUEUED]
    assert current_fault(session) is not None
    assert session.scalars(select(BounceStanding)).all() == []
    works.transport.answer = lambda recipient: Sent("250 ok")
    works.clock.now += HOUR
    works()
    assert states(session) == [SendState.SENT]


def test_a_few_refusals_among_many_are_the_recipients(
    works: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 20), mail_out=True)
    works.transport.answer = lambda recipient: (
        Refused("550 5.1.1 no such user")
        if recipient.startswith(("ancrage1@", "ancrage2@", "ancrage3@"))
        else Sent("250 ok")
    )
    works()
    assert states(session).count(SendState.FAILED) == 3
    assert len(session.scalars(select(BounceStanding)).all()) == 3
    assert current_fault(session) is None


def test_a_list_of_mostly_dead_addresses_does_not_hold_up_others_for_ever(
    works: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 10), mail_out=True)
    works.transport.answer = lambda recipient: (
        Refused("550 5.1.1 no such user") if recipient[7] != "0" else Sent("250 ok")
    )
    for attempt in range(DOUBTED + 1):
        works()
        assert states(session).count(SendState.FAILED) == (9 if attempt == DOUBTED else 0)
        works.clock.now += 2 * HOUR
    assert len(session.scalars(select(BounceStanding)).all()) == 9


@pytest.mark.parametrize("where", ["at_mail", "at_data"])
def test_a_real_server_that_refuses_everybody_keeps_the_queue(
    works: Works, make: Make, session: Session, smarthost: RunningSmarthost, where: str
) -> None:
    make.post(a_list(make, 12), mail_out=True)
    setattr(smarthost.host, where, "550 5.7.1 you may not send here")
    transport = open_transport(smarthost.url, 3)
    works.worker._dispatcher.transport = transport
    works.worker._dispatcher._lanes._transport = transport
    works()
    assert set(states(session)) == {SendState.QUEUED}
    assert current_fault(session) is not None
    setattr(smarthost.host, where, None)
    works.clock.now += HOUR
    works()
    assert set(states(session)) == {SendState.SENT}
    assert len(smarthost.host.mails) == 12
    assert session.scalars(select(BounceStanding)).all() == []


def test_a_list_sends_no_more_than_its_limit_and_goes_on_by_itself(
    limited: Works, make: Make, session: Session
) -> None:
    ancrage = a_list(make, 10)
    make.post(ancrage, mail_out=True)
    assert limited() == 6
    (held,) = held_by_limits(session, limited.settings.hourly_limits, limited.clock.now)
    assert (held.is_list, held.name, held.limit, held.waiting) == (True, "ancrage", 6, 4)
    assert limited() == 0
    limited.clock.now += timedelta(minutes=61)
    assert limited() == 4
    assert held_by_limits(session, limited.settings.hourly_limits, limited.clock.now) == []


def test_doctor_tells_which_limit_holds_mail_back(
    limited: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 10), mail_out=True)
    limited()
    hourly = limited.settings.hourly_limits
    (finding,) = checks_queues.limits(session, hourly, limited.clock.now)
    assert finding.level == "warning"
    assert finding.text == "4 copies wait: the list ancrage has had 6 within an hour"
    assert "LIST_HOURLY_LIMIT" in finding.advice


def test_a_full_list_does_not_hold_up_another(limited: Works, make: Make, session: Session) -> None:
    make.post(a_list(make, 10), mail_out=True)
    make.post(a_list(make, 3, "autre"), mail_out=True)
    assert limited() == 9


def test_a_domain_is_sent_no_more_than_its_limit(
    limited: Works, make: Make, session: Session
) -> None:
    one, other = a_list(make, 5, domain="example.net"), a_list(make, 1, "autre", "example.com")
    make.post(one, mail_out=True)
    make.post(other, mail_out=True)
    assert limited() == 5
    (held,) = held_by_limits(session, limited.settings.hourly_limits, limited.clock.now)
    assert (held.is_list, held.name, held.waiting) == (False, "example.net", 1)
    limited.clock.now += timedelta(minutes=61)
    assert limited() == 1


def test_a_list_may_have_a_limit_of_its_own_and_none_counts_without_limits(
    limited: Works, make: Make, session: Session
) -> None:
    ancrage, autre = a_list(make, 9), a_list(make, 9, "autre")
    ancrage.hourly_limit, autre.hourly_limit = 2, 0
    make.post(ancrage, mail_out=True)
    make.post(autre, mail_out=True)
    assert limited() == 2 + 9


def test_without_limits_nothing_is_counted(works: Works, make: Make, session: Session) -> None:
    ancrage = a_list(make, 9)
    ancrage.hourly_limit = 1
    make.post(ancrage, mail_out=True)
    assert works() == 9
    assert session.scalars(select(SentCount)).all() == []


def test_refused_mail_does_not_use_the_limit_up(
    limited: Works, make: Make, session: Session
) -> None:
    make.post(a_list(make, 8), mail_out=True)
    limited.transport.answer = lambda recipient: (
        Refused("550 5.1.1 no") if recipient.startswith("ancrage0@") else Sent("250 ok")
    )
    limited()
    assert len(limited.transport.sent) == 6


def test_of_a_stopped_list_no_notice_leaves_either_but_what_tells_its_owners(
    works: Works, make: Make, session: Session
) -> None:
    ancrage = a_list(make, 2)
    make.post(ancrage, mail_out=True)
    for kind, to in ((NoticeKind.GOODBYE, "gone@"), (NoticeKind.SENDING_PROBLEM, "owner@")):
        notify(
            session, kind, f"{to}example.net", "en", START, mailing_list=ancrage, reply="-",
            since="-",
        )  # fmt: skip
    assert set_stopped(session, ancrage, True, START)
    assert not set_stopped(session, ancrage, True, START)
    assert works() == 1
    assert works.transport.sent[0][1] == "owner@example.net"
    assert waiting_for(session, ancrage, works.clock.now) == 2
    set_stopped(session, ancrage, False, START)
    assert works() == 3


def test_a_stop_does_not_wait_for_a_smarthost_that_hangs(
    works: Works, make: Make, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.post(a_list(make, 3), mail_out=True)
    make.commit()
    monkeypatch.setattr(dispatch, "STOP_SECONDS", 0.1)
    worker = works.worker
    with SilentServer() as server:
        worker.transport = open_transport(f"smtp://127.0.0.1:{server.port}", 2)
        worker.__post_init__()
        Thread(target=lambda: (server.reached.wait(20), worker.stop())).start()
        worker.run()  # Comes back although nothing ever answers.
    assert SendState.SENT not in states(session)
    assert current_fault(session) is None
