"""From what comes back to what follows: a score, a warning, a stop, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.operations.bounces import resume
from forum.operations.lists import grant_role
from forum.settings import Settings
from forum.storage.audit import AuditEntry
from forum.storage.mail import Delivery, Incoming, IncomingState, Notice, SendState
from forum.storage.people import Subscription, SubscriptionState
from forum.storage.sending import BounceStanding
from mailbridge.outcomes import Deferred, Refused, Sent
from mailbridge.receive import Envelope, receive
from mailbridge.worker import Worker
from tests.factories import START, Make
from tests.mailbridge import bounce_mails as mails
from tests.mailbridge.working import Answering, Clock

DAY = timedelta(days=1)
AWA, GRACE = "awa@example.org", "grace@example.net"


class Site:
    """A list of two, and what comes in for it."""

    def __init__(self, session: Session, settings: Settings, make: Make) -> None:
        self.session, self.settings, self.make = session, settings, make
        self.where = make.mailing_list()
        make.subscriber(self.where, AWA, language="fr")
        self.grace_id = make.subscriber(self.where, GRACE, language="en").id
        make.commit()

    @property
    def grace(self) -> Subscription:
        self.session.expire_all()
        return self.session.get_one(Subscription, self.grace_id)

    @property
    def token(self) -> str:
        return self.grace.token

    def standing(self) -> BounceStanding | None:
        self.session.expire_all()
        return self.session.get(BounceStanding, self.grace_id)

    def score(self) -> float:
        standing = self.standing()
        return standing.score if standing else 0.0

    def comes(
        self, raw: bytes, now: datetime, *, to: str = "", sender: str | None = None
    ) -> Incoming:
        to = to or f"ancrage-bounces+{self.token}@lists.example.org"
        self.session.rollback()
        assert receive(self.session, Envelope(sender, to), raw, now, self.settings).startswith(
            "250"
        )
        self.session.expire_all()
        found = self.session.scalars(select(Incoming).order_by(Incoming.id.desc())).first()
        assert found is not None
        return found

    def works(self, worker: Worker) -> None:
        # A reader that begins as a writer would keep the worker waiting.
        self.session.commit()
        worker.drain()

    def fails(self, days: int, raw: bytes = mails.POSTFIX) -> None:
        for day in range(days):
            again = raw.replace(b"<dsn1@", f"<dsn{day}@".encode())
            self.comes(again, START + day * DAY)

    def probe(self) -> Notice | None:
        return self.session.scalar(select(Notice).where(Notice.kind == "bounce-probe"))

    def notices(self, kind: str) -> list[Notice]:
        return list(
            self.session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        )


@pytest.fixture
def site(session: Session, settings: Settings, make: Make) -> Site:
    return Site(session, settings, make)


def stop_grace(site: Site) -> None:
    """Three failures, and the warning comes back as well."""
    site.fails(3)
    probe = site.probe()
    assert probe is not None
    to = f"ancrage-bounces+{probe.params['probe_token']}@lists.example.org"
    site.comes(mails.GMAIL, START + 3 * DAY, to=to)


def test_a_bounce_counts_for_whom_the_return_path_names(site: Site) -> None:
    row = site.comes(mails.POSTFIX, START)
    assert (row.state, row.reasons) == (IncomingState.BOUNCE, ["bounce"])
    assert row.detail.startswith("hard: 550 5.1.1")
    assert site.score() == 1.0
    assert site.grace.state == SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    "raw",
    [
        mails.POSTFIX_DELAY, mails.EXIM_DELAY, mails.VACATION, mails.UNMARKED_ABSENCE,
        mails.NO_FIELDS,
    ],
)  # fmt: skip
def test_delays_and_absence_replies_never_count(site: Site, raw: bytes) -> None:
    row = site.comes(raw, START)
    assert row.state in (IncomingState.BOUNCE, IncomingState.AUTOMATIC)
    assert site.standing() is None


def test_an_unknown_token_counts_for_nobody(site: Site) -> None:
    row = site.comes(mails.POSTFIX, START, to="ancrage-bounces+0123456789ab@lists.example.org")
    assert row.detail == "nobody is named"
    site.comes(mails.POSTFIX, START, to="ancrage-bounces@lists.example.org")
    assert site.session.scalars(select(BounceStanding)).all() == []


def test_a_token_of_another_list_counts_for_nobody(site: Site) -> None:
    other = site.make.mailing_list("autre")
    site.make.commit()
    site.comes(mails.POSTFIX, START, to=f"{other.slug}-bounces+{site.token}@lists.example.org")
    assert site.standing() is None


def test_a_persons_mail_to_a_bounce_address_reaches_the_owners(site: Site) -> None:
    owner = site.make.account("owner@example.net")
    grant_role(site.session, site.where, owner, "owner", START)
    site.make.commit()
    row = site.comes(site.make.mail(author=f"Grace <{GRACE}>"), START, sender=GRACE)
    assert row.state == IncomingState.COMMAND
    assert [one.recipient for one in site.notices("owner-mail")] == ["owner@example.net"]


def test_repeated_failures_bring_a_warning_with_a_return_path_of_its_own(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    site.fails(2)
    assert site.probe() is None
    site.fails(4)
    assert len(site.notices("bounce-probe")) == 1
    clock.now = START + 4 * DAY
    site.works(worker)
    path, recipient, raw = transport.sent[-1]
    standing = site.standing()
    assert standing is not None
    assert recipient == GRACE
    assert standing.probe_token is not None
    assert path == f"ancrage-bounces+{standing.probe_token}@lists.example.org"
    assert standing.probe_token.encode() not in raw  # Known to the mailbox's server alone.
    assert b"have come back" in raw


def test_a_warning_that_comes_back_stops_delivery_and_tells_the_owners(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    owner = site.make.account("owner@example.net", language="es")
    grant_role(site.session, site.where, owner, "owner", START)
    site.make.post(site.where, mail_out=True)
    site.make.commit()
    stop_grace(site)
    assert site.grace.state == SubscriptionState.BOUNCING
    assert [one.state for one in site.session.scalars(select(Delivery))] == [SendState.CANCELLED]
    assert "bounce" in list(site.session.scalars(select(AuditEntry.action)))
    clock.now = START + 4 * DAY
    site.works(worker)
    told = [raw.decode() for _, recipient, raw in transport.sent if recipient == owner.email]
    assert len(told) == 1
    assert GRACE in told[0]
    assert "lists/ancrage/outgoing" in told[0]
    assert "direcciones" in told[0]


def test_many_that_stop_at_once_are_told_in_one_mail(site: Site) -> None:
    owner = site.make.account("owner@example.net")
    grant_role(site.session, site.where, owner, "owner", START)
    for number in range(3):
        one = site.make.subscriber(site.where, f"gone{number}@example.net")
        site.session.add(
            BounceStanding(subscription_id=one.id, probe_token=f"{number:048x}", score=1.0)
        )
    site.make.commit()
    for number in range(3):
        to = f"ancrage-bounces+{number:048x}@lists.example.org"
        site.comes(mails.POSTFIX, START, to=to)
    (notice,) = site.notices("bounce-stopped")
    for number in range(3):
        assert f"gone{number}@example.net" in notice.params["addresses"]
    assert notice.due_at > START


def test_who_knows_the_footers_token_can_stop_nobody_by_forged_bounces(site: Site) -> None:
    site.fails(40)
    assert site.grace.state == SubscriptionState.ACTIVE
    assert len(site.notices("bounce-probe")) <= 5


def test_a_delayed_warning_stops_nothing(site: Site) -> None:
    site.fails(3)
    probe = site.probe()
    assert probe is not None
    to = f"ancrage-bounces+{probe.params['probe_token']}@lists.example.org"
    for raw in (mails.POSTFIX_DELAY, mails.VACATION):
        site.comes(raw, START + 3 * DAY, to=to)
    assert site.grace.state == SubscriptionState.ACTIVE


def test_a_members_mail_clears_the_score(site: Site) -> None:
    site.fails(2)
    assert site.score() > 1
    mail = site.make.mail(author=f"Grace <{GRACE}>", message_id="own@example.net")
    row = site.comes(mail, START + 2 * DAY, to=site.where.address, sender=GRACE)
    assert row.state == IncomingState.POSTED
    assert site.standing() is None


def test_what_was_stopped_can_be_resumed_and_nothing_is_lost(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    stop_grace(site)
    later = START + 500 * DAY
    first = site.make.post(site.where, mail_out=True, date=later)
    first.arrived_at = later
    site.works(worker)
    assert GRACE not in [recipient for _, recipient, raw in transport.sent if b"bounce" not in raw]
    assert resume(site.session, site.grace, later + DAY) == 1
    site.make.post(site.where, mail_out=True)
    site.make.commit()
    assert (site.grace.state, site.standing()) == (SubscriptionState.ACTIVE, None)
    clock.now = later + 2 * DAY
    site.works(worker)
    assert transport.sent[-1][1] == GRACE


@pytest.mark.parametrize("agent", ["Yahoo!-Mail-Feedback/2.0", "Hotmail FBL"])
@pytest.mark.parametrize("to", ["postmaster@lists.example.org", "ancrage-owner@lists.example.org"])
def test_a_complaint_unsubscribes_with_a_line_in_the_log(site: Site, agent: str, to: str) -> None:
    raw = mails.complaint(site.token, agent=agent, whole="Yahoo" in agent)
    row = site.comes(raw, START, to=to, sender="feedback@example.com")
    assert row.reasons == ["complaint"]
    assert site.session.get(Subscription, site.grace_id) is None
    (entry,) = site.session.scalars(select(AuditEntry).where(AuditEntry.action == "complaint"))
    assert (entry.target, entry.details["agent"]) == (GRACE, agent)
    assert site.notices("goodbye") == []


def test_a_complaint_that_is_the_message_alone_unsubscribes_too(site: Site) -> None:
    raw = mails.bare_complaint(site.token)
    row = site.comes(raw, START, to="postmaster@lists.example.org", sender="staff@example.com")
    assert row.reasons == ["complaint"]
    assert site.session.get(Subscription, site.grace_id) is None


@pytest.mark.parametrize("raw", [mails.complaint("f" * 48), mails.complaint("")])
def test_a_complaint_without_a_token_of_ours_changes_nothing(site: Site, raw: bytes) -> None:
    site.comes(raw, START, to="postmaster@lists.example.org", sender="feedback@example.com")
    assert len(site.session.scalars(select(Subscription)).all()) == 2


def test_not_spam_unsubscribes_nobody(site: Site) -> None:
    raw = mails.complaint(site.token, kind="not-spam")
    site.comes(raw, START, to="postmaster@lists.example.org", sender="feedback@example.com")
    assert site.grace.state == SubscriptionState.ACTIVE


def test_a_refusal_in_the_dialogue_is_a_hard_bounce(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    transport.answer = lambda recipient: (
        Refused("550 5.1.1 no such user") if recipient == GRACE else Sent("250 ok")
    )
    for day in range(3):
        clock.now = START + (day + 1) * DAY
        site.make.post(site.where, mail_out=True)
        site.session.execute(update(Delivery).values(due_at=START))
        site.make.commit()
        site.works(worker)
    assert len(site.notices("bounce-probe")) == 1
    # The warning leaves with the next batch, is refused as well, and delivery stops.
    site.works(worker)
    assert site.grace.state == SubscriptionState.BOUNCING


def test_what_our_own_program_cannot_send_is_nobodys_bounce(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    transport.answer = lambda recipient: Refused("552 too large", by_mailbox=False)
    clock.now = START + 500 * DAY
    site.make.post(site.where, mail_out=True)
    site.works(worker)
    assert site.standing() is None


def test_a_mail_given_up_after_days_is_a_soft_bounce(
    site: Site, worker: Worker, transport: Answering, clock: Clock
) -> None:
    transport.answer = lambda recipient: Deferred("451 4.4.1 no answer")
    site.make.post(site.where, mail_out=True)
    site.make.commit()
    clock.now = START + DAY
    site.works(worker)
    assert site.standing() is None
    clock.now = START + 7 * DAY
    site.works(worker)
    assert site.score() == 0.4
