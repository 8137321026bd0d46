"""Fixtures of mail: a listener on free ports of this machine, and a smarthost that can refuse."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from forum.extensions import db
from forum.search import open_index
from forum.settings import ListenAddress, Settings
from forum.storage.people import Account
from mailbridge.connections import Limits
from mailbridge.listener import Listener
from mailbridge.worker import Worker
from tests.factories import Make
from tests.mailbridge.mirroring import Mirror, member, mirror_of
from tests.mailbridge.working import Answering, Clock


@dataclass
class Running:
    """A listener in a thread of its own."""

    app: Flask
    limits: Limits = field(default_factory=Limits)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._listener = Listener(self.app, self.limits)
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        for protocol in ("lmtp", "smtp"):
            opened = self._listener.open(protocol, ListenAddress("127.0.0.1", 0))
            _, port = asyncio.run_coroutine_threadsafe(opened, self._loop).result(60)
            self.ports[protocol] = port

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._listener.close(0.5), self._loop).result(60)
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        await asyncio.sleep(0.05)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()

    def lmtp(self) -> smtplib.LMTP:
        return smtplib.LMTP("127.0.0.1", self.ports["lmtp"], "client.example.org")

    def smtp(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"], "client.example.org", timeout=30)


@pytest.fixture
def start_listener(app: Flask) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(**limits: Any) -> Running:
        running = Running(app, Limits(**limits))
        running.start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def listener(start_listener: Callable[..., Running]) -> Running:
    return start_listener()


@dataclass
class Smarthost:
    """An SMTP server that keeps what it takes, and answers as it is told."""

    mails: list[tuple[str, str, bytes]] = field(default_factory=list)
    at_mail: str | None = None
    at_rcpt: Callable[[str], str | None] = lambda address: None
    at_data: str | None = None

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.at_mail:
            return self.at_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        refusal = self.at_rcpt(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.at_data:
            return self.at_data
        self.mails.append((envelope.mail_from, envelope.rcpt_tos[0], envelope.content))
        return "250 OK"


class FreePort(Controller):
    """A controller that knows which port it was given for 0."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class RunningSmarthost:
    """The same, listening."""

    host: Smarthost
    controller: Controller

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"


@pytest.fixture
def smarthost() -> Iterator[RunningSmarthost]:
    host = Smarthost()
    controller = FreePort(host, hostname="127.0.0.1", port=0, ready_timeout=60)
    controller.start()
    yield RunningSmarthost(host, controller)
    controller.stop()


@pytest.fixture
def mirror(session: Session, settings: Settings, make: Make) -> Mirror:
    """A mirrored list and its outside list."""
    return mirror_of(session, settings, make)


@pytest.fixture
def awa(mirror: Mirror) -> Account:
    """Somebody who writes on the web."""
    return member(mirror)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport() -> Answering:
    return Answering()


@pytest.fixture
def worker(
    app: Flask, session: Session, settings: Settings, transport: Answering, clock: Clock
) -> Iterator[Worker]:
    own = Session(db.engine, expire_on_commit=False)
    yield Worker(own, settings, transport, open_index(settings, db.engine), now=clock)
    own.close()
