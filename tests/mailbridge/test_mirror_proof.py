"""A List-Id that anybody can write: held where the outside list's own mail is always proved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from forum.domain.headers import Headers
from forum.domain.mirroring import Outside
from forum.operations.moderation import Verb, decide
from forum.storage.mail import HeldMessage, HeldState, IncomingState
from mailbridge.mirror_proof import ENOUGH, came_from
from tests.conftest import one_database
from tests.factories import mail
from tests.mailbridge.mirroring import OUTSIDE, Mirror, passed_on

MX = "mx.example.org"
OUTSIDE_LIST = Outside(OUTSIDE, "atelier.listes.example.net", "pont@lists.example.org")
PROVED = "spf=pass smtp.mailfrom=atelier-bounces@listes.example.net"
FORGED = "spf=pass smtp.mailfrom=eve@elsewhere.example"


@pytest.fixture
def checked(mirror: Mirror) -> Mirror:
    """A mirror whose mail server tells who sent a message."""
    mirror.settings = replace(mirror.settings, trusted_authserv=MX)
    return mirror


def arrives(mirror: Mirror, number: int, results: str, server: str = MX) -> str:
    written = mail(
        author="Luz <luz@example.net>", to=OUTSIDE, subject=f"Nouvelle {number}",
        message_id=f"m{number}@example.net", text=f"Le texte numéro {number}, bien à vous.\n",
    )  # fmt: skip
    told = f"Authentication-Results: {server}; {results}\r\n".encode() if results else b""
    return mirror.arrives(told + passed_on(written)).state


def after_many(mirror: Mirror, first: int = 0, number: int = ENOUGH) -> None:
    for one in range(first, first + number):
        assert arrives(mirror, one, PROVED) == IncomingState.POSTED


@pytest.mark.parametrize(
    ("results", "told"),
    [
        (PROVED, True),
        ("spf=pass smtp.mailfrom=bounces@example.net", True),
        (FORGED, False),
        ("spf=fail smtp.mailfrom=atelier-bounces@listes.example.net", False),
        ("spf=softfail smtp.mailfrom=atelier-bounces@listes.example.net", False),
        (f"{FORGED}; dkim=pass header.d=elsewhere.example; dmarc=pass header.from=x.org", False),
        ("", None),
        ("spf=none", None),
        ("spf=temperror smtp.mailfrom=atelier-bounces@listes.example.net", None),
        (f"{FORGED}; dkim=pass header.d=listes.example.net", None),
    ],
)
def test_where_a_message_came_from_is_what_the_trusted_server_says(
    results: str, told: bool | None
) -> None:
    headers = Headers.of(f"Authentication-Results: {MX}; {results}\n\n".encode())
    assert came_from(headers, MX, OUTSIDE_LIST) is told
    assert came_from(headers, "mx.elsewhere.example", OUTSIDE_LIST) is None
    assert came_from(headers, "", OUTSIDE_LIST) is None


@one_database
def test_what_comes_from_elsewhere_is_held_once_the_list_is_known_to_be_proved(
    checked: Mirror,
) -> None:
    after_many(checked)
    state = arrives(checked, 99, FORGED)
    held = checked.session.scalars(select(HeldMessage)).one()
    assert (state, held.reasons) == (IncomingState.HELD, ["unverified-sender"])
    # The list's own copy is posted all the same.
    assert arrives(checked, 99, PROVED) == IncomingState.POSTED
    assert held.state == HeldState.ACCEPTED


@one_database
def test_a_list_that_was_not_always_proved_holds_nothing(checked: Mirror) -> None:
    after_many(checked, number=ENOUGH - 1)
    assert arrives(checked, 98, FORGED) == IncomingState.POSTED
    assert arrives(checked, 99, FORGED) == IncomingState.POSTED


@one_database
def test_a_moderator_who_accepts_one_lets_the_list_move(checked: Mirror) -> None:
    after_many(checked)
    assert arrives(checked, 98, FORGED) == IncomingState.HELD
    decide(checked.session, checked.session.scalars(select(HeldMessage)).one(), Verb.ACCEPT,
           checked.now)  # fmt: skip
    checked.session.commit()
    assert arrives(checked, 99, FORGED) == IncomingState.POSTED
    assert checked.went_out() == []
