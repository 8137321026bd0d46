"""`passerelle backup` and `passerelle restore`."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, Table, create_engine, func, insert, select

from forum.extensions import db
from forum.settings import Settings
from forum.storage import dump
from forum.storage.archive import RawMessage
from forum.storage.mail import IndexQueue
from tests.commands.conftest import Run
from tests.factories import Make

pytestmark = pytest.mark.slow


def rows(url: str) -> dict[str, list[str]]:
    """All rows of a database but the queue of the index, which restoring drains."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: list(dump.lines(connection, table))
            for table in dump.tables(connection)
            if table.name != IndexQueue.__tablename__
        }
    engine.dispose()
    return found


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of another machine, for commands that make their own app."""
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


@pytest.fixture
def filled(make: Make) -> None:
    """A site with a list and a post."""
    make.post(make.mailing_list(), text="La première réunion. " + "Puis la suite. " * 300)
    db.session.commit()


def test_what_is_restored_on_another_machine_is_the_same_site(
    app: Flask, settings: Settings, run: Run, tmp_path: Path, elsewhere: Path
) -> None:
    run("demo")
    (settings.data_dir / "secret_key").write_text("a key\n", encoding="ascii")
    path = tmp_path / "all.backup"
    made = run("backup", str(path), "--json").json
    restored = run("restore", str(path), "--json").json
    assert restored["rows"] == made["rows"] > 400
    assert rows(f"sqlite:///{elsewhere / 'passerelle.sqlite3'}") == rows(settings.database_url)
    assert (elsewhere / "secret_key").read_text(encoding="ascii") == "a key\n"
    assert stat.S_IMODE((elsewhere / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_backup_comes_back_on_any_database_and_life_goes_on(
    app: Flask,
    settings: Settings,
    run: Run,
    make: Make,
    tmp_path: Path,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailing_list = make.mailing_list()
    first = make.post(mailing_list, text="La première réunion.")
    second = make.post(mailing_list, text="La seconde.", in_reply_to=first.message_id)
    db.session.commit()
    before = rows(settings.database_url)
    path = tmp_path / "all.backup"
    run("backup", str(path))
    # Emptied, and of the same kind as it was: PostgreSQL's sequences must follow.
    with (
        db.engine.begin() as connection,
        dump.references_checked_at_the_end(connection, found := dump.tables(connection)),
    ):
        for table in found:
            connection.execute(table.delete())
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", settings.database_url)
    run("restore", str(path))
    assert rows(settings.database_url) == before
    db.session.expire_all()
    third = make.post(mailing_list, text="La troisième.", in_reply_to=second.message_id)
    db.session.commit()
    assert third.id > second.id
    assert third.thread_id == first.thread_id


def test_a_site_in_use_is_not_restored_over(
    filled: None, run: Run, tmp_path: Path, elsewhere: Path
) -> None:
    path = tmp_path / "all.backup"
    run("backup", str(path))
    run("restore", str(path))
    assert "not empty" in run("restore", str(path), status=2).err


@pytest.mark.parametrize("kind", ["text", "zip", "damaged", "cut"])
def test_what_is_no_whole_backup_is_refused_and_nothing_is_kept_of_it(
    filled: None, run: Run, tmp_path: Path, elsewhere: Path, kind: str
) -> None:
    path = tmp_path / "all.backup"
    run("backup", str(path))
    held = bytearray(path.read_bytes())
    if kind == "text":
        path.write_bytes(b"not a backup")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", "{}")
    elif kind == "damaged":
        middle = held.index(b"tables/post.jsonl") + 200
        held[middle : middle + 40] = bytes(40)
        path.write_bytes(held)
    else:
        path.write_bytes(held[: len(held) // 2])
    assert "backup" in run("restore", str(path), status=2).err
    database = elsewhere / "passerelle.sqlite3"
    if database.exists():
        assert not any(rows(f"sqlite:///{database}").values())


def test_only_a_backup_is_overwritten(run: Run, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all")
    assert "not overwritten" in run("backup", str(letter), status=2).err
    assert letter.read_text() == "Dear all"
    path = tmp_path / "all.backup"
    run("backup", str(path))
    run("backup", str(path))
    assert [one.name for one in tmp_path.glob("*.part")] == []


def test_a_backup_shows_one_moment(
    app: Flask, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = dump.lines

    def read_while_mail_arrives(connection: Connection, table: Table) -> Iterator[str]:
        # Some tables are read, this one is not yet.
        if table.name == "raw_message":
            with db.engine.begin() as other:
                other.execute(insert(RawMessage).values(sha256="0" * 64, size=1, compressed=b"0"))
        return read(connection, table)

    monkeypatch.setattr("forum.storage.dump.lines", read_while_mail_arrives)
    path = tmp_path / "all.backup"
    run("backup", str(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("tables/raw_message.jsonl") == b""
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(RawMessage)) == 1
