"""Whatever goes wrong with a command is one line, and the exit status says whose fault it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from forum.cli import main
from tests.commands.conftest import Printed, Run, one_line

pytestmark = pytest.mark.slow

TITLES = ("--title-fr", "T", "--title-en", "T", "--title-es", "T")


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    environ = {"PASSERELLE_DATA_DIR": str(data_dir)}
    return environ | {f"PASSERELLE_{name}": value for name, value in settings.items()}


def passerelle(*arguments: str, data_dir: Path, **settings: str) -> Printed:
    """The command as from a shell: it makes its own app, of the settings in the environment."""
    result = CliRunner(env=environment(data_dir, **settings)).invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Printed(result.exit_code, result.stdout, result.stderr)


def told(done: Printed) -> str:
    """The one line on standard error."""
    assert done.out == ""
    assert one_line(done), done.err
    return done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("--no-such-option",),
        ("list", "create"),
        ("list", "create", "a@example.org", *TITLES, "--mode", "none"),
        ("role", "grant", "ancrage", "a@example.org"),
        ("mail", "show", "99999999999999999999"),
        ("mail", "retry", "99999999999999999999"),
        ("mail", "retry", "0"),
        ("mail", "log", "--limit", "99999999999999999999"),
        ("subscribe", "ancrage", "a@example.org", "--name", "\udcff"),
        ("subscribe", "ancrage", "a@example.org", "--name", "x" * 121),
    ],
)
def test_what_cannot_be_understood_is_one_line(
    run: Run, ancrage: str, arguments: tuple[str, ...]
) -> None:
    assert one_line(run(*arguments, status=2))


def test_a_usage_error_says_where_help_is(run: Run) -> None:
    assert "See 'main list create --help'." in run("list", "create", status=2).err


def test_a_field_too_long_for_a_csv_file_is_one_line(
    run: Run, ancrage: str, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    for text in (f"email,name\na@example.org,{'x' * 300_000}\n", "x" * 300_000):
        people.write_text(text, encoding="utf-8")
        assert one_line(run("subscribe", ancrage, "--csv", str(people), status=2))
    assert run("members", ancrage).out == ""


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "forum", "list", "create", b"\xff@example.org", *TITLES),
        env=environment(tmp_path / "var"),
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "UTF-8" in told(Printed(done.returncode, done.stdout, done.stderr))


def test_a_file_may_bear_any_name(run: Run, ancrage: str, tmp_path: Path) -> None:
    people = tmp_path / os.fsdecode(b"\xe9t\xe9.csv")
    people.write_text("email,name\na@example.org,A\n", encoding="utf-8")
    assert run("subscribe", ancrage, "--csv", str(people)).out == "subscribed=1 already=0\n"


def test_a_database_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    ready = tmp_path / "var"
    key = {"SECRET_KEY": "a key of the test"}
    nowhere = "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"
    done = passerelle("list", "ls", data_dir=ready, DATABASE_URL=nowhere, **key)
    assert done.status == 1
    assert "DATABASE_URL" in told(done)
    assert "secret" not in done.err
    missing = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'x.sqlite3'}"
    done = passerelle("init", data_dir=ready, DATABASE_URL=missing, **key)
    assert done.status == 1
    told(done)


def test_before_init_every_command_names_it(tmp_path: Path) -> None:
    done = passerelle("list", "ls", data_dir=tmp_path / "var")
    assert done.status == 2
    assert "run 'passerelle init' first" in told(done)
    done = passerelle("list", "ls", data_dir=tmp_path / "var", SECRET_KEY="a key of the test")
    assert done.status == 1
    assert "run 'passerelle init' first" in told(done)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = passerelle("init", data_dir=tmp_path / "file" / "var")
    assert done.status == 1
    assert "DATA_DIR" in told(done)


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    done = passerelle("list", "ls", data_dir=tmp_path, DATABASE_URL="postgresql+psycopg://[x")
    assert done.status == 2
    assert "DATABASE_URL" in told(done)


def test_what_init_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    done = passerelle("init", data_dir=data_dir)
    assert done.status == 0, done.err
    assert data_dir.stat().st_mode & 0o777 == 0o700
    for path in data_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
