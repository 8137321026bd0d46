"""Erasing somebody to the end, and all that a database holds, to look in it for what is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.operations.erasing import erase
from forum.operations.erasing_scan import scan_some
from forum.operations.quarantine import quarantined_bytes
from forum.operations.raw import load_raw
from forum.storage.archive import RawMessage
from forum.storage.imports import QuarantinedMessage
from forum.storage.people import address_of
from tests.factories import START


def erase_whole(session: Session, email: str, now: datetime) -> int:
    """Erase who has an address, and go over all stored bytes; gives the person's number."""
    address = address_of(session, email)
    assert address is not None
    number = erase(session, address.author, now).author_id
    while scan_some(session, now):
        session.commit()
    session.commit()
    return number


def everything(session: Session) -> str:
    """All rows of all tables, those of search engines too; bytes of messages and pieces opened."""
    session.flush()
    found: list[str] = []
    for name in inspect(session.connection()).get_table_names():
        found += [str(row) for row in session.execute(text(f'SELECT * FROM "{name}"'))]
    for raw in map(load_raw, session.scalars(select(RawMessage))):
        found += (parse(raw, START).text, raw.decode("utf-8", "replace"))
    pieces = session.scalars(select(QuarantinedMessage))
    found += [quarantined_bytes(one).decode("utf-8", "replace") for one in pieces]
    return "\n".join(found)
