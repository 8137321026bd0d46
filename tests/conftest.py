"""What all tests share: a fresh site on a migrated database, and factories.

Every test that takes `app` gets a database of its own, and runs twice: on SQLite and on PostgreSQL,
which is started here. `-m "not postgresql"` leaves the second round out; the modules of
ON_ONE_DATABASE have none.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click import Context
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings as property_settings
from sqlalchemy import event
from sqlalchemy.orm import Session

from forum.app import create_app
from forum.cli import main
from forum.commands.setup import make_secret_key
from forum.config import SETTINGS
from forum.extensions import db, limiter
from forum.settings import Settings
from forum.web import pieces
from tests.factories import Make
from tests.postgresql import PostgresServer, start_server
from tests.requirements import missing

DOMAIN = "lists.example.org"

# How long one example takes says more of what else the machine does than of our code.
property_settings.register_profile("passerelle", deadline=None)
property_settings.register_profile("fast", deadline=None, max_examples=25)
property_settings.load_profile("passerelle")

# Commands are read when they are asked for: never while a test has changed a module they take from.
for name in main.list_commands(Context(main)):
    main.get_command(Context(main), name)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests have no say in them."""
    for name in [name for name in os.environ if name.startswith("PASSERELLE_")]:
        if name != "PASSERELLE_REQUIRE":
            monkeypatch.delenv(name)


def settings_for(data_dir: Path, **changes: str) -> Settings:
    """The settings of a test site; `changes` are raw values by name."""
    environ = {
        "PASSERELLE_DATA_DIR": str(data_dir),
        "PASSERELLE_MAIL_DOMAIN": DOMAIN,
        "PASSERELLE_SITE_URL": "http://forum.example.org",
        "PASSERELLE_LMTP_LISTEN": "127.0.0.1:0",
        "PASSERELLE_SMTP_LISTEN": "127.0.0.1:0",
        "PASSERELLE_SMARTHOST": f"file:{data_dir / 'outbox'}",
        "PASSERELLE_RATE_LIMITS": "off",
        "PASSERELLE_UNDO_SECONDS": "0",
    }
    environ |= {f"PASSERELLE_{name}": value for name, value in changes.items()}
    return Settings.load(environ)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own, for as long as the tests run."""
    with start_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with key and migrated database, to be copied."""
    data_dir = tmp_path_factory.mktemp("migrated")
    settings = settings_for(data_dir)
    make_secret_key(settings)
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return data_dir


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each site has its data, one after the other: so one app can serve them all."""
    return tmp_path_factory.mktemp("site") / "var"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, data_dir: Path, migrated: Path) -> Settings:
    """The settings of a site whose database is migrated and empty."""
    if data_dir.exists():
        # Whoever still writes there writes into what is going away.
        gone = data_dir.rename(data_dir.with_name("gone"))
        shutil.rmtree(gone, ignore_errors=True)
    shutil.copytree(migrated, data_dir)
    if request.param == "postgresql":
        missing("postgresql")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return settings_for(data_dir, DATABASE_URL=server.empty_database(data_dir))
    return settings_for(data_dir)


one_database = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""For tests of what no database has a part in: they run once."""

ON_ONE_DATABASE = {
    "commands": "dkim fetch_options what_goes_wrong",
    "mailbridge": "addressing doctor listener mail_page mirror_habits outgoing sender signing",
    "web": "charts downloads glossary headers metadata people template_sentences thumbnails words",
    "web_interaction": "account administration choices curating_own mirror_page outgoing"
    " own_addresses privacy repairs ruling running session synthesis topics",
}
"""Modules whose tests all run once, by folder.

They are about pages, words and protocols; what these read and write by is tried on both databases
in the other modules, and every page in tests/web/test_access.py.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests of those modules run once."""
    path = metafunc.definition.path
    is_one = path.stem.removeprefix("test_") in ON_ONE_DATABASE.get(path.parent.name, "").split()
    marks = metafunc.definition.iter_markers("parametrize")
    if is_one and "settings" in metafunc.fixturenames and one_database.mark not in marks:
        metafunc.definition.add_marker(one_database)


def keep_nothing_through_a_power_cut(app: Flask) -> None:
    """Leave the disk out: to wait for it takes most of the time that a commit takes."""

    def relax(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", relax)


@dataclass(frozen=True)
class MadeApp:
    """An app, and how it was before the first test."""

    app: Flask
    config: dict[str, Any]
    extensions: dict[str, Any]
    views: dict[str, Any]

    def restore(self) -> None:
        """Forget what a test changed and what the app has kept of its data."""
        self.app.config.clear()
        self.app.config.update(self.config)
        self.app.extensions.clear()
        self.app.extensions.update(self.extensions)
        self.app.view_functions.update(self.views)
        pieces.init_app(self.app)


@pytest.fixture(scope="session")
def apps() -> dict[Settings, MadeApp]:
    """The apps made so far: to make one takes longer than most tests."""
    return {}


@pytest.fixture
def app(settings: Settings, apps: dict[Settings, MadeApp]) -> Iterator[Flask]:
    """The app of that site."""
    if settings not in apps:
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        keep_nothing_through_a_power_cut(app)
        apps[replace(settings)] = MadeApp(
            app, dict(app.config), dict(app.extensions), dict(app.view_functions)
        )
    made = apps[settings]
    # The very object that the test has.
    made.app.extensions[SETTINGS] = settings
    # A limiter is as the app that was made last wants it.
    limiter.enabled = settings.rate_limits
    yield made.app
    with made.app.app_context():
        db.session.remove()
        db.engine.dispose()
    made.restore()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session inside the app's context."""
    with app.app_context():
        yield db.session


@pytest.fixture
def make(session: Session) -> Make:
    """Factories that write through the operations."""
    return Make(session)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts, signed out."""
    return app.test_client()
