"""Several mails on their way at a time, and one thread that reads the outcomes."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field

from mailbridge.lanes import Lanes
from mailbridge.outcomes import Deferred, Outcome, Sent
from mailbridge.outgoing import Copy
from mailbridge.smtp_transport import SmtpPool
from mailbridge.transport import MemoryTransport, open_transport
from tests.mailbridge.conftest import RunningSmarthost


@dataclass
class Gate(MemoryTransport):
    """Lets so many in at a time, and none out before it is opened."""

    connections: int = 3
    opened: threading.Event = field(default_factory=threading.Event)
    inside: list[str] = field(default_factory=list)

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        self.inside.append(recipient)
        assert self.opened.wait(20)
        return super().send(reverse_path, recipient, message)


class Clumsy(MemoryTransport):
    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        raise ValueError("a mistake")


def copy(number: int) -> Copy:
    return Copy("list@example.org", f"p{number}@example.net", b"Subject: x\r\n\r\nx\r\n")


def soon() -> float:
    return time.monotonic() + 20


def all_of(lanes: Lanes) -> dict[int, Outcome | None]:
    found: dict[int, Outcome | None] = {}
    while lanes.busy:
        found |= dict(lanes.finished(0.2))
    return found


def test_as_many_mails_are_on_their_way_as_there_are_connections() -> None:
    transport = Gate()
    lanes = Lanes(transport)
    number = 0
    while lanes.room:
        lanes.submit(number, copy(number), soon())
        number += 1
    while len(transport.inside) < 3:
        time.sleep(0.01)
    assert lanes.finished(0.05) == []
    assert len(transport.inside) == 3
    assert number > 3  # Others are built and wait.
    transport.opened.set()
    found = all_of(lanes)
    assert sorted(found) == list(range(number))
    assert all(isinstance(one, Sent) for one in found.values())


def test_what_was_not_begun_in_time_comes_back_untried() -> None:
    transport = Gate()
    lanes = Lanes(transport)
    transport.opened.set()
    lanes.submit(1, copy(1), time.monotonic() - 1)
    assert all_of(lanes) == {1: None}
    assert transport.sent == []


def test_a_halt_gives_back_what_was_not_begun() -> None:
    transport = Gate()
    lanes = Lanes(transport)
    for number in range(6):
        lanes.submit(number, copy(number), soon())
    while len(transport.inside) < 3:
        time.sleep(0.01)
    lanes.halt()
    transport.opened.set()
    found = all_of(lanes)
    assert len([one for one in found.values() if one is None]) == 3
    lanes.go_on()
    lanes.submit(9, copy(9), soon())
    assert isinstance(all_of(lanes)[9], Sent)


def test_a_mistake_of_ours_concerns_one_mail() -> None:
    lanes = Lanes(Clumsy())
    lanes.submit(1, copy(1), soon())
    assert isinstance(all_of(lanes)[1], Deferred)


def test_with_one_connection_all_happens_in_one_thread() -> None:
    transport = MemoryTransport()
    lanes = Lanes(transport)
    before = threading.active_count()
    lanes.submit(1, copy(1), soon())
    assert not lanes.room
    assert threading.active_count() == before
    assert transport.sent


def test_a_pool_keeps_its_connections_open(smarthost: RunningSmarthost) -> None:
    pool = open_transport(smarthost.url, 3)
    assert isinstance(pool, SmtpPool)
    lanes = Lanes(pool)
    results: dict[int, Outcome | None] = {}
    for number in range(40):
        while not lanes.room:
            results |= dict(lanes.finished(0.2))
        lanes.submit(number, copy(number), soon())
    results |= all_of(lanes)
    assert all(isinstance(one, Sent) for one in results.values())
    assert sorted(to for _, to, _ in smarthost.host.mails) == sorted(
        f"p{number}@example.net" for number in range(40)
    )
    assert len({id(one) for one in pool._all if one._client is not None}) <= 3
    pool.close()
    assert all(one._client is None for one in pool._all)


def test_what_hangs_can_be_cut_short() -> None:
    with SilentServer() as server:
        pool = SmtpPool(f"smtp://127.0.0.1:{server.port}", 2)
        lanes = Lanes(pool)
        lanes.submit(1, copy(1), soon())
        deadline = time.monotonic() + 20
        while (found := dict(lanes.finished(0.2))) == {} and time.monotonic() < deadline:
            pool.abort()
        assert not isinstance(found[1], Sent)


class SilentServer:
    """Takes connections, greets, and answers nothing more."""

    def __enter__(self) -> SilentServer:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._kept: list[socket.socket] = []
        self.port: int = self._socket.getsockname()[1]
        self.reached = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
                self._kept.append(peer)
                peer.sendall(b"220 hello\r\n")
                peer.recv(1000)
                peer.sendall(b"250 hello\r\n")
            except OSError:
                return
            self.reached.set()

    def __exit__(self, *_error: object) -> None:
        self._socket.close()
        for one in self._kept:
            one.close()
