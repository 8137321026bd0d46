"""Erasing a person, exporting what is known of them, correcting a name, and forgetting in time."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from forum.cli import main
from forum.domain.erasing import pseudonym
from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.audit import record
from forum.operations.erasing import LastAdministrator, erase
from forum.operations.moderation import Verb, decide
from forum.operations.naming import rename
from forum.operations.notices import NoticeKind, notify
from forum.operations.posting import Held, post
from forum.operations.quarantine import put_aside, quarantined
from forum.operations.raw import load_raw
from forum.operations.retention import forget_quarantined, forget_some
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, HeldMessage, Incoming, Notice
from forum.storage.people import Account, Author, Subscription, address_of
from mailbridge.receive import Envelope, receive
from tests.erased import erase_whole, everything
from tests.factories import START, Make, mail

AWA = "awa@example.org"
NOW = START + timedelta(days=30)
OWN = "Des marchés à Dakar, et bientôt des monnaies.\n-- \nAwa Ndiaye\n"
ANSWER = """Je suis d'accord avec cette proposition, et je viens en avril.

Le 1 mars 2010 à 10:00, Awa Ndiaye <awa@example.org> a écrit :
> Des marchés à Dakar, et bientôt des monnaies.
"""


def arrive(
    session: Session,
    settings: Settings,
    raw: bytes,
    sender: str = AWA,
    now: datetime = START,
) -> Incoming:
    receive(session, Envelope(sender, "ancrage@lists.example.org"), raw, now, settings)
    found = session.scalars(select(Incoming).order_by(Incoming.id.desc())).first()
    assert found is not None
    return found


@pytest.fixture
def where(session: Session, settings: Settings, make: Make) -> MailingList:
    """A list on which Awa wrote, and Zoé answered; Awa has an account, and moderates."""
    found = make.mailing_list()
    make.subscriber(found, AWA, "fr")
    make.subscriber(found, "zoe@example.net", "fr")
    account = make.moderator(found, AWA, name="Awa Ndiaye")
    record(session, "grant", AWA, START, account=account, role="moderator")
    notify(session, NoticeKind.HELD_MODERATOR, "m@example.net", "fr", START, author=f"Awa <{AWA}>")
    make.commit()
    arrive(session, settings, mail(text=OWN, message_id="a1@example.org"))
    answer = mail(
        text=ANSWER, author="Zoé <zoe@example.net>", message_id="z1@example.net",
        in_reply_to="a1@example.org", subject="Re: Monnaies locales",
    )  # fmt: skip
    arrive(session, settings, answer, "zoe@example.net")
    return found


def author(session: Session) -> Author:
    address = address_of(session, AWA)
    assert address is not None
    return address.author


def erase_all(session: Session) -> int:
    return erase_whole(session, AWA, NOW)


def test_no_row_and_no_byte_names_an_erased_person(session: Session, where: MailingList) -> None:
    before = everything(session).lower()
    assert "ndiaye" in before
    number = erase_all(session)
    after = everything(session).lower()
    assert "ndiaye" not in after
    assert AWA not in after
    first, second = session.scalars(select(Post).order_by(Post.id)).all()
    assert "Des marchés à Dakar" in first.html
    assert (first.author_id, second.parent_id) == (number, first.id)
    assert "je viens en avril" in second.html
    assert session.scalars(select(Account)).all() == []
    assert session.scalars(select(Subscription.address_id)).all() != []
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "erase")).one()
    assert (entry.target, entry.details) == (f"person {number}", {})


def test_the_same_mails_again_change_nothing_and_bring_no_name_back(
    session: Session, settings: Settings, where: MailingList
) -> None:
    number = erase_all(session)
    for again in (OWN, ANSWER):
        raw = mail(
            text=again, message_id="a1@example.org" if again is OWN else "z1@example.net",
            author="Awa Ndiaye <awa@example.org>" if again is OWN else "Zoé <zoe@example.net>",
            subject="Monnaies locales" if again is OWN else "Re: Monnaies locales",
        )  # fmt: skip
        assert arrive(session, settings, raw, "zoe@example.net").state == "duplicate"
    assert session.scalar(select(func.count(Post.id))) == 2
    assert "ndiaye" not in everything(session).lower()
    assert address_of(session, pseudonym(number)) is not None


def test_an_archive_read_again_brings_no_name_back(
    app: Flask, settings: Settings, session: Session, where: MailingList, tmp_path: Path
) -> None:
    erase_all(session)
    old = mail(text="Un autre marché, en hiver cette fois.\n", message_id="a0@example.org")
    box = tmp_path / "old.mbox"
    box.write_bytes(b"From x Mon Mar  1 09:00:00 2010\n" + old + b"\n")
    session.rollback()
    info = ScriptInfo(create_app=lambda: app)
    result = CliRunner().invoke(main, ["import", "ancrage", str(box)], obj=info)
    assert result.exit_code == 0, result.output
    assert session.scalar(select(func.count(Post.id))) == 3
    assert "ndiaye" not in everything(session).lower()


def test_who_writes_again_afterwards_is_named_again(
    session: Session, settings: Settings, where: MailingList
) -> None:
    erase_all(session)
    raw = mail(text="Me voici de nouveau.\n", date=NOW + timedelta(days=1))
    later = NOW + timedelta(days=1)
    assert arrive(session, settings, raw, now=later).state == "held"
    assert session.scalars(select(HeldMessage.author_email)).one() == AWA


def test_the_only_administrator_stays(session: Session, make: Make) -> None:
    admin = make.account("admin@example.net", is_admin=True)
    with pytest.raises(LastAdministrator):
        erase(session, admin.author, NOW)


def test_a_corrected_name_is_shown_and_the_bytes_stay(
    session: Session, settings: Settings, where: MailingList
) -> None:
    assert rename(session, author(session), "Awa Fall", NOW) == 1
    session.commit()
    row = session.scalars(select(Post).order_by(Post.id)).first()
    assert row is not None
    assert row.author_name == "Awa Fall"
    assert row.raw is not None
    assert b"Awa Ndiaye" in load_raw(row.raw)
    arrive(session, settings, mail(text="Encore.\n", date=NOW, message_id="a2@example.org"))
    assert author(session).name == "Awa Fall"


def test_the_commands_export_rename_and_erase(
    app: Flask, session: Session, where: MailingList, tmp_path: Path
) -> None:
    session.rollback()
    info = ScriptInfo(create_app=lambda: app)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["person", *arguments], obj=info)
        assert result.exit_code == 0, result.output
        return result.output

    run("export", AWA, str(tmp_path / "out"))
    document = json.loads((tmp_path / "out" / "person.json").read_text("utf-8"))
    assert (document["name"], len(document["posts"])) == ("Awa Ndiaye", 1)
    assert "session_key" not in json.dumps(document)
    assert (tmp_path / "out" / "messages.mbox").read_bytes().count(b"\nMessage-ID: ") == 1
    run("export", AWA, str(tmp_path / "out.zip"))
    packed = zipfile.ZipFile(BytesIO((tmp_path / "out.zip").read_bytes()))
    assert packed.namelist() == ["person.json", "messages.mbox"]
    assert "1 posts" in run("rename", AWA, "Awa Fall")
    assert "erased person" in run("erase", AWA, "--yes")
    result = CliRunner().invoke(main, ["person", "erase", AWA, "--yes"], obj=info)
    assert result.exit_code != 0


def test_refused_and_sent_mail_is_forgotten_in_time_and_the_rest_stays(
    session: Session, settings: Settings, where: MailingList
) -> None:
    stranger = mail(author="X <x@example.net>", text="Achetez !\n", message_id="x@example.net")
    waiting = mail(author="Y <y@example.net>", text="Attendez.\n", message_id="y@example.net")
    for raw in (stranger, waiting):
        arrive(session, settings, raw, "x@example.net")
    first = session.scalars(select(HeldMessage).order_by(HeldMessage.id)).first()
    assert first is not None
    decide(session, first, Verb.DISCARD, START)
    session.execute(text("UPDATE delivery SET state = 'sent'"))
    session.execute(text("UPDATE notice SET state = 'sent'"))
    session.commit()
    assert forget_some(session, NOW, 0) == 0
    assert forget_some(session, START + timedelta(days=29), 30) == 0
    while forget_some(session, START + timedelta(days=31), 30):
        session.commit()
    assert session.scalars(select(HeldMessage.author_email)).all() == ["y@example.net"]
    assert session.scalars(select(Delivery)).all() == []
    assert session.scalars(select(Notice)).all() == []
    assert session.scalar(select(func.count(Post.id))) == 2
    assert "Achetez" not in everything(session)


def test_what_was_put_aside_is_forgotten_only_where_a_time_is_set(
    session: Session, where: MailingList
) -> None:
    for number, days in enumerate((0, 10)):
        found = START + timedelta(days=days)
        put_aside(
            session, where, b"no message %d" % number, found, file="a.mbox", ordinal=number,
            offset=0, arrived_at=found, reason="not-a-message",
        )  # fmt: skip
    session.commit()
    assert forget_quarantined(session, NOW, 0) == 0
    assert forget_quarantined(session, START + timedelta(days=30), 30) == 0
    assert forget_quarantined(session, START + timedelta(days=31), 30) == 1
    assert [row.ordinal for row in quarantined(session, where)] == [1]


def test_a_held_message_of_an_erased_person_keeps_waiting_without_the_name(
    session: Session, where: MailingList
) -> None:
    where.posting = "moderated"
    raw = mail(text="À lire d'abord.\n", author=f"Awa Ndiaye <{AWA}>", message_id="h@example.org")
    held = post(session, where, parse(raw, START), START, max_bytes=10**6, source=Source.EMAIL)
    assert isinstance(held, Held)
    number = erase_all(session)
    row = session.get_one(HeldMessage, held.held_id)
    assert (row.author_name, row.author_email) == ("", pseudonym(number))
    decide(session, row, Verb.ACCEPT, NOW)
    shown = session.get_one(Post, row.post_id)
    assert (shown.author_id, shown.author_name) == (number, "")
