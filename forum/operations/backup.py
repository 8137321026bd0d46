"""One file that holds everything: the rows of all tables and the keys of the data directory.

It is a ZIP archive: `manifest.json`, `tables/NAME.jsonl` with a JSON array a row, `files/…`. It
does not depend on the database it came from, so a site can move from SQLite to PostgreSQL and
back. The search index is not in it: it is made anew from the posts.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, Table, func, select, text

from forum.storage import dump

FORMAT: Final = "passerelle-backup-1"
MANIFEST: Final = "manifest.json"

KEPT_FILES: Final = ("secret_key", "dkim/*", "fetch/*")
"""What of the data directory cannot be made again, as patterns of `pathlib`."""

_CONTENT: Final = ("account", "mailing_list", "raw_message")
"""Where any of these has rows, a site is in use."""


class BackupError(Exception):
    """A file that is no backup, is damaged, or was made by a newer version."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself."""

    revision: str
    """The migration its tables stand at."""
    made_at: str
    rows: dict[str, int]
    columns: dict[str, list[str]]
    files: tuple[str, ...]


def write(connection: Connection, data_dir: Path, target: BinaryIO, now: datetime) -> Backup:
    """Write everything, as it stands at one moment.

    Args:
        connection: In one transaction that sees a snapshot.
        target: A new file, open for writing and seeking.
    """
    rows: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        files = _write_files(archive, data_dir)
        for table in dump.tables(connection):
            columns[table.name] = list(table.columns.keys())
            rows[table.name] = _write_table(archive, connection, table)
        made = Backup(revision(connection), now.isoformat(), rows, columns, files)
        archive.writestr(MANIFEST, json.dumps(_manifest(made), indent=1))
    return made


def read_manifest(archive: zipfile.ZipFile) -> Backup:
    """What a backup holds, without its rows.

    Raises:
        BackupError: it is none.
    """
    try:
        held: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if held["format"] != FORMAT:
            raise BackupError(f"its format is not {FORMAT}")
        return Backup(
            held["revision"], held["made_at"], held["rows"], held["columns"], tuple(held["files"])
        )
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile):
        raise BackupError("it is not a backup of Passerelle") from None


def is_empty(connection: Connection) -> bool:
    """Whether nothing would be lost by bringing a backup back into this database."""
    found = {table.name: table for table in dump.tables(connection)}
    return not any(
        connection.scalar(select(func.count()).select_from(found[name]))
        for name in _CONTENT
        if name in found
    )


def restore_rows(connection: Connection, archive: zipfile.ZipFile, held: Backup) -> int:
    """Put all rows back into empty tables; gives how many.

    Args:
        connection: To a database that stands at the migration of the backup.

    Raises:
        BackupError: rows are missing or damaged; the transaction is to be rolled back.
    """
    found = {table.name: table for table in dump.tables(connection)}
    try:
        with dump.references_checked_at_the_end(connection, list(found.values())):
            for table in found.values():
                connection.execute(table.delete())
            for name, number in held.rows.items():
                lines = _lines(archive, name)
                if dump.insert(connection, found[name], held.columns[name], lines) != number:
                    raise BackupError(f"rows of {name} are missing")
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BackupError(f"it is damaged: {error}") from None
    return sum(held.rows.values())


def restore_files(data_dir: Path, archive: zipfile.ZipFile, held: Backup) -> None:
    """Put the keys back, for their owner's eyes only, in place of what stands.

    Raises:
        BackupError: a name leads out of the data directory.
    """
    for name in held.files:
        known = any(Path(name).match(pattern) for pattern in KEPT_FILES)
        if not known or Path(name).is_absolute() or ".." in Path(name).parts:
            raise BackupError(f"it holds a file that is not one of ours: {name}")
        path = data_dir / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(archive.read(f"files/{name}"))


def revision(connection: Connection) -> str:
    """The migration a database stands at."""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _write_files(archive: zipfile.ZipFile, data_dir: Path) -> tuple[str, ...]:
    found = sorted(path for pattern in KEPT_FILES for path in data_dir.glob(pattern))
    names = [path.relative_to(data_dir).as_posix() for path in found if path.is_file()]
    for name in names:
        archive.write(data_dir / name, f"files/{name}")
    return tuple(names)


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table) -> int:
    number = 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as stream:
        for line in dump.lines(connection, table):
            stream.write(line.encode() + b"\n")
            number += 1
    return number


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    with (
        archive.open(f"tables/{name}.jsonl") as stream,
        # Lines end at \n alone: JSON leaves other separators inside strings as they are.
        io.TextIOWrapper(stream, encoding="utf-8", newline="\n") as text_stream,
    ):
        yield from text_stream


def _manifest(made: Backup) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "revision": made.revision,
        "made_at": made.made_at,
        "rows": made.rows,
        "columns": made.columns,
        "files": made.files,
    }
