"""A whole site as its administrator starts it: `passerelle serve` in a process of its own."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import select
import shutil
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from click.testing import CliRunner
from flask.cli import ScriptInfo

from forum.app import create_app
from forum.cli import main
from forum.commands.setup import make_secret_key
from forum.extensions import db
from forum.settings import Settings

DOMAIN = "lists.example.org"
READY = re.compile(r"ready: (web|lmtp|smtp|worker) ?(\S*)")


@dataclass
class Browser:
    """A browser without scripts that keeps cookies."""

    base: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)
    language: str = "en"

    def __post_init__(self) -> None:
        handler = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(handler)

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, text and final address of a page."""
        return self._open(urllib.request.Request(self._url(path)))

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str, str]:
        """The same after sending a form."""
        body = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(self._url(path), data=body))

    def json(self, path: str) -> Any:
        """A document of the API."""
        status, text, _ = self.get(path)
        assert status == 200, f"{path}: {status}"
        return json.loads(text)

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.base + path

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        request.add_header("Accept-Language", self.language)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.url
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.url


@dataclass
class Site:
    """A data directory, and the processes that serve it while it is started."""

    data_dir: Path
    environ: dict[str, str]
    process: subprocess.Popen[str] | None = None
    addresses: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, data_dir: Path, smarthost: str, **settings: str) -> Site:
        """A new site whose mail goes to `smarthost`; `settings` by name."""
        site = cls._with(data_dir, smarthost, settings)
        site.command("init")
        return site

    @classmethod
    def of(cls, migrated: Path, data_dir: Path, smarthost: str, **settings: str) -> Site:
        """The same from a migrated data directory: no process is started to make another."""
        shutil.copytree(migrated, data_dir)
        site = cls._with(data_dir, smarthost, settings)
        (data_dir / "secret_key").unlink()
        make_secret_key(Settings.load(site.environ))
        return site

    @classmethod
    def _with(cls, data_dir: Path, smarthost: str, settings: dict[str, str]) -> Site:
        values = {
            "DATA_DIR": str(data_dir),
            "MAIL_DOMAIN": DOMAIN,
            "LMTP_LISTEN": "127.0.0.1:0",
            "SMTP_LISTEN": "127.0.0.1:0",
            "SMARTHOST": smarthost,
            "RATE_LIMITS": "off",
            "UNDO_SECONDS": "0",
            **settings,
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PASSERELLE_")}
        environ = kept | {f"PASSERELLE_{name}": value for name, value in values.items()}
        return cls(data_dir, environ)

    def command(self, *arguments: str, status: int = 0, given: str | None = None) -> str:
        """Run `passerelle`; gives what it printed."""
        done = subprocess.run(
            (sys.executable, "-m", "forum", *arguments),
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def command_here(self, *arguments: str) -> str:
        """The same in this process: to start another takes longer than most commands."""
        app = create_app(Settings.load(self.environ))
        result = CliRunner().invoke(main, arguments, obj=ScriptInfo(create_app=lambda: app))
        with app.app_context():
            db.engine.dispose()
        assert result.exit_code == 0, f"{arguments}: {result.exit_code}\n{result.output}"
        return result.stdout

    def start(self) -> Site:
        """Serve, and wait until every part is ready."""
        self._close()
        with (self.data_dir / "errors.log").open("a") as errors:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "forum", "serve", "--port", "0"),
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self.addresses = {}
        printed = ""
        deadline = time.monotonic() + 240
        assert self.process.stdout is not None
        while len(self.addresses) < 4:
            readable, _, _ = select.select([self.process.stdout], [], [], 0.5)
            # Two lines may come at once: what is buffered here, select does not see.
            printed += os.read(self.process.stdout.fileno(), 65536).decode() if readable else ""
            self.addresses = dict(READY.findall(printed))
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline, f"ready: {self.addresses}; {self.errors()}"
        return self

    def errors(self) -> str:
        """What the processes complained of."""
        return (self.data_dir / "errors.log").read_text()

    def terminate(self) -> None:
        """Stop as an administrator does, and see that all came to its end by itself."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0

    def kill(self) -> None:
        """Stop as a power cut does: the whole process group at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self._close()

    def _close(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> Site:
        return self.start()

    @property
    def web(self) -> str:
        """Where the pages are."""
        return self.addresses["web"]

    def browser(self, language: str = "en") -> Browser:
        """A new browser of somebody who prefers a language."""
        return Browser(self.web, language=language)

    def lmtp(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand a mail in as the local mail server does."""
        host, _, port = self.addresses["lmtp"].rpartition(":")
        with smtplib.LMTP(host, int(port)) as client:
            client.sendmail(sender, [recipient], wire(raw))

    def smtp(self, sender: str, recipient: str, raw: bytes) -> None:
        """Hand a mail in as any mail program does."""
        host, _, port = self.addresses["smtp"].rpartition(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail(sender, [recipient], wire(raw))


def wire(raw: bytes) -> bytes:
    """A message as it goes over the wire: a bare LF would be refused."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def form_fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with that action."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', html, re.S)
    assert form, f"no form for {action}"
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form[1]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = value[1] if value else ""
    return found


def wait_until(condition: Any, seconds: float = 60.0) -> Any:
    """What a condition gives, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)
    return found
