"""From the bytes on nothing is lost, and what became of each message is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from forum.config import search_index
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.mail import HeldMessage, Incoming, IncomingState, Notice
from mailbridge.receive import (
    ACCEPTED,
    UNKNOWN,
    Envelope,
    MessageNotFound,
    receive,
    reprocess,
    resume,
)
from mailbridge.transport import open_transport
from mailbridge.worker import Worker
from tests.factories import START, Make, mail
from tests.mailbridge.signing import Zone, signed, zone

LIST = "ancrage@lists.example.org"
AWA = "awa@example.org"


@pytest.fixture
def mail_in(session: Session, settings: Settings, make: Make):
    """Hand a message in; gives the reply and the row."""

    def hand_in(raw: bytes, to: str = LIST, sender: str | None = AWA, after: float = 0.0):
        now = START + timedelta(hours=after)
        reply = receive(session, Envelope(sender, to), raw, now, settings)
        row = session.scalars(select(Incoming).order_by(Incoming.id.desc()).limit(1)).first()
        return reply, row

    return hand_in


@pytest.fixture
def ancrage(make: Make):
    found = make.mailing_list()
    make.subscriber(found, AWA, language="fr")
    make.commit()
    return found


def test_a_members_mail_is_posted(mail_in, ancrage, session: Session) -> None:
    reply, row = mail_in(mail(message_id="a@example.org"))
    assert reply == ACCEPTED
    assert row.state == IncomingState.POSTED
    assert session.get(Post, row.post_id).message_id == "a@example.org"
    assert (row.author_email, row.subject) == (AWA, "Monnaies locales")


def test_a_second_copy_changes_nothing(mail_in, ancrage, session: Session) -> None:
    first = mail_in(mail(message_id="a@example.org"))
    second = mail_in(mail(message_id="a@example.org"), after=1)
    assert second[0] == first[0]
    assert second[1].id == first[1].id
    assert second[1].received_at == START
    assert session.scalar(select(func.count(Post.id))) == 1


def test_the_same_content_by_another_way_is_a_duplicate(mail_in, ancrage) -> None:
    _, first = mail_in(mail(message_id="a@example.org"))
    _, second = mail_in(mail(message_id="a@example.org"), sender="forwarder@example.net")
    assert (second.state, second.post_id) == (IncomingState.DUPLICATE, first.post_id)


def test_an_address_that_has_gone_is_unknown(mail_in, ancrage) -> None:
    assert mail_in(mail(), to="autre@lists.example.org")[0] == UNKNOWN


def test_a_stranger_is_held_and_hears_nothing(mail_in, ancrage, session: Session) -> None:
    reply, row = mail_in(mail(author="X <x@example.net>"), sender="x@example.net")
    assert (reply, row.state, row.reasons) == (ACCEPTED, IncomingState.HELD, ["stranger"])
    assert session.scalars(select(Notice)).all() == []


def test_a_stranger_is_discarded_where_the_list_says_so(mail_in, make: Make) -> None:
    make.mailing_list(strangers="discard")
    make.commit()
    reply, row = mail_in(mail())
    assert (reply, row.state) == (ACCEPTED, IncomingState.DISCARDED)


def test_a_held_member_is_told_once_a_day_and_moderators_once_an_hour(
    mail_in, make: Make, session: Session
) -> None:
    found = make.mailing_list(posting="moderated")
    make.subscriber(found, AWA, language="es")
    make.moderator(found, "modo@example.net", language="fr")
    make.commit()
    for hours in (0, 2, 25):
        _, row = mail_in(mail(text=f"Propuesta número {hours}\n"), after=hours)
        assert (row.state, row.reasons) == (IncomingState.HELD, ["moderated-list"])
    notices = session.scalars(select(Notice).order_by(Notice.id)).all()
    told = [(notice.kind, notice.recipient, notice.language) for notice in notices]
    assert told == [
        ("held-author", AWA, "es"),
        ("held-moderator", "modo@example.net", "fr"),
        ("held-moderator", "modo@example.net", "fr"),
        ("held-author", AWA, "es"),
        ("held-moderator", "modo@example.net", "fr"),
    ]


def test_automatic_mail_is_kept_and_never_posted_or_answered(
    mail_in, ancrage, session: Session
) -> None:
    for raw, sender, state in (
        (mail(subject="Réponse automatique : oui"), AWA, IncomingState.AUTOMATIC),
        (mail(subject="failure notice"), None, IncomingState.BOUNCE),
        (mail(List_Id="<ancrage.lists.example.org>"), AWA, IncomingState.ECHO),
    ):
        reply, row = mail_in(raw, sender=sender)
        assert (reply, row.state) == (ACCEPTED, state)
    assert session.scalars(select(Post)).all() == []
    assert session.scalars(select(Notice)).all() == []


def test_mail_to_a_return_path_is_a_bounce_whatever_it_says(mail_in, ancrage) -> None:
    _, row = mail_in(mail(), to="ancrage-bounces+abcdef@lists.example.org")
    assert row.state == IncomingState.BOUNCE


def test_mail_to_the_owners_reaches_each(mail_in, ancrage, make: Make, session: Session) -> None:
    from forum.operations.lists import grant_role

    grant_role(session, ancrage, make.account("chef@example.net", language="fr"), "owner", START)
    make.commit()
    _, row = mail_in(mail(), to="ancrage-owner@lists.example.org")
    assert row.state == IncomingState.COMMAND
    notice = session.scalars(select(Notice)).one()
    assert (notice.kind, notice.recipient) == ("owner-mail", "chef@example.net")


@pytest.mark.parametrize(
    "address", ["postmaster", "Postmaster@Lists.Example.org", "postmaster@lists.example.org."]
)
def test_mail_to_the_postmaster_reaches_the_administrators(
    mail_in, make: Make, session: Session, settings: Settings, address: str
) -> None:
    make.account("chef@example.net", language="fr", is_admin=True)
    make.account("autre@example.net")
    make.commit()
    reply, row = mail_in(mail(to=address), to=address)
    assert (reply, row.state, row.mailing_list_id) == (ACCEPTED, IncomingState.COMMAND, None)
    notice = session.scalars(select(Notice)).one()
    assert (notice.kind, notice.recipient) == ("postmaster-mail", "chef@example.net")
    working = Worker(
        session=session,
        settings=settings,
        transport=open_transport(settings.smarthost),
        index=search_index(),
    )
    working.drain()
    (sent,) = (settings.data_dir / "outbox" / "new").iterdir()
    assert b"Content-Type: message/rfc822" in sent.read_bytes()
    assert b"Reply-To: Awa Ndiaye <awa@example.org>" in sent.read_bytes()


def test_automatic_mail_to_the_postmaster_goes_no_further(mail_in, make: Make, session) -> None:
    make.account("chef@example.net", is_admin=True)
    make.commit()
    _, row = mail_in(mail(Auto_Submitted="auto-replied"), to="postmaster")
    assert row.state == IncomingState.AUTOMATIC
    assert session.scalars(select(Notice)).all() == []


def test_mail_to_the_postmaster_of_a_site_without_administrators_is_kept(mail_in) -> None:
    _, row = mail_in(mail(), to="postmaster")
    assert (row.state, row.detail) == (IncomingState.FAILED, "the site has no administrator")


def test_a_nul_in_the_senders_address_costs_nothing(mail_in, ancrage) -> None:
    raw = mail(author="Awa <awa@example.org>").replace(b"Awa <awa@", b"Aw\0a <a\0wa@")
    reply, row = mail_in(raw)
    assert reply == ACCEPTED
    assert row.state in (IncomingState.POSTED, IncomingState.HELD)


def test_a_failed_verdict_holds_a_members_mail(
    ancrage, session: Session, settings: Settings
) -> None:
    trusting = replace(settings, trusted_authserv="mx.example.org")
    forged = mail(Authentication_Results="mx.example.org; dmarc=fail header.from=example.org")
    receive(session, Envelope(AWA, LIST), forged, START, trusting)
    held = session.scalars(select(HeldMessage)).one()
    assert held.reasons == ["unverified-sender"]
    # Whether it was theirs or not, the member should know.
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.recipient, told.language) == ("held-author", AWA, "fr")


def test_our_own_check_holds_what_fails_and_posts_what_passes(
    ancrage, session: Session, settings: Settings
) -> None:
    checking = replace(settings, dns=True)
    genuine = signed(mail(message_id="a@example.org"))
    forged = genuine.replace(b"Bonjour", b"Bonsoir").replace(b"<a@", b"<b@")
    for raw in (genuine, forged):
        receive(session, Envelope(AWA, LIST), raw, START, checking, zone())
    states = [
        (row.state, row.authenticated)
        for row in session.scalars(select(Incoming).order_by(Incoming.id))
    ]
    assert states == [(IncomingState.POSTED, True), (IncomingState.HELD, False)]
    assert session.scalars(select(HeldMessage)).one().reasons == ["unverified-sender"]


def test_a_signature_that_an_outside_list_broke_holds_nothing(
    make: Make, session: Session, settings: Settings
) -> None:
    found = make.mailing_list(
        mode="mirrored",
        upstream_address="reseau@listes.example.net",
        bridge_address="pont@lists.example.org",
        upstream_list_id="reseau.listes.example.net",
    )
    make.subscriber(found, AWA, language="fr")
    make.commit()
    checking = replace(settings, dns=True)
    for number, identifier in enumerate(("reseau.listes.example.net", "autre.example.net")):
        broken = signed(mail(message_id=f"{number}@example.org", text=f"Bonjour {number}.\n"))
        raw = (
            f"List-Id: <{identifier}>\r\n".encode() + broken + b"-- \r\nhttps://listes.example\r\n"
        )
        receive(
            session,
            Envelope("reseau-owner@listes.example.net", "pont@lists.example.org"),
            raw,
            START,
            checking,
            zone(),
        )
    states = session.scalars(select(Incoming.state).order_by(Incoming.id)).all()
    assert states == [IncomingState.POSTED, IncomingState.HELD]


def test_a_silent_dns_holds_nothing(ancrage, session: Session, settings: Settings) -> None:
    checking = replace(settings, dns=True)
    receive(session, Envelope(AWA, LIST), signed(mail()), START, checking, Zone(silent=True))
    assert session.scalars(select(Incoming)).one().state == IncomingState.POSTED


def test_an_authenticated_stranger_is_told_that_their_mail_is_held(
    ancrage, session: Session, settings: Settings
) -> None:
    checking = replace(settings, dns=True)
    text = "Hola a todos, quisiera participar en el encuentro de primavera de la red.\n"
    raw = signed(mail(author="Rosa <rosa@example.org>", text=text))
    receive(session, Envelope("rosa@example.org", LIST), raw, START, checking, zone())
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.recipient, told.language) == ("held-author", "rosa@example.org", "es")


def test_a_refusal_that_no_client_hears_is_told_by_mail(
    ancrage, session: Session, settings: Settings
) -> None:
    small = replace(settings, max_message_bytes=300)
    reply = receive(session, Envelope(AWA, LIST), mail(), START, small)
    assert reply.startswith("552")
    assert session.scalars(select(Notice)).all() == []
    forged = mail(
        message_id="b@example.org",
        Authentication_Results="mx.example.org; dmarc=fail header.from=example.org",
    )
    trusting = replace(small, trusted_authserv="mx.example.org")
    assert receive(session, Envelope(AWA, LIST), forged, START, trusting) == ACCEPTED
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.recipient) == ("refused-author", AWA)


def test_an_author_is_told_one_thing_a_day(
    ancrage, make: Make, session: Session, settings: Settings
) -> None:
    make.moderator(ancrage, "modo@example.net")
    ancrage.posting = "moderated"
    make.commit()
    small = replace(settings, max_message_bytes=700, trusted_authserv="mx.example.org")
    fails = "mx.example.org; dmarc=fail header.from=example.org"
    for hours, raw in (
        (0, mail(message_id="a@example.org")),
        (1, mail(message_id="b@example.org", Authentication_Results=fails, text="x" * 800)),
        (26, mail(message_id="c@example.org", Authentication_Results=fails, text="y" * 800)),
    ):
        receive(session, Envelope(AWA, LIST), raw, START + timedelta(hours=hours), small)
    rows = session.scalars(select(Notice).where(Notice.recipient == AWA).order_by(Notice.id)).all()
    assert [row.kind for row in rows] == ["held-author", "refused-author"]


def test_a_crash_is_kept_with_its_reason_and_can_be_tried_again(
    mail_in, ancrage, session: Session, settings: Settings
) -> None:
    session.execute(text("ALTER TABLE post RENAME TO broken_post"))
    session.commit()
    reply, row = mail_in(mail())
    assert (reply, row.state) == (ACCEPTED, IncomingState.FAILED)
    assert "post" in row.detail
    assert "\n" not in row.detail
    key = row.id
    told = session.scalars(select(Notice)).all()
    assert [(one.kind, one.recipient, one.language) for one in told] == [
        ("failed-author", AWA, "fr")
    ]
    assert (row.author_email, row.subject) == (AWA, "Monnaies locales")
    session.execute(text("ALTER TABLE broken_post RENAME TO post"))
    session.commit()
    again = reprocess(session, key, START, settings)
    assert (again.state, again.detail) == (IncomingState.POSTED, "")
    assert reprocess(session, key, START, settings).state == IncomingState.POSTED
    assert session.scalar(select(func.count(Post.id))) == 1


def test_a_crash_on_automatic_mail_or_a_strangers_is_told_to_nobody(
    mail_in, ancrage, session: Session
) -> None:
    session.execute(text("ALTER TABLE post RENAME TO broken_post"))
    session.execute(text("ALTER TABLE held_message RENAME TO broken_held"))
    session.commit()
    stranger = mail(author="X <x@example.net>")
    assert mail_in(stranger)[1].state == IncomingState.FAILED
    assert mail_in(mail(subject="Réponse automatique : oui"))[1].state == IncomingState.AUTOMATIC
    assert session.scalars(select(Notice)).all() == []
    # On PostgreSQL the tests share their tables.
    session.execute(text("ALTER TABLE broken_post RENAME TO post"))
    session.execute(text("ALTER TABLE broken_held RENAME TO held_message"))
    session.commit()


def test_trying_what_does_not_exist_is_an_error(session: Session, settings: Settings) -> None:
    with pytest.raises(MessageNotFound):
        reprocess(session, 12, START, settings)


def test_what_a_killed_process_left_is_processed_later(
    mail_in, ancrage, session: Session, settings: Settings
) -> None:
    _, row = mail_in(mail(author="X <x@example.net>"), sender="x@example.net")
    session.execute(text("DELETE FROM held_message"))
    row.state, row.reasons = IncomingState.RECEIVED, []
    session.commit()
    key = row.id
    assert resume(session, START + timedelta(seconds=1), settings) == 0
    assert resume(session, START + timedelta(seconds=4), settings) == 1
    assert session.get(Incoming, key).state == IncomingState.HELD
