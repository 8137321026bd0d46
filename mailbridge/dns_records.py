"""What `passerelle doctor` asks the DNS beside TXT records: mail exchangers, addresses, names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import dns.exception
import dns.rdatatype
import dns.resolver
import dns.reversename

from mailbridge.dns_text import LookupFailed, ask


class Records(Protocol):
    """Answers of the DNS; all raise `LookupFailed` where none came."""

    def txt(self, name: str) -> tuple[bytes, ...]:
        """TXT records, each with its strings joined."""

    def exchangers(self, name: str) -> tuple[str, ...]:
        """The hosts of MX records, the first to be tried first, without the dot at the end."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses."""

    def names_of(self, address: str) -> tuple[str, ...]:
        """The host names that an address points to."""


@dataclass(frozen=True, slots=True)
class MachineRecords:
    """Answers of the machine's name servers."""

    txt_lookup: Callable[[str], tuple[bytes, ...]]

    def txt(self, name: str) -> tuple[bytes, ...]:
        """TXT records."""
        return self.txt_lookup(name)

    def exchangers(self, name: str) -> tuple[str, ...]:
        """The hosts of MX records, in order."""
        found = sorted(_ask(name, dns.rdatatype.MX), key=lambda text: int(text.split()[0]))
        return tuple(text.split()[1].rstrip(".") for text in found)

    def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses."""
        return (*_ask(name, dns.rdatatype.A), *_ask(name, dns.rdatatype.AAAA))

    def names_of(self, address: str) -> tuple[str, ...]:
        """The names of an address."""
        where = dns.reversename.from_address(address).to_text()
        return tuple(text.rstrip(".").lower() for text in _ask(where, dns.rdatatype.PTR))


def _ask(name: str, kind: dns.rdatatype.RdataType) -> tuple[str, ...]:
    try:
        resolver = dns.resolver.get_default_resolver()
    except (dns.exception.DNSException, OSError) as error:
        raise LookupFailed(f"{type(error).__name__} for {name}") from None
    return tuple(record.to_text() for record in ask(resolver, name, kind))
