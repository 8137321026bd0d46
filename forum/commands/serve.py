"""`passerelle serve`: web, mail and worker as supervised children of one process."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from forum.app import create_app
from forum.commands.errors import Failure
from forum.domain.language_model import load_model
from forum.extensions import db
from forum.process import die_with_parent
from forum.settings import Settings
from forum.storage.migrated import is_migrated

STOP_SECONDS = 8.0
"""How long children may take to finish what they are at, before they are killed."""
STEADY_SECONDS = 10.0
"""A child that lived so long and died is started again at once."""
MAX_QUICK_DEATHS = 3
WEB_WORKERS = 2
WEB_THREADS = 4
REQUEST_LINE_BYTES = 8190
DEFAULT_PORT = 8000
DEFAULT_SITE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


@dataclass
class Child:
    """A supervised process."""

    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        """Start it, in our process group, to die when we die."""
        parent = os.getpid()
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            (sys.executable, "-m", "forum", *self.arguments),
            preexec_fn=lambda: die_with_parent(parent),
        )

    def is_lost(self) -> bool:
        """Whether it has died; a quick death is counted."""
        if self.process is None or self.process.poll() is None:
            return False
        lived = time.monotonic() - self.started
        self.quick_deaths = self.quick_deaths + 1 if lived < STEADY_SECONDS else 0
        return True


@dataclass
class Supervisor:
    """Keeps children running until it is told to stop."""

    children: Sequence[Child]
    stopping: bool = field(default=False)

    def run(self) -> bool:
        """Run until SIGTERM or SIGINT; False where a child would not stay alive."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._on_signal)
        for child in self.children:
            child.start()
        healthy = True
        while healthy and not self.stopping:
            time.sleep(0.1)
            healthy = self._restart_lost()
        self._stop()
        return healthy

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _restart_lost(self) -> bool:
        for child in self.children:
            if self.stopping or not child.is_lost():
                continue
            if child.quick_deaths >= MAX_QUICK_DEATHS:
                click.echo(f"Error: 'passerelle {child.arguments[0]}' does not stay up", err=True)
                return False
            time.sleep(0.5 * child.quick_deaths)
            child.start()
        return True

    def _stop(self) -> None:
        running = [child.process for child in self.children if child.process]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn with our app and no configuration file."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        self.app = app
        self.bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        """What gunicorn asks for."""
        options: dict[str, Any] = {
            "bind": self.bind,
            "worker_class": "gthread",
            "workers": WEB_WORKERS,
            "threads": WEB_THREADS,
            "preload_app": True,
            "limit_request_line": REQUEST_LINE_BYTES,
            "timeout": 60,
            "graceful_timeout": 5,
            "keepalive": 5,
            "loglevel": "warning",
            "when_ready": _announce_web,
            "post_fork": _own_connections(self.app),
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app itself."""
        return self.app


def _announce_web(server: Any) -> None:
    # The workers are forked next. What stands now stays, and the garbage collector need not go
    # through it while pages are made.
    gc.collect()
    gc.freeze()
    host, port = server.LISTENERS[0].getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"ready: web http://{shown}:{port}")


def _own_connections(app: Flask) -> Callable[[Any, Any], None]:
    def post_fork(server: Any, worker: Any) -> None:
        die_with_parent(worker.ppid)
        with app.app_context():
            # Connections must not be shared with the process this one was forked from.
            db.engine.dispose(close=False)

    return post_fork


@click.command(hidden=True)
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=DEFAULT_PORT, type=click.IntRange(0, 65535))
def web(host: str, port: int) -> None:
    """Serve the web pages alone."""
    load_model()  # Before the workers are forked, which then share it.
    WebServer(create_app(), host, port).run()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the web listens.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes a free one.",
)
@click.option("--no-worker", is_flag=True, help="Leave background work to another process.")
@click.option("--no-mail", is_flag=True, help="Do not listen for mail.")
def serve(host: str, port: int, no_worker: bool, no_mail: bool) -> None:
    """Serve web, mail and worker until SIGTERM or Ctrl-C."""
    settings = Settings.load()
    if settings.site_url == DEFAULT_SITE_URL and port not in (0, DEFAULT_PORT):
        # Nobody has said under which address the site is reached: then it is where it listens.
        os.environ["PASSERELLE_SITE_URL"] = f"http://127.0.0.1:{port}"
    _must_be_migrated(create_app(settings))
    children = [Child(("web", "--host", host, "--port", str(port)))]
    _must_be_free(host, port)
    if not no_mail:
        for listen in (settings.lmtp_listen, settings.smtp_listen):
            if listen is not None:
                _must_be_free(listen.host, listen.port)
        if settings.lmtp_listen or settings.smtp_listen:
            children.append(Child(("mail", "listen")))
    if not no_worker:
        children.append(Child(("worker",)))
    if not Supervisor(children).run():
        raise Failure("a part of the site does not stay up; its message stands above")


def _must_be_migrated(app: Flask) -> None:
    with app.app_context():
        migrated = is_migrated(db.engine)
        db.engine.dispose()
    if not migrated:
        raise Failure("the database is not up to date: run 'passerelle init' first")


def _must_be_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failure(f"cannot listen on {host}:{port}: {error.strerror}") from None


COMMANDS = (serve, web)
