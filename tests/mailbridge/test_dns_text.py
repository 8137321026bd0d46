"""The DNS is asked once, with little patience, and silence is remembered for a while."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from mailbridge.dns_text import LookupFailed, Resolver


@dataclass
class NameServer:
    """A name server on this machine that answers TXT questions, or keeps silent."""

    records: dict[str, str]
    silent: bool = False
    questions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            content, peer = self.socket.recvfrom(4096)
            if content == b"end":
                return
            query = dns.message.from_wire(content)
            name = query.question[0].name.to_text(omit_final_dot=True)
            self.questions.append(name)
            if self.silent:
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            if name in self.records:
                answer.answer.append(
                    dns.rrset.from_text(name + ".", 300, "IN", "TXT", self.records[name])
                )
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), peer)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.socket.close()


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    server = NameServer({"_dmarc.example.org": '"v=DMARC1; " "p=reject"'})
    yield server
    server.stop()


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def resolver_for(server: NameServer, clock: Clock | None = None) -> Resolver:
    asking = dns.resolver.Resolver(configure=False)
    asking.nameservers = ["127.0.0.1"]
    asking.port = server.port
    return Resolver(asking, clock or Clock())


def test_a_record_is_joined_and_asked_for_once(name_server: NameServer) -> None:
    lookup = resolver_for(name_server)
    for _ in range(3):
        assert lookup("_dmarc.example.org") == (b"v=DMARC1; p=reject",)
    assert name_server.questions == ["_dmarc.example.org"]


def test_a_name_that_is_not_there_has_no_records(name_server: NameServer) -> None:
    assert resolver_for(name_server)("_dmarc.example.net") == ()


@pytest.mark.parametrize("name", ["x" * 64 + ".example.org", ".".join(["abc"] * 90), "a..b"])
def test_names_that_cannot_be_asked_for_cost_no_question(
    name_server: NameServer, name: str
) -> None:
    assert resolver_for(name_server)(name) == ()
    assert name_server.questions == []


@pytest.mark.slow
def test_silence_is_a_failure_and_remembered_for_a_minute(name_server: NameServer) -> None:
    clock = Clock()
    lookup = resolver_for(name_server, clock)
    name_server.silent = True
    with pytest.raises(LookupFailed):
        lookup("_dmarc.example.org")
    name_server.silent = False
    asked = len(name_server.questions)
    with pytest.raises(LookupFailed):
        lookup("_dmarc.example.org")
    assert len(name_server.questions) == asked
    clock.seconds = 61.0
    assert lookup("_dmarc.example.org") == (b"v=DMARC1; p=reject",)
