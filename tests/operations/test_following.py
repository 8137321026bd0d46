"""Following and muting a thread; one copy for each person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Mailbox
from forum.operations.accounts import ensure_author
from forum.operations.following import choose, standing
from forum.operations.subscriptions import set_options
from forum.storage.archive import Post, Thread
from forum.storage.choices import Following, FollowingReason
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestItem
from forum.storage.people import Subscription
from tests.factories import START, Make

PILAR = "pilar@example.net"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list()


def copies(session: Session, post: Post) -> tuple[list[str], list[str]]:
    """Whose copies of a post are queued, and whose wait for a digest."""
    found = []
    for kind in (Delivery, DigestItem):
        query = (
            select(Subscription)
            .join(kind, kind.subscription_id == Subscription.id)
            .where(kind.post_id == post.id)
            .order_by(Subscription.id)
        )
        if kind is Delivery:
            query = query.where(Delivery.state == "queued")
        found.append([one.address.email for one in session.scalars(query)])
    return found[0], found[1]


def answer(make: Make, parent: Post, **fields: str) -> Post:
    fields = {"mail_out": True, "in_reply_to": parent.message_id, **fields}
    return make.post(parent.mailing_list, **fields)


def test_who_wrote_gets_the_answers_at_once_though_they_read_on_the_web(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    one = make.subscriber(ancrage, PILAR, delivery="none")
    first = make.post(ancrage, author=f"Pilar <{PILAR}>")
    person = one.address.author_id
    assert standing(session, person, first.thread).reason == FollowingReason.WROTE
    assert copies(session, answer(make, first)) == ([PILAR], [])
    choose(session, person, first.thread, Following.USUAL, START)
    assert copies(session, answer(make, first)) == ([], [])
    choose(session, person, first.thread, Following.FOLLOW, START)
    one.follows_written = False
    assert copies(session, answer(make, first)) == ([PILAR], [])


def test_a_digest_reader_who_follows_gets_the_thread_at_once_and_not_twice(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    one = make.subscriber(ancrage, PILAR, delivery="daily")
    first = make.post(ancrage, mail_out=True)
    assert copies(session, first) == ([], [PILAR])
    choose(session, one.address.author_id, first.thread, Following.FOLLOW, START)
    assert copies(session, answer(make, first)) == ([PILAR], [])


def test_muting_takes_back_what_waits_and_stops_what_comes(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    each = make.subscriber(ancrage, "each@example.net")
    daily = make.subscriber(ancrage, "daily@example.net", delivery="daily")
    first = make.post(ancrage, mail_out=True)
    assert copies(session, first) == (["each@example.net"], ["daily@example.net"])
    for one in (each, daily):
        choose(session, one.address.author_id, first.thread, Following.MUTE, START)
    assert copies(session, first) == ([], [])
    assert copies(session, answer(make, first)) == ([], [])
    elsewhere = make.post(ancrage, subject="Autre chose", mail_out=True)
    assert copies(session, elsewhere) == (["each@example.net"], ["daily@example.net"])


def test_a_choice_goes_along_when_threads_become_one(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    one = make.subscriber(ancrage, PILAR)
    late = make.post(ancrage, subject="Une suite", in_reply_to="first@example.org")
    before = late.thread_id
    choose(session, one.address.author_id, late.thread, Following.MUTE, START)
    other = make.post(ancrage, subject="Une autre suite", message_id="other@example.org")
    make.post(
        ancrage,
        message_id="first@example.org",
        in_reply_to="other@example.org",
        date=START - timedelta(hours=1),
    )
    session.refresh(late)
    assert late.thread_id == other.thread_id
    assert late.thread_id != before or other.thread_id == before
    shown = session.get_one(Thread, late.thread_id)
    assert standing(session, one.address.author_id, shown).state == Following.MUTE
    assert copies(session, answer(make, late)) == ([], [])


def test_a_person_with_two_addresses_gets_one_copy(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    account = make.account("first@example.org", "Pilar")
    other = ensure_author(session, Mailbox("", "second@example.org"), None)
    other.author_id, other.confirmed_at = account.author_id, START
    second = make.subscriber(ancrage, "second@example.org")
    make.subscriber(ancrage, "first@example.org")
    assert copies(session, make.post(ancrage, mail_out=True)) == (["first@example.org"], [])
    set_options(session, second, delivery="daily")
    assert copies(session, make.post(ancrage, mail_out=True)) == (["first@example.org"], [])


@pytest.mark.parametrize("cc", ["first@example.org", "Second@example.org", "third@example.org"])
def test_in_cc_on_any_confirmed_address_is_a_copy(
    session: Session, make: Make, ancrage: MailingList, cc: str
) -> None:
    account = make.account("first@example.org", "Pilar")
    for email in ("second@example.org", "third@example.org"):
        other = ensure_author(session, Mailbox("", email), None)
        other.author_id, other.confirmed_at = account.author_id, START
    make.subscriber(ancrage, "first@example.org")
    make.subscriber(ancrage, "second@example.org", delivery="daily")
    make.subscriber(ancrage, "else@example.net")
    found = copies(session, make.post(ancrage, mail_out=True, Cc=cc))
    assert found == (["else@example.net"], [])


def test_a_pause_ends_by_itself(session: Session, make: Make, ancrage: MailingList) -> None:
    one = make.subscriber(ancrage, PILAR)
    one.state, one.paused_until = "paused", START + timedelta(days=2)
    during = make.post(ancrage, mail_out=True)
    assert copies(session, during) == ([], [])
    assert one.state_at(START + timedelta(days=1)) == "paused"
    one.paused_until = START
    assert copies(session, make.post(ancrage, mail_out=True)) == ([PILAR], [])
    assert one.state_at(START) == "active"
    one.paused_until = None
    assert copies(session, make.post(ancrage, mail_out=True)) == ([], [])
