"""Choices without an account: by a fresh link, or asked for by mail and confirmed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.accounts import AccountError
from forum.operations.choices import (
    LINKS_PER_HOUR,
    SETTINGS_HOURS,
    Change,
    by_settings_link,
    confirm_change,
    end_of_pause,
    request_change,
    request_settings,
)
from forum.operations.following import standing
from forum.operations.subscriptions import clean_reads, set_options, unsubscribe
from forum.storage.choices import Following, FollowingReason
from forum.storage.mail import Delivery, Notice
from forum.storage.people import Subscription
from tests.factories import START, Make

SITE = "http://forum.example.org"


def notices(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).order_by(Notice.id)))


def asked(session: Session, subscription: Subscription, change: Change) -> str:
    request_change(session, subscription, change, START, SITE)
    return notices(session)[-1].params["secret"]


def test_a_fresh_link_opens_one_subscription_for_a_short_while(
    session: Session, make: Make
) -> None:
    one = make.subscriber(make.mailing_list())
    make.subscriber(make.mailing_list("autre"), one.address.email)
    assert request_settings(session, one, START, SITE)
    link = notices(session)[0].params["link"]
    assert link.startswith(f"{SITE}/settings/")
    secret = link.rpartition("/")[2]
    later = START + timedelta(hours=SETTINGS_HOURS, minutes=1)
    assert by_settings_link(session, secret, START) is one
    assert by_settings_link(session, secret, START + timedelta(minutes=5)) is one
    assert by_settings_link(session, secret, later) is None
    assert by_settings_link(session, one.token, START) is None
    unsubscribe(session, one.mailing_list, one.address.email, START)
    assert by_settings_link(session, secret, START) is None


def test_nobody_can_fill_a_mailbox_with_links(session: Session, make: Make) -> None:
    one = make.subscriber(make.mailing_list())
    for _ in range(LINKS_PER_HOUR):
        assert request_settings(session, one, START, SITE)
    assert not request_settings(session, one, START, SITE)
    assert len(notices(session)) == LINKS_PER_HOUR
    assert request_settings(session, one, START + timedelta(hours=2), SITE)


@pytest.mark.parametrize(
    ("change", "code", "outcome"),
    [
        (Change(delivery="daily"), "daily", ("daily", "active")),
        (Change(state="paused"), "pause", ("each", "paused")),
        (Change(state="paused", until="2010-03-20"), "pause_until", ("each", "paused")),
    ],
)
def test_what_is_asked_by_mail_happens_once_it_is_confirmed(
    session: Session, make: Make, change: Change, code: str, outcome: tuple[str, str]
) -> None:
    one = make.subscriber(make.mailing_list(time_zone="Europe/Paris"), language="es")
    secret = asked(session, one, change)
    notice = notices(session)[-1]
    assert (notice.kind, notice.language) == ("confirm-change", "es")
    assert notice.params[f"change_{code}"]
    assert (one.delivery, one.state) == ("each", "active")
    assert confirm_change(session, secret, START) is one
    assert (one.delivery, one.state) == outcome
    wanted = end_of_pause(one.mailing_list, date(2010, 3, 20)) if change.until else None
    assert one.paused_until == wanted
    assert wanted is None or wanted.isoformat() == "2010-03-19T23:00:00+00:00"
    assert confirm_change(session, secret, START) is None


def test_a_thread_is_muted_by_mail_and_says_so(session: Session, make: Make) -> None:
    ancrage = make.mailing_list()
    one = make.subscriber(ancrage)
    thread = make.post(ancrage).thread
    secret = asked(session, one, Change(following="mute", thread_id=str(thread.id)))
    assert notices(session)[-1].params["subject"] == "Monnaies locales"
    confirm_change(session, secret, START)
    found = standing(session, one.address.author_id, thread)
    assert (found.state, found.reason) == (Following.MUTE, FollowingReason.CHOSE_BY_MAIL)


def test_a_thread_of_another_list_is_left_alone(session: Session, make: Make) -> None:
    one = make.subscriber(make.mailing_list())
    thread = make.post(make.mailing_list("autre")).thread
    confirm_change(
        session, asked(session, one, Change(following="mute", thread_id=str(thread.id))), START
    )
    assert standing(session, one.address.author_id, thread).state == Following.USUAL


def test_a_pause_keeps_back_what_is_queued(session: Session, make: Make) -> None:
    ancrage = make.mailing_list()
    one, other = make.subscriber(ancrage), make.subscriber(ancrage)
    make.post(ancrage, mail_out=True)
    set_options(session, one, state="paused", paused_until=START + timedelta(days=30))
    states = session.execute(select(Delivery.subscription_id, Delivery.state)).all()
    assert dict(states) == {one.id: "cancelled", other.id: "queued"}
    set_options(session, one, state="active")
    assert one.paused_until is None


def test_the_languages_read_are_kept_tidy() -> None:
    assert clean_reads(" FR, en,,fr") == "fr,en"
    with pytest.raises(AccountError, match="de"):
        clean_reads("fr,de")
