"""Mails of one author, second, subject and text with other files: each of them stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import attachment_content, parse
from forum.domain.values import Source
from forum.operations.erasing import erase
from forum.operations.erasing_scan import scan_some
from forum.operations.moderation import Verb, decide
from forum.operations.posting import Duplicate, Held, Posted, post
from forum.operations.raw import load_raw
from forum.storage.archive import Post
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import HeldMessage
from forum.storage.people import address_of
from mailbridge.archive.child import Workers
from mailbridge.archive.counts import Counts
from mailbridge.archive.finishing import open_source
from mailbridge.archive.found import Found
from mailbridge.archive.importer import Importer
from tests.factories import START, Make

NOW = START + timedelta(days=400)
WRITER = "Scanner Vert <scan@example.org>"


def scan(file: str = "", message_id: str = "", ends: bytes = b"\n") -> bytes:
    """What a scanner sends: always the same words, and a file."""
    head = f"From: {WRITER}\nTo: ancrage@lists.example.org\nSubject: Scan\nMIME-Version: 1.0\n"
    head += "Date: Mon, 04 Jan 2010 10:00:00 +0000\n"
    head += f"Message-ID: <{message_id}>\n" if message_id else ""
    body = "--b\nContent-Type: text/plain\n\nVoir le fichier.\n"
    if file:
        body += "--b\nContent-Type: text/plain; name=page.txt\n"
        body += f"Content-Disposition: attachment; filename=page.txt\n\nPage {file}\n"
    raw = f"{head}Content-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".encode()
    return raw.replace(b"\n", ends)


def take_in(session: Session, where: MailingList, tmp_path: Path, *raws: bytes) -> Counts:
    source = open_source(session, where, tmp_path, NOW)
    session.commit()
    with Workers(1) as workers:
        importer = Importer(session, where, source, workers, NOW)
        importer.run(Found(raw, "a", number, 0, NOW) for number, raw in enumerate(raws))
    source.finished_at = NOW
    session.commit()
    return importer.counts["a"]


def files(session: Session) -> list[str]:
    session.expire_all()
    found = []
    for row in session.scalars(select(Post)):
        assert row.raw is not None
        raw = load_raw(row.raw)
        found.append(attachment_content(raw, 0)[1].decode().strip() if row.attachments else "")
    return sorted(found)


@pytest.fixture
def where(make: Make) -> MailingList:
    found = make.mailing_list(posting="open")
    make.commit()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("named", [True, False])
def test_an_import_keeps_every_file_in_one_batch_and_in_the_next(
    session: Session, where: MailingList, tmp_path: Path, named: bool
) -> None:
    raws = [scan(one, f"{one}@example.org" if named else "") for one in "abc"]
    assert take_in(session, where, tmp_path, raws[0], raws[1]).stored == 2
    counts = take_in(session, where, tmp_path, raws[2], raws[1], raws[0])
    assert (counts.stored, counts.duplicate) == (1, 2)
    assert files(session) == ["Page a", "Page b", "Page c"]
    again = take_in(session, where, tmp_path, *reversed(raws))
    assert (again.stored, again.duplicate) == (0, 3)


@pytest.mark.slow
def test_a_copy_without_its_files_is_known_by_its_id(
    session: Session, where: MailingList, tmp_path: Path
) -> None:
    raws = [scan("a", "a@example.org"), scan("b", "b@example.org")]
    bare = [scan("", "a@example.org"), scan("", "b@example.org")]
    assert take_in(session, where, tmp_path, *raws, *bare).stored == 2
    assert take_in(session, where, tmp_path, *bare).duplicate == 2


def test_a_copy_with_another_id_is_known_by_its_files(
    session: Session, where: MailingList, tmp_path: Path
) -> None:
    other_ends = scan("a", "other@example.org", b"\r\n")
    counts = take_in(session, where, tmp_path, scan("a", "a@example.org"), other_ends, scan("a"))
    assert (counts.stored, counts.duplicate) == (1, 2)


def arrive(session: Session, where: MailingList, raw: bytes, now: datetime = NOW) -> object:
    found = post(session, where, parse(raw, now), now, max_bytes=1_000_000, source=Source.EMAIL)
    session.commit()
    return found


def test_mail_that_comes_in_keeps_every_file(session: Session, where: MailingList) -> None:
    first, second = scan("a", "a@example.org"), scan("b", "b@example.org")
    assert isinstance(arrive(session, where, first), Posted)
    assert isinstance(arrive(session, where, second), Posted)
    for copy in (first, second, scan("", "b@example.org"), scan("b", "c@example.org")):
        assert isinstance(arrive(session, where, copy), Duplicate)
    assert files(session) == ["Page a", "Page b"]


def test_what_is_held_is_told_apart_too(session: Session, make: Make) -> None:
    where = make.mailing_list(posting="moderated")
    make.commit()
    for one in "ab":
        assert isinstance(arrive(session, where, scan(one, f"{one}@example.org")), Held)
    assert isinstance(arrive(session, where, scan("b", "b@example.org")), Held)
    waiting = session.scalars(select(HeldMessage).order_by(HeldMessage.id.desc())).all()
    assert len(waiting) == 2
    for held in waiting:
        decide(session, held, Verb.ACCEPT, NOW)
        session.commit()
    assert files(session) == ["Page a", "Page b"]


def test_an_outside_list_that_takes_files_off_sends_copies(session: Session, make: Make) -> None:
    where = make.mailing_list(posting="open")
    where.mode, where.upstream_address = Mode.MIRRORED, "dehors@example.net"
    make.commit()
    first = arrive(session, where, scan("a", "a@example.org"))
    assert isinstance(first, Posted)
    assert isinstance(arrive(session, where, scan("", "renamed@example.net")), Duplicate)
    assert isinstance(arrive(session, where, scan("b", "b@example.org")), Posted)


def test_twins_of_somebody_who_is_erased_stay_two(session: Session, where: MailingList) -> None:
    for one in "ab":
        arrive(session, where, scan(one, f"{one}@example.org"))
    known = address_of(session, "scan@example.org")
    assert known is not None
    erase(session, known.author, NOW)
    while scan_some(session, NOW):
        session.commit()
    session.commit()
    assert files(session) == ["Page a", "Page b"]
