"""What all tables share: the declarative base, column types, and how SQLite is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, String, event
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

_reading: ContextVar[bool] = ContextVar("reading", default=False)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database: SQLite forgets the zone."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text without NUL characters, which PostgreSQL cannot hold and nobody can read.

    They are left out on every database, when storing and when comparing.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return value.replace("\0", "") if value else value

    def coerce_compared_value(self, op: object, value: object) -> Any:
        """What a column is compared with is cleaned like what it holds."""
        return self if isinstance(value, str) else super().coerce_compared_value(op, value)  # type: ignore[arg-type]


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime(), str: CleanText()}  # noqa: RUF012


Key = Annotated[int, mapped_column(primary_key=True)]
"""A surrogate primary key."""

Short = Annotated[str, mapped_column(CleanText(64))]
"""A code, a slug or a language."""


@contextmanager
def reading() -> Iterator[None]:
    """Begin SQLite transactions inside as readers, which never wait for a writer.

    Outside, every transaction begins as a writer (BEGIN IMMEDIATE): one that starts reading and
    then writes would fail at once when another has written in between, whatever the time-out.
    """
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """The same for a whole request, where no `with` block can be held."""
    _reading.set(value)


def is_reading() -> bool:
    """Whether this transaction only reads."""
    return _reading.get()


KEYED = "passerelle_key"
"""The option of an engine that holds the key of digests nobody else can make."""


def configure_engine(
    engine: Engine, secret_key: str = "", *, cache_kilobytes: int = 32_000
) -> None:
    """Give an engine the key of its digests, and SQLite its pragmas and its way to begin.

    Args:
        secret_key: The site's; empty where no message is ever removed for good.
        cache_kilobytes: Of SQLite's pages in memory, for each connection.
    """
    if secret_key:
        engine.update_execution_options(**{KEYED: secret_key.encode()})
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", partial(_on_connect, cache_kilobytes))
    event.listen(engine, "begin", _on_begin)


def _on_connect(cache_kilobytes: int, connection: sqlite3.Connection, record: object) -> None:
    # The driver's own BEGIN is turned off: ours says IMMEDIATE or not.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=20000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{cache_kilobytes}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def keep_pages_at(connection: Connection, kilobytes: int) -> None:
    """Limit what SQLite keeps of its pages in memory for one connection; nothing on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{kilobytes:d}")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")
