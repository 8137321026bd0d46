"""Invitations: nobody is subscribed by being asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations import invitations
from forum.operations.accounts import AccountError
from forum.operations.invitations import Invited, accept_invitation, decline_invitation, invite
from forum.storage.choices import Invitation
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from forum.storage.people import Subscription, subscription_of
from tests.factories import START, Make

SITE = "http://forum.example.org"
LILA = "lila@example.org"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list(visibility="private", language="fr")


def asked(session: Session, where: MailingList, *emails: str, **options: object) -> list[Invited]:
    found = invite(session, where, emails, START, site_url=SITE, **options)
    return [one.result for one in found]


def last(session: Session) -> Notice:
    return session.scalars(select(Notice).order_by(Notice.id.desc())).first()


def test_who_is_invited_joins_by_their_own_button(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    owner = make.account(name="Awa Ndiaye")
    word = "Venez !"
    assert asked(session, ancrage, "Lila@Example.org", account=owner, message=word) == ["sent"]
    notice = last(session)
    assert (notice.kind, notice.recipient, notice.language) == ("invitation", LILA, "fr")
    assert (notice.params["inviter"], notice.params["message"]) == ("Awa Ndiaye", word)
    assert session.scalar(select(Subscription)) is None
    found = accept_invitation(session, notice.params["secret"], START + timedelta(days=13))
    assert found is not None
    assert found is subscription_of(session, ancrage.id, LILA)
    assert found.address.confirmed_at is not None
    assert last(session).kind == "welcome"
    assert accept_invitation(session, notice.params["secret"], START) is None
    assert asked(session, ancrage, LILA) == [Invited.THERE]


def test_an_invitation_speaks_the_language_of_who_is_known(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    make.account("grace@example.org", language="en")
    make.subscriber(make.mailing_list("autre"), "pilar@example.org", "es")
    emails = ("grace@example.org", "pilar@example.org", LILA, "awa@example.org")
    asked(session, ancrage, *emails[:3], language="en")
    asked(session, ancrage, emails[3])
    languages = dict(session.execute(select(Invitation.email, Invitation.language)).all())
    assert languages == dict(zip(emails, ("en", "es", "en", "fr"), strict=True))


def test_each_address_is_asked_once_and_who_declined_is_left_in_peace(
    session: Session, ancrage: MailingList
) -> None:
    assert asked(session, ancrage, LILA, LILA.upper(), "nonsense") == ["sent", "bad"]
    assert asked(session, ancrage, LILA) == [Invited.WAITING]
    secret = last(session).params["secret"]
    assert decline_invitation(session, secret, START) is not None
    assert accept_invitation(session, secret, START) is None
    assert asked(session, ancrage, LILA) == [Invited.DECLINED]
    assert session.scalar(select(Subscription)) is None


def test_what_is_withdrawn_or_too_old_lets_nobody_in(
    session: Session, ancrage: MailingList
) -> None:
    asked(session, ancrage, LILA, "awa@example.org")
    rows = list(session.scalars(select(Invitation).order_by(Invitation.id)))
    secrets = [one.params["secret"] for one in session.scalars(select(Notice).order_by(Notice.id))]
    assert invitations.withdraw(session, rows[0], START)
    assert accept_invitation(session, secrets[0], START) is None
    assert accept_invitation(session, secrets[1], START + timedelta(days=15)) is None
    assert not invitations.withdraw(session, rows[0], START)
    assert asked(session, ancrage, LILA) == [Invited.SENT]


def test_a_mistake_stays_small(
    session: Session, ancrage: MailingList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "PER_HOUR", 2)
    emails = [f"a{number}@example.org" for number in range(4)]
    assert asked(session, ancrage, *emails[:3]) == ["sent", "sent", "too-many"]
    assert asked(session, ancrage, emails[3]) == [Invited.TOO_MANY]
    assert asked(session, ancrage, emails[3], limited=False) == [Invited.SENT]
    later = invite(session, ancrage, emails[2:3], START + timedelta(hours=2), site_url=SITE)
    assert [one.result for one in later] == [Invited.SENT]


@pytest.mark.parametrize("options", [{"language": "de"}, {"message": "x" * 2001}])
def test_what_cannot_be_sent_is_refused(
    session: Session, ancrage: MailingList, options: dict[str, str]
) -> None:
    with pytest.raises(AccountError):
        asked(session, ancrage, LILA, **options)
    assert session.scalar(select(Notice)) is None
