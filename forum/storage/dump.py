"""The rows of all tables as lines of text and back, the same from and for every database.

The tables are taken as they stand in the database (reflected), not as the code has them: so a copy
made by an older version can be brought back before its migrations run.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    func,
    inspect,
    select,
    text,
)

from forum.storage.base import Base

ROWS_AT_ONCE: Final = 500
CHARACTERS_AT_ONCE: Final = 8_000_000
"""Of lines held in memory at a time, unless one alone is longer."""


def tables(connection: Connection) -> list[Table]:
    """The tables of this program in a database, by name.

    What is derived and no table of the code (a search index) is left out.
    """
    found = MetaData()
    ours = set(Base.metadata.tables) & set(inspect(connection).get_table_names())
    found.reflect(connection, only=sorted(ours))
    return [found.tables[name] for name in sorted(ours)]


def lines(connection: Connection, table: Table) -> Iterator[str]:
    """A table's rows in the order of their keys, each a JSON array of its columns in one line."""
    query = select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
    for row in rows:
        cells = [_to_json(value) for value in row]
        yield json.dumps(cells, ensure_ascii=False, separators=(",", ":"))


def insert(
    connection: Connection, table: Table, names: Sequence[str], source: Iterable[str]
) -> int:
    """Put rows back; gives how many.

    Args:
        names: The columns, in the order of each line's cells.
        source: Lines as `lines` gives them.

    Raises:
        ValueError: a line is damaged, or names a column that the table does not have.
    """
    unknown = set(names) - set(table.columns.keys())
    if unknown:
        raise ValueError(f"{table.name} has no column {sorted(unknown)[0]}")
    columns = [table.columns[name] for name in names]
    number = 0
    for batch in _batches(source):
        connection.execute(table.insert(), [_row(columns, line) for line in batch])
        number += len(batch)
    _move_sequence(connection, table)
    return number


@contextmanager
def references_checked_at_the_end(connection: Connection, found: list[Table]) -> Iterator[None]:
    """Let rows refer to rows that come later; whether all came is checked when this ends.

    SQLite checks at the commit, PostgreSQL here.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        yield
        return
    names = [(table.name, key.name) for table in found for key in table.foreign_key_constraints]
    quote = connection.dialect.identifier_preparer.quote
    for table, key in names:
        connection.execute(
            text(
                f"ALTER TABLE {quote(table)} ALTER CONSTRAINT {quote(str(key))}"
                " DEFERRABLE INITIALLY DEFERRED"
            )
        )
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, key in names:
        connection.execute(
            text(f"ALTER TABLE {quote(table)} ALTER CONSTRAINT {quote(str(key))} NOT DEFERRABLE")
        )


def _move_sequence(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the ones that were brought back."""
    keys = list(table.primary_key.columns)
    one_number = len(keys) == 1 and isinstance(keys[0].type, Integer)
    if connection.dialect.name != "postgresql" or not one_number:
        return
    highest = connection.scalar(select(func.max(keys[0])))
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, keys[0].name)))
    if sequence and highest:
        connection.execute(select(func.setval(sequence, highest)))


def _batches(source: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in source:
        if batch and (len(batch) == ROWS_AT_ONCE or size + len(line) > CHARACTERS_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _row(columns: list[Column[Any]], line: str) -> dict[str, Any]:
    cells = json.loads(line)
    if not isinstance(cells, list) or len(cells) != len(columns):
        raise ValueError("a row has another number of cells than columns were announced")
    pairs = zip(columns, cells, strict=True)
    return {column.name: _from_json(column, value) for column, value in pairs}


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value


def _from_json(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return b64decode(value, validate=True)
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    return value
