"""One mail a day of what waits, for moderators who chose that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.rules import Reason
from forum.domain.values import Source
from forum.operations.accounts import AccountError, set_held_mail
from forum.operations.curation_authors import report, settle_report
from forum.operations.judging import Sender
from forum.operations.lists import revoke_role
from forum.operations.posting import hold
from forum.settings import Settings
from forum.storage.curation import PostReport
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from forum.storage.people import Account
from mailbridge.held_digest import SHOWN, queue_held_digests
from mailbridge.receive import Envelope, receive
from tests.factories import START, Make, mail

MORNING = datetime(2010, 3, 2, 5, 0, tzinfo=UTC)
"""Six o'clock in Paris, the day after `START`."""


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list(posting="moderated")


@pytest.fixture
def moderator(make: Make, session: Session, ancrage: MailingList) -> Account:
    found = make.moderator(ancrage, "awa@example.net", language="fr")
    found.time_zone = "Europe/Paris"
    set_held_mail(session, found, "daily", START)
    return found


def wait(session: Session, where: MailingList, number: int = 1, subject: str = "Paniers") -> None:
    raw = mail(subject=subject, text=f"Bonjour {number}\n", author="Zoé <zoe@example.net>")
    submission, reasons = parse(raw, START), [Reason.MODERATED_LIST]
    hold(session, where, submission, reasons, START, Source.EMAIL, Sender())


def told(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_what_waits_is_told_once_at_six_by_the_moderators_clock(
    session: Session, moderator: Account, ancrage: MailingList
) -> None:
    wait(session, ancrage)
    assert queue_held_digests(session, MORNING - timedelta(minutes=1)) == 0
    assert queue_held_digests(session, MORNING) == 1
    assert queue_held_digests(session, MORNING + timedelta(hours=5)) == 0
    assert queue_held_digests(session, MORNING + timedelta(days=1)) == 1
    notice = told(session)[0]
    assert (notice.kind, notice.recipient, notice.language) == (
        "held-digest", "awa@example.net", "fr",
    )  # fmt: skip
    assert notice.params["number"] == "1"
    for part in (
        "- Paniers",
        "Zoé <zoe@example.net>",
        "Ancrage territorial, 1er mars 2010",
        "modération",
    ):
        assert part in notice.params["rows"]


def test_nothing_waits_no_mail_and_what_comes_later_waits_for_the_next(
    session: Session, moderator: Account, ancrage: MailingList
) -> None:
    assert queue_held_digests(session, MORNING) == 0
    wait(session, ancrage)
    assert queue_held_digests(session, MORNING + timedelta(hours=2)) == 0
    assert queue_held_digests(session, MORNING + timedelta(days=1)) == 1


def test_many_are_counted_and_the_first_are_shown(
    session: Session, moderator: Account, ancrage: MailingList
) -> None:
    for number in range(SHOWN + 1):
        wait(session, ancrage, number, subject=f"Message {number} " + "long " * 100)
    queue_held_digests(session, MORNING)
    rows = told(session)[0].params["rows"]
    assert told(session)[0].params["number"] == str(SHOWN + 1)
    assert rows.count("- Message") == SHOWN
    assert rows.endswith("[…]\n")
    assert max(map(len, rows.splitlines())) <= 72


def test_only_own_lists_are_told_and_those_nobody_runs_to_administrators(
    session: Session, make: Make, moderator: Account, ancrage: MailingList
) -> None:
    admin = make.account("admin@example.net", is_admin=True)
    set_held_mail(session, admin, "daily", START)
    wait(session, ancrage)
    wait(session, make.mailing_list("orphan"), subject="Orphelin")
    queue_held_digests(session, MORNING + timedelta(hours=1))
    assert {one.recipient: one.params["number"] for one in told(session)} == {
        "awa@example.net": "1",
        "admin@example.net": "1",
    }
    revoke_role(session, ancrage, moderator, "moderator", START)
    queue_held_digests(session, MORNING + timedelta(days=1, hours=1))
    assert [(one.recipient, one.params["number"]) for one in told(session)[2:]] == [
        ("admin@example.net", "2")
    ]


def test_who_chose_the_daily_mail_is_not_told_of_each(
    session: Session, make: Make, settings: Settings, moderator: Account, ancrage: MailingList
) -> None:
    other = make.moderator(ancrage, "grace@example.net")
    make.commit()
    raw = mail(message_id="held@example.net", author="Zoé <zoe@example.net>")
    receive(session, Envelope("zoe@example.net", ancrage.address), raw, START, settings)
    kinds = [(one.recipient, one.kind) for one in told(session)]
    assert ("grace@example.net", "held-moderator") in kinds
    assert ("awa@example.net", "held-moderator") not in kinds
    assert other.held_mail == "each"


def test_there_are_two_choices(session: Session, moderator: Account) -> None:
    with pytest.raises(AccountError):
        set_held_mail(session, moderator, "hourly", START)


def test_reported_posts_stand_among_what_waits_until_they_are_settled(
    session: Session, make: Make, moderator: Account, ancrage: MailingList
) -> None:
    bad = make.post(ancrage, subject="Rumeur", author="Luc <luc@example.net>")
    report(session, bad, make.account("zoe@example.net"), "Une adresse privée", START)
    wait(session, ancrage)
    assert queue_held_digests(session, MORNING) == 1
    notice = told(session)[-1]
    assert notice.params["number"] == "2"
    assert "- Rumeur\n  Luc\n" in notice.params["rows"]
    assert "signalé ce message : Une adresse privée" in notice.params["rows"]
    found = session.scalars(select(PostReport)).one()
    settle_report(session, found, moderator, START)
    queue_held_digests(session, MORNING + timedelta(days=1))
    assert told(session)[-1].params["number"] == "1"
