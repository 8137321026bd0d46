"""Joining and leaving: confirmed by the address itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.accounts import AccountError
from forum.operations.notices import NoticeKind
from forum.operations.subscriptions import (
    by_token,
    confirm_subscribe,
    confirm_unsubscribe,
    request_subscribe,
    request_unsubscribe,
    set_options,
    subscribe,
    unsubscribe,
)
from forum.storage.mail import Notice
from forum.storage.people import Subscription, subscription_of
from tests.factories import START, Make

SITE = "http://forum.example.org"


def notices(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_asking_to_join_mails_a_confirmation_and_joins_nobody(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    request_subscribe(
        session, mailing_list, "Lila@Example.org", START, language="es", site_url=SITE
    )
    (notice,) = notices(session)
    assert (notice.kind, notice.recipient, notice.language) == (
        NoticeKind.CONFIRM_SUBSCRIBE,
        "lila@example.org",
        "es",
    )
    assert session.scalar(select(Subscription)) is None


@pytest.mark.parametrize(("of_page", "expected"), [("es", "es"), (None, "fr")])
def test_who_told_no_language_takes_that_of_the_page_else_the_list_s(
    session: Session, make: Make, of_page: str | None, expected: str
) -> None:
    mailing_list = make.mailing_list(language="fr")
    request_subscribe(
        session, mailing_list, "lila@example.org", START, language=None, site_url=SITE
    )
    (asked,) = notices(session)
    assert (asked.kind, asked.language) == (NoticeKind.CONFIRM_IN_ALL, "fr")
    found = confirm_subscribe(session, asked.params["secret"], START, language=of_page)
    assert found is not None
    assert found.language == expected


def test_the_confirmation_joins_once_and_says_welcome(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    request_subscribe(
        session, mailing_list, "lila@example.org", START, name="Lila", language="es", site_url=SITE
    )
    secret = notices(session)[0].params["secret"]
    subscription = confirm_subscribe(session, secret.upper(), START + timedelta(hours=1))
    assert subscription is not None
    assert (subscription.language, subscription.address.author.name) == ("es", "Lila")
    assert subscription.address.confirmed_at is not None
    assert [one.kind for one in notices(session)][1:] == [NoticeKind.WELCOME]
    assert confirm_subscribe(session, secret, START + timedelta(hours=2)) is None


@pytest.mark.parametrize("hours", [73, 1000])
def test_a_late_confirmation_joins_nobody(session: Session, make: Make, hours: int) -> None:
    request_subscribe(
        session, make.mailing_list(), "lila@example.org", START, language="es", site_url=SITE
    )
    secret = notices(session)[0].params["secret"]
    assert confirm_subscribe(session, secret, START + timedelta(hours=hours)) is None


def test_who_is_not_on_the_list_cannot_be_made_to_receive_mail_by_unsubscribing(
    session: Session, make: Make
) -> None:
    request_unsubscribe(session, make.mailing_list(), "x@example.org", START, site_url=SITE)
    assert notices(session) == []


def test_leaving_is_confirmed_and_ends_the_subscription(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    make.subscriber(mailing_list, "lila@example.org", "fr")
    request_unsubscribe(session, mailing_list, "lila@example.org", START, site_url=SITE)
    assert subscription_of(session, mailing_list.id, "lila@example.org") is not None
    (asked,) = notices(session)
    assert asked.language == "fr"
    assert confirm_unsubscribe(session, asked.params["secret"], START) is mailing_list
    assert subscription_of(session, mailing_list.id, "lila@example.org") is None
    assert notices(session)[-1].kind == NoticeKind.GOODBYE


def test_a_joining_secret_does_not_leave(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    make.subscriber(mailing_list, "lila@example.org")
    request_subscribe(
        session, mailing_list, "lila@example.org", START, language="fr", site_url=SITE
    )
    assert confirm_unsubscribe(session, notices(session)[0].params["secret"], START) is None


def test_subscribing_twice_keeps_what_was_chosen(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    first = subscribe(session, mailing_list, "a@example.org", START, language="es", delivery="none")
    again = subscribe(session, mailing_list, "A@example.org", START, language="fr")
    assert again is first and (first.language, first.delivery) == ("es", "none")
    assert by_token(session, first.token) is first


@pytest.mark.parametrize(
    "options", [{"language": "de"}, {"delivery": "hourly"}, {"reads": "fr,xx"}]
)
def test_what_does_not_exist_is_refused_by_name(
    session: Session, make: Make, options: dict[str, str]
) -> None:
    with pytest.raises(AccountError, match=next(iter(options.values())).split(",")[-1]):
        subscribe(session, make.mailing_list(), "a@example.org", START, **options)


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.org", "a@b@c", "<x>@example.org"])
def test_what_is_no_address_cannot_join(session: Session, make: Make, email: str) -> None:
    with pytest.raises(AccountError):
        subscribe(session, make.mailing_list(), email, START)


def test_options_change_one_by_one(session: Session, make: Make) -> None:
    subscription = make.subscriber(make.mailing_list())
    set_options(session, subscription, delivery="daily", own_posts=True)
    set_options(session, subscription, state="paused")
    assert (subscription.delivery, subscription.own_posts, subscription.state) == (
        "daily",
        True,
        "paused",
    )


def test_unsubscribing_tells_whether_there_was_somebody(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    make.subscriber(mailing_list, "a@example.org")
    assert unsubscribe(session, mailing_list, "a@example.org", START)
    assert not unsubscribe(session, mailing_list, "a@example.org", START)
