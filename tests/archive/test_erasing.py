"""Who was erased does not come back: not by an import under way, nor by what was put aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.erasing import erase
from forum.operations.quarantine import put_aside, quarantined_bytes
from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import Post, RawMessage
from forum.storage.imports import QuarantinedMessage
from forum.storage.lists import MailingList
from forum.storage.people import address_of
from mailbridge.archive.child import Workers
from mailbridge.archive.finishing import open_source
from mailbridge.archive.found import Fault, Found
from mailbridge.archive.importer import BATCH, Importer
from mailbridge.archive.retrying import retry_quarantined
from mailbridge.housekeeping import Housekeeping
from tests.factories import START, Make, mail

NORI = "nori@example.org"
NOW = START + timedelta(days=900)


def nori_writes(number: int) -> Found:
    raw = mail(
        author=f"Nori Vane <{NORI}>",
        text=f"Note {number}\n",
        message_id=f"n{number}@example.org",
        date=START + timedelta(minutes=number),
    )
    return Found(raw, "a.mbox", number, number, START)


def forget_nori(session: Session, settings: Settings) -> None:
    session.rollback()
    known = address_of(session, NORI)
    assert known is not None
    erase(session, known.author, NOW)
    session.commit()
    housekeeping = Housekeeping(session, settings, lambda: NOW)
    while housekeeping.step():
        pass


@pytest.fixture
def where(make: Make) -> MailingList:
    found = make.mailing_list()
    make.commit()
    return found


@pytest.mark.slow
def test_an_import_under_way_leaves_out_who_is_erased_meanwhile(
    session: Session, settings: Settings, where: MailingList, tmp_path: Path
) -> None:
    (tmp_path / "a.mbox").write_bytes(b"")
    source = open_source(session, where, tmp_path / "a.mbox", NOW)
    session.commit()

    def items() -> Iterator[Found]:
        # Some are stored, some wait to be, and some are still to be read.
        for number in range(6 * BATCH):
            if number == 5 * BATCH + 7:
                forget_nori(session, settings)
            yield nori_writes(number)

    with Workers(1) as workers:
        importer = Importer(session, where, source, workers, NOW)
        importer.run(items())
    assert importer.counts["a.mbox"].stored == 6 * BATCH
    assert not any(NORI.encode() in load_raw(raw) for raw in session.scalars(select(RawMessage)))
    assert address_of(session, NORI) is None
    assert set(session.scalars(select(Post.author_name))) == {""}


@pytest.mark.slow
def test_what_is_put_aside_is_put_aside_without_who_was_erased(
    session: Session, settings: Settings, where: MailingList, tmp_path: Path, make: Make
) -> None:
    make.post(where, author=f"Nori Vane <{NORI}>")
    make.commit()
    forget_nori(session, settings)
    source = open_source(session, where, tmp_path, NOW)
    session.commit()
    broken = nori_writes(1)
    with Workers(1) as workers:
        importer = Importer(session, where, source, workers, NOW)
        importer.run(iter([Found(broken.raw, "a.mbox", 1, 9, START, Fault.DAMAGED)]))
    row = session.scalars(select(QuarantinedMessage)).one()
    assert NORI.encode() not in quarantined_bytes(row)


def test_what_is_tried_again_comes_without_who_was_erased(
    session: Session, settings: Settings, where: MailingList, make: Make
) -> None:
    make.post(where, author=f"Nori Vane <{NORI}>")
    put_aside(
        session, where, nori_writes(1).raw, START,
        file="old.mbox", ordinal=4, offset=99, arrived_at=START, reason=Fault.CRASH,
    )  # fmt: skip
    make.commit()
    forget_nori(session, settings)
    assert retry_quarantined(session, where, NOW)["old.mbox"].stored == 1
    assert address_of(session, NORI) is None
    assert not any(NORI.encode() in load_raw(raw) for raw in session.scalars(select(RawMessage)))
