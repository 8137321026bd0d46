"""Accounts: signing in by link, names, and addresses that belong to one person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Mailbox
from forum.operations.accounts import (
    AccountError,
    check_password,
    create_account,
    ensure_author,
    request_login,
    set_profile,
    use_login,
)
from forum.storage.mail import Notice
from forum.storage.people import Account, account_by_email
from tests.factories import START, Make

SITE = "http://forum.example.org"


def secret_of(session: Session) -> str:
    notice = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
    assert notice is not None
    return notice.params["link"].rsplit("/", 1)[1]


def test_a_login_link_works_once_and_for_two_hours(session: Session, make: Make) -> None:
    account = make.account("camille@example.org")
    request_login(session, "Camille@example.org", "/account", "en", START, SITE)
    secret = secret_of(session)
    assert use_login(session, secret, START + timedelta(hours=1), "en") == (account, "/account")
    assert use_login(session, secret, START + timedelta(hours=1), "en") is None
    request_login(session, "camille@example.org", "", "en", START, SITE)
    assert use_login(session, secret_of(session), START + timedelta(hours=3), "en") is None


def test_whoever_opens_the_link_of_a_new_address_gets_an_account(session: Session) -> None:
    request_login(session, "new@example.org", "", "es", START, SITE)
    found = use_login(session, secret_of(session), START, "es")
    assert found is not None
    account, _ = found
    assert (account.email, account.language) == ("new@example.org", "es")


def test_an_author_known_by_mail_keeps_their_posts_when_they_sign_in(
    session: Session, make: Make
) -> None:
    post = make.post(make.mailing_list(), author="Awa Ndiaye <awa@example.org>")
    request_login(session, "awa@example.org", "", "fr", START, SITE)
    found = use_login(session, secret_of(session), START, "fr")
    assert found is not None
    assert (found[0].author_id, found[0].name) == (post.author_id, "Awa Ndiaye")


@pytest.mark.parametrize(
    "name",
    ["awa@example.org", "x" * 121, '"Awa <Ndiaye>"', "Awa\u202e", "liste@example.net par Awa"],
)
def test_who_has_a_name_in_mail_that_no_account_may_have_can_sign_in(
    session: Session, name: str
) -> None:
    author = ensure_author(session, Mailbox(name, "awa@example.org"), START).author
    assert author.name == name
    request_login(session, "awa@example.org", "", "fr", START, SITE)
    found = use_login(session, secret_of(session), START, "fr")
    assert found is not None
    assert (found[0].author_id, found[0].name) == (author.id, "awa")


@pytest.mark.parametrize("name", ["", " ", "x" * 121, "awa@example.org", "A<b", "A>b", "A\x7f"])
def test_a_name_that_cannot_be_is_refused_wherever_it_comes_from(
    session: Session, make: Make, name: str
) -> None:
    with pytest.raises(AccountError):
        create_account(session, "awa@example.org", name, START)
    with pytest.raises(AccountError):
        set_profile(session, make.account(), name=name, language="fr", time_zone="Europe/Paris")


def test_an_unconfirmed_second_address_does_not_open_an_account(
    session: Session, make: Make
) -> None:
    account = make.account("camille@example.org")
    other = ensure_author(session, Mailbox("", "other@example.org"), None)
    other.author = account.author
    session.flush()
    assert account_by_email(session, "other@example.org") is None
    request_login(session, "other@example.org", "", "fr", START, SITE)
    found = use_login(session, secret_of(session), START, "fr")
    assert found is not None and found[0] is not account


def test_the_newest_mail_gives_the_name(session: Session) -> None:
    for name, days in (("Awa N.", 2), ("Awa", 1), ("Awa Ndiaye", 3)):
        address = ensure_author(
            session, Mailbox(name, "Awa@example.org"), START + timedelta(days=days)
        )
    assert address.author.name == "Awa Ndiaye"


def test_mail_does_not_rename_who_has_an_account(session: Session, make: Make) -> None:
    account = make.account("camille@example.org", name="Camille Roy")
    ensure_author(session, Mailbox("PC de Camille", "camille@example.org"), START)
    assert account.name == "Camille Roy"


def test_a_password_opens_only_its_own_account(session: Session) -> None:
    create_account(session, "a@example.org", "A", START, password="une phrase de passe")
    create_account(session, "b@example.org", "B", START)
    assert check_password(session, "a@example.org", "une phrase de passe") is not None
    assert check_password(session, "a@example.org", "une autre") is None
    assert check_password(session, "b@example.org", "nobody") is None
    assert check_password(session, "c@example.org", "nobody") is None


def test_a_second_account_for_an_address_is_refused(session: Session, make: Make) -> None:
    make.account("a@example.org")
    with pytest.raises(AccountError, match="already"):
        create_account(session, "A@example.org", "A", START)
    assert len(session.scalars(select(Account)).all()) == 1


@pytest.mark.parametrize(
    "profile",
    [
        {"name": " ", "language": "fr", "time_zone": "UTC"},
        {"name": "A", "language": "de", "time_zone": "UTC"},
        {"name": "A", "language": "fr", "time_zone": "Mars/Olympus"},
        {"name": "A", "language": "fr", "time_zone": "../etc/passwd"},
    ],
)
def test_a_profile_that_cannot_be_is_refused(
    session: Session, make: Make, profile: dict[str, str]
) -> None:
    with pytest.raises(AccountError):
        set_profile(session, make.account(), **profile)


def test_an_account_speaks_the_language_of_the_subscription_it_belongs_to(
    session: Session, make: Make
) -> None:
    make.subscriber(make.mailing_list(), "awa@example.org", language="fr")
    make.subscriber(make.mailing_list("autre"), "awa@example.org", language="es")
    assert create_account(session, "awa@example.org", "Awa", START).language == "es"
    assert create_account(session, "new@example.org", "New", START).language == "en"
    assert create_account(session, "b@example.org", "B", START, language="fr").language == "fr"
