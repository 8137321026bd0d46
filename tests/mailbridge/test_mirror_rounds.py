"""Nothing ever goes round: sites that mirror one another, lists that reflect, people who edit."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.lists import edit_list
from forum.operations.mirroring_status import status
from forum.operations.moderation import Verb, decide
from forum.settings import Settings
from forum.storage.archive import MessageLink, ThreadState
from forum.storage.mail import HeldMessage, IncomingState, SendState
from forum.storage.mirror import MirrorDelivery
from tests.factories import Make, mail
from tests.mailbridge.mirroring import BRIDGE, FOOTER, Mirror, member, mirror_of, passed_on

NORTH, SOUTH = "nord@lists.example.org", "sud@lists.example.org"
BRIDGES = {NORTH: "pont-nord@lists.example.org", SOUTH: "pont-sud@lists.example.org"}


@pytest.fixture
def pair(session: Session, settings: Settings, make: Make) -> tuple[Mirror, Mirror]:
    """Two lists, each of which takes the other for its outside list, and is subscribed there."""
    north = mirror_of(
        session, settings, make, "nord", upstream_address=SOUTH, bridge_address=BRIDGES[NORTH]
    )
    south = mirror_of(
        session, settings, make, "sud", upstream_address=NORTH, bridge_address=BRIDGES[SOUTH]
    )
    make.subscriber(north.mailing_list, BRIDGES[SOUTH])
    make.subscriber(south.mailing_list, BRIDGES[NORTH])
    make.commit()
    return north, south


def carry(mirror: Mirror, rounds: int = 12) -> int:
    """Carry all mail between the lists until none is left; gives how many were carried."""
    carried = 0
    for _ in range(rounds):
        mirror.wait(minutes=1)
        mirror.work()
        mails, mirror.transport.sent[:] = list(mirror.transport.sent), []
        if not mails:
            return carried
        for path, recipient, raw in mails:
            carried += 1
            if recipient.endswith("@lists.example.org"):
                mirror.arrives(raw, to=recipient, path=path)
                mirror.session.commit()
    raise AssertionError("mail goes round")


def test_two_lists_that_mirror_one_another_come_to_rest(pair: tuple[Mirror, Mirror]) -> None:
    north, south = pair
    awa = member(north)
    luz = member(south, "luz@example.net", "Luz Vega")
    first = north.write(awa, "Rencontre de printemps")
    assert carry(north) <= 6
    south.now = north.now
    answer = "Nous viendrons à trois depuis le sud, avec le compte rendu de la dernière fois.\n"
    there = south.mailing_list.id
    copy = south.session.scalars(
        select(MessageLink).where(
            MessageLink.mailing_list_id == there, MessageLink.message_id == first.message_id
        )
    ).one()
    south.write(luz, "", answer, copy.post)
    north.now = south.now
    assert carry(north) <= 6
    for mirror in pair:
        own = [one for one in mirror.posts() if one.mailing_list_id == mirror.mailing_list.id]
        assert len(own) == 2
        assert len({one.thread_id for one in own}) == 1
        assert len({one.message_id for one in own}) == 2


def test_a_list_that_reflects_everything_twice(mirror: Mirror, awa) -> None:
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    for number in range(4):
        again = passed_on(mirror.went_out()[0], footer=FOOTER, new_id=f"r{number // 2}@x.example")
        assert mirror.arrives(again).state == IncomingState.ECHO
    written = passed_on(mail(author="Luz <luz@example.net>", message_id="l1@example.net"))
    assert mirror.arrives(written).state == IncomingState.POSTED
    assert mirror.arrives(written).state == IncomingState.DUPLICATE
    mirror.work()
    assert len(mirror.went_out()) == 1


def test_an_outside_list_that_is_subscribed_here_is_sent_nothing_twice(
    mirror: Mirror, awa, make: Make
) -> None:
    for address in ("atelier@listes.example.net", BRIDGE):
        make.subscriber(mirror.mailing_list, address)
    make.commit()
    mirror.write(awa, "Rencontre de printemps")
    mirror.arrives(passed_on(mail(author="Luz <luz@example.net>")))
    mirror.work()
    assert len(mirror.transport.sent) == 1


def test_mail_of_the_outside_list_to_our_own_address_is_not_sent_back(
    mirror: Mirror, make: Make
) -> None:
    """Somebody has subscribed our posting address there instead of the bridge."""
    make.subscriber(mirror.mailing_list, "luz@example.net", delivery="none")
    make.commit()
    written = passed_on(mail(author="Luz <luz@example.net>", message_id="l1@example.net"))
    own = mirror.mailing_list.address
    assert mirror.arrives(written, to=own).state == IncomingState.POSTED
    assert mirror.arrives(written).state == IncomingState.DUPLICATE
    mirror.work()
    assert mirror.went_out() == []


@pytest.mark.parametrize(
    "marks", [{"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}, {"Precedence": "bulk"}]
)
def test_an_absence_reply_with_our_headers_goes_nowhere(
    mirror: Mirror, awa, marks: dict[str, str]
) -> None:
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    sent = mirror.went_out()[0]
    reply = mail(
        author="Luz <luz@example.net>", to=BRIDGE, subject="Absente", text="Je suis absente.\n",
        X_Passerelle_Post=sent["X-Passerelle-Post"], **marks,
    )  # fmt: skip
    row = mirror.arrives(reply, path="luz@example.net")
    assert row.state in (IncomingState.AUTOMATIC, IncomingState.HELD)
    mirror.work()
    assert len(mirror.posts()) == 1
    assert len(mirror.went_out()) == 1


def test_a_held_message_of_the_outside_list_does_not_go_out_when_accepted(
    mirror: Mirror, session: Session
) -> None:
    mirror.arrives(mail(to=BRIDGE, message_id="odd@example.net"), path="odd@example.net")
    decide(session, session.scalars(select(HeldMessage)).one(), Verb.ACCEPT, mirror.now)
    session.commit()
    mirror.work()
    assert len(mirror.posts()) == 1
    assert mirror.went_out() == []


def test_a_held_message_of_the_outside_list_is_on_both_sides_when_accepted(
    mirror: Mirror, session: Session
) -> None:
    written = mail(author="Luz <luz@example.net>", message_id="l1@example.net")
    mirror.arrives(passed_on(written))
    mirror.posts()[0].thread.state = ThreadState.CLOSED
    session.commit()
    answer = mail(
        author="Ana <ana@example.net>", message_id="a1@example.net", in_reply_to="l1@example.net",
        text="Une réponse de plus.\n",
    )  # fmt: skip
    assert mirror.arrives(passed_on(answer)).state == IncomingState.HELD
    assert status(session, mirror.mailing_list).both == 1
    decide(session, session.scalars(select(HeldMessage)).one(), Verb.ACCEPT, mirror.now)
    session.commit()
    assert status(session, mirror.mailing_list).both == 2
    mirror.work()
    assert mirror.went_out() == []


def test_the_list_moves_here_and_back(mirror: Mirror, awa, session: Session) -> None:
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    sent = mirror.went_out()[0]
    written = mail(author="Luz <luz@example.net>", message_id="l1@example.net")
    mirror.arrives(passed_on(written, prefix="[atelier]", hides=True))
    mirror.write(awa, "Encore un mot")
    before = [(one.id, one.thread_id, one.message_id, one.subject) for one in mirror.posts()]
    edit_list(session, mirror.mailing_list, mode="hosted")
    session.commit()
    mirror.work()
    assert len(mirror.went_out()) == 1
    states = session.scalars(select(MirrorDelivery.state).order_by(MirrorDelivery.id)).all()
    assert states == [SendState.SENT, SendState.CANCELLED]
    # What was on its way when the list moved is known still.
    assert mirror.arrives(passed_on(sent, footer=FOOTER)).state == IncomingState.ECHO
    mirror.write(awa, "La liste est ici")
    edit_list(session, mirror.mailing_list, mode="mirrored")
    session.commit()
    mirror.write(awa, "La liste est là-bas")
    mirror.work()
    assert [one["Subject"] for one in mirror.went_out()] == [
        "Rencontre de printemps", "La liste est là-bas",
    ]  # fmt: skip
    after = [(one.id, one.thread_id, one.message_id, one.subject) for one in mirror.posts()]
    assert after[:3] == before
