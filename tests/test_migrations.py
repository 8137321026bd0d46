"""The migrations make exactly the tables of the code."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from forum.app import create_app
from forum.extensions import db
from forum.settings import Settings
from forum.storage.base import Base
from tests.conftest import one_database


def test_a_migrated_database_has_the_tables_of_the_code(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    assert [one for one in found if "search_" not in str(one)] == []


def test_the_way_back_works_too(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert "post" in inspect(db.engine).get_table_names()


@one_database
def test_sqlite_is_opened_to_survive_a_power_cut(settings: Settings) -> None:
    with create_app(settings).app_context():
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert db.session.scalar(text(f"PRAGMA {pragma}")) == value, pragma
        db.session.remove()
        db.engine.dispose()
