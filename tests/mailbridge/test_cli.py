"""The commands as an administrator gives them; those that stay, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import text
from sqlalchemy.orm import Session

from forum.cli import main
from forum.settings import Settings
from mailbridge.receive import Envelope, receive
from tests.conftest import one_database
from tests.factories import START, Make, mail

pytestmark = pytest.mark.slow

AWA = "awa@example.org"
LIST = "ancrage@lists.example.org"


class Command:
    """`python -m forum …` with the settings of the test's site."""

    def __init__(self, settings: Settings) -> None:
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PASSERELLE")},
            "PASSERELLE_DATA_DIR": str(settings.data_dir),
            "PASSERELLE_DATABASE_URL": settings.database_url,
            "PASSERELLE_MAIL_DOMAIN": settings.mail_domain,
            "PASSERELLE_LMTP_LISTEN": "127.0.0.1:0",
            "PASSERELLE_SMTP_LISTEN": "127.0.0.1:0",
            "PASSERELLE_SMARTHOST": settings.smarthost,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            (sys.executable, "-m", "forum", *arguments),
            env=self.environ, capture_output=True, timeout=250, check=False,
        )  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (sys.executable, "-m", "forum", *arguments),
            env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@dataclass(frozen=True)
class Done:
    """A command that came to its end in this process."""

    status: int
    out: bytes
    err: bytes


def here(app: Flask, *arguments: str) -> Done:
    """Run a command on the test's site, in this process."""
    info = ScriptInfo(create_app=lambda: app)
    result = CliRunner().invoke(main, arguments, obj=info)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout_bytes, result.stderr_bytes)


@pytest.fixture
def command(settings: Settings) -> Command:
    return Command(settings)


@pytest.fixture
def start(command: Command) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        started.append(command.start(*arguments))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def ancrage(make: Make) -> None:
    found = make.mailing_list()
    make.subscriber(found, AWA)
    make.subscriber(found, "pilar@example.net", language="es")
    make.commit()


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_the_listener_says_when_it_is_ready_and_stops_when_told(
    start: Callable[..., subprocess.Popen[str]], command: Command, ancrage: None
) -> None:
    process = start("mail", "listen")
    assert process.stdout is not None
    ports = {}
    for _ in range(2):
        ready, protocol, address = process.stdout.readline().split()
        assert ready == "ready:"
        ports[protocol] = int(address.rpartition(":")[2])
    assert set(ports) == {"lmtp", "smtp"}
    with smtplib.LMTP("127.0.0.1", ports["lmtp"], "client.example.org") as client:
        client.sendmail(AWA, [LIST], mail(message_id="a@example.org").replace(b"\n", b"\r\n"))
    with contextlib.closing(smtplib.SMTP("127.0.0.1", ports["smtp"], "client.example.org")):
        stop(process)
    assert process.stderr is not None
    logged = process.stderr.read()
    assert "received incoming=1" in logged
    assert AWA not in logged
    assert "Traceback" not in logged


def test_the_worker_says_when_it_is_ready_sends_and_stops_when_told(
    start: Callable[..., subprocess.Popen[str]],
    ancrage: None,
    session: Session,
    settings: Settings,
) -> None:
    process = start("worker")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready: worker\n"
    receive(session, Envelope(AWA, LIST), mail(), START, settings)
    session.remove()
    outbox = settings.data_dir / "outbox" / "new"
    for _ in range(1_200):
        if outbox.exists() and list(outbox.iterdir()):
            break
        time.sleep(0.05)
    assert len(list(outbox.iterdir())) == 1
    stop(process)


def test_once_drains_what_is_due_and_comes_back(
    command: Command, ancrage: None, session: Session, settings: Settings
) -> None:
    receive(session, Envelope(AWA, LIST), mail(), START, settings)
    session.remove()
    for _ in range(2):
        done = command.run("worker", "--once")
        assert done.returncode == 0, done.stderr
        assert done.stdout == b""
    assert len(list((settings.data_dir / "outbox" / "new").iterdir())) == 1


@pytest.fixture
def logged(ancrage: None, session: Session, settings: Settings) -> None:
    """Message 1 posted, 2 held, 3 failed."""
    stranger = mail(author="X <x@example.net>", subject="Étrange")
    receive(session, Envelope(AWA, LIST), mail(), START, settings)
    receive(session, Envelope("x@example.net", LIST), stranger, START, settings)
    session.execute(text("ALTER TABLE post RENAME TO broken_post"))
    session.commit()
    receive(session, Envelope(AWA, LIST), mail(text="Encore une proposition\n"), START, settings)
    session.execute(text("ALTER TABLE broken_post RENAME TO post"))
    session.commit()
    session.remove()


def test_the_log_tells_what_became_of_each_and_why(app: Flask, logged: None) -> None:
    rows = json.loads(here(app, "mail", "log", "--json").out)
    assert [(row["id"], row["state"]) for row in rows] == [
        (1, "posted"),
        (2, "held"),
        (3, "failed"),
    ]
    assert rows[1]["reasons"] == ["stranger"]
    assert rows[2]["detail"]
    lines = here(app, "mail", "log", "--state", "held").out.decode().splitlines()
    assert len(lines) == 1
    assert "Étrange" in lines[0]
    assert lines[0].endswith("\tstranger")
    assert here(app, "mail", "log", "--state", "no-such").status == 2


def test_a_message_is_shown_as_it_came(app: Flask, logged: None) -> None:
    shown = here(app, "mail", "show", "1")
    assert shown.out == mail()
    assert b"state: posted" in shown.err


def test_a_failed_message_is_processed_again(app: Flask, logged: None) -> None:
    assert here(app, "mail", "retry", "3").out == b"posted\n"
    assert here(app, "mail", "retry", "2").out == b"held\n"


@pytest.mark.parametrize("name", ["show", "retry"])
def test_an_unknown_number_is_one_line_and_exit_status_2(app: Flask, name: str) -> None:
    done = here(app, "mail", name, "99")
    assert done.status == 2
    assert done.out == b""
    assert len(done.err.splitlines()) == 1


@one_database
def test_a_taken_port_is_one_line_and_exit_status_1(
    start: Callable[..., subprocess.Popen[str]], command: Command, tmp_path: Path
) -> None:
    process = start("mail", "listen")
    assert process.stdout is not None
    command.environ["PASSERELLE_LMTP_LISTEN"] = process.stdout.readline().split()[2]
    done = command.run("mail", "listen")
    assert done.returncode == 1
    assert b"cannot listen" in done.stderr
    assert b"Traceback" not in done.stderr
