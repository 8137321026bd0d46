"""What all tests share: a fresh site on a migrated database, and factories.

Every test that takes `app` gets a database of its own, and runs twice: on SQLite and on PostgreSQL,
which is started here. `-m "not postgresql"` leaves the second round out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings as property_settings
from sqlalchemy.orm import Session

from forum.app import create_app
from forum.commands.setup import make_secret_key
from forum.extensions import db
from forum.settings import Settings
from tests.factories import Make
from tests.postgresql import PostgresServer, start_server
from tests.requirements import missing

DOMAIN = "lists.example.org"

# How long one example takes says more of what else the machine does than of our code.
property_settings.register_profile("passerelle", deadline=None)
property_settings.load_profile("passerelle")


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Settings:
    """The settings of a site whose database is migrated and empty."""
    data_dir = tmp_path / "var"
    shutil.copytree(migrated, data_dir)
    if request.param == "postgresql":
        missing("postgresql")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return settings_for(data_dir, DATABASE_URL=server.empty_database(data_dir))
    return settings_for(data_dir)


one_database = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""For tests of what no database has a part in: they run once."""


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app of that site."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


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
