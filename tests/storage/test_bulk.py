"""Rows in bulk are stored as those that are written one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from forum.storage.archive import Thread
from forum.storage.bulk import insert_rows, table_of, update_rows
from tests.factories import START, Make


def rows_of(session: Session, table: str) -> list[tuple[Any, ...]]:
    """What the database holds, as the driver gives it."""
    session.flush()
    return [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]


def test_rows_in_bulk_take_the_defaults_and_are_converted(session: Session, make: Make) -> None:
    mailing_list = make.mailing_list()
    rows = [
        {
            "id": number,
            "mailing_list_id": mailing_list.id,
            "subject": f"Été {number}\0",
            "started_at": START + timedelta(microseconds=number),
            "last_post_at": START,
        }
        for number in (1, 2)
    ]
    session.execute(insert(table_of(Thread)), rows)
    usual = rows_of(session, "thread")
    session.execute(text("DELETE FROM thread"))
    insert_rows(session, Thread, rows)
    assert rows_of(session, "thread") == usual
    assert session.get_one(Thread, 2).subject == "Été 2"


def test_no_rows_are_no_statement(session: Session) -> None:
    insert_rows(session, Thread, [])
    update_rows(session, Thread, [])
    assert rows_of(session, "thread") == []


def test_rows_are_changed_by_their_id(session: Session, make: Make) -> None:
    values = {"mailing_list_id": make.mailing_list().id, "started_at": START, "last_post_at": START}
    insert_rows(session, Thread, [{"id": one, "subject": "Marché", **values} for one in (1, 2, 3)])
    later = START + timedelta(days=1)
    changes = [{"id": one, "subject": f"Fête {one}", "last_post_at": later} for one in (1, 3)]
    update_rows(session, Thread, changes)
    found = session.execute(select(Thread.subject, Thread.last_post_at).order_by(Thread.id)).all()
    assert [tuple(row) for row in found] == [
        ("Fête 1", later),
        ("Marché", START),
        ("Fête 3", later),
    ]
