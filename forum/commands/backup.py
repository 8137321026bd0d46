"""`passerelle backup` and `passerelle restore`."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Final

import click
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, inspect

from forum.app import create_app
from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import as_json, print_json
from forum.commands.setup import make_secret_key
from forum.config import search_index, settings
from forum.extensions import db
from forum.operations import backup
from forum.search.indexer import drain, rebuild
from forum.settings import Settings
from forum.storage.base import reading

SNAPSHOT: Final = {"postgresql": "REPEATABLE READ"}
"""The isolation under which all tables are read as of one moment; SQLite's own does."""


@click.command("backup")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@as_json
@with_appcontext
def backup_command(path: Path, as_json: bool) -> None:
    """Write one file that holds everything, while the site goes on running.

    It holds all mail, accounts and keys: keep it where only you can read it. An earlier backup of
    that name is replaced once the new one is whole.
    """
    _check_target(path)
    kept = settings()
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream, reading(), _snapshot() as connection:
            made = backup.write(connection, kept.data_dir, stream, utcnow())
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if kept.secret_key:
        click.echo("SECRET_KEY comes from your settings: keep it with the backup.", err=True)
    rows = sum(made.rows.values())
    if as_json:
        print_json({"path": str(path), "rows": rows, "bytes": path.stat().st_size})
    else:
        click.echo(f"{path}: {rows} rows, {path.stat().st_size} bytes")


@click.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def restore_command(path: Path, as_json: bool) -> None:
    """Bring everything back from a backup, into an empty site, stopped.

    The database may be of another kind than the one the backup was made from.
    """
    own = Settings.load()
    try:
        with zipfile.ZipFile(path) as archive:
            held = backup.read_manifest(archive)
            make_secret_key(own)
            app = create_app(own)
            rows = _restore(app, archive, held, own)
    except zipfile.BadZipFile:
        raise BadInput(f"{path} is not a backup of Passerelle") from None
    except backup.BackupError as error:
        raise BadInput(f"{path} cannot be restored: {error}") from None
    if as_json:
        print_json({"rows": rows, "made_at": held.made_at})
    else:
        click.echo(f"restored: {rows} rows, as of {held.made_at}")


def _check_target(path: Path) -> None:
    if not path.parent.is_dir():
        raise BadInput(f"there is no folder {path.parent}")
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with zipfile.ZipFile(path) as archive:
            backup.read_manifest(archive)
    except (zipfile.BadZipFile, backup.BackupError):
        raise BadInput(f"{path} exists and is not a backup: it is not overwritten") from None


def _snapshot() -> Connection:
    level = SNAPSHOT.get(db.engine.dialect.name)
    engine = db.engine.execution_options(isolation_level=level) if level else db.engine
    return engine.connect()


def _restore(app: Flask, archive: zipfile.ZipFile, held: backup.Backup, own: Settings) -> int:
    with app.app_context():
        try:
            _prepare(held.revision)
            backup.restore_files(own.data_dir, archive, held)
            with db.engine.begin() as connection:
                rows = backup.restore_rows(connection, archive, held)
            upgrade()
            _index()
        finally:
            db.session.remove()
            db.engine.dispose()
    return rows


def _index() -> None:
    index = search_index()
    if rebuild(db.session(), index) < 0:
        raise Failure("all is restored; run 'passerelle index rebuild' when the worker stopped")
    while drain(db.session(), index):
        db.session.commit()
    db.session.commit()


def _prepare(revision: str) -> None:
    """Bring an empty database to the migration that the backup was made at."""
    config = current_app.extensions["migrate"].migrate.get_config()
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise BadInput("the backup was made by a newer version of Passerelle: install that first")
    with reading(), db.engine.connect() as connection:
        stands = inspect(connection).has_table("alembic_version")
        if stands and not backup.is_empty(connection):
            raise BadInput("the site is not empty: a backup is restored into a new one")
        current = backup.revision(connection) if stands else None
    if current not in (None, "None", revision):
        downgrade(revision="base")
    upgrade(revision=revision)


COMMANDS: Final = (backup_command, restore_command)
