"""TXT records of the DNS: asked for with short time-outs, and remembered.

Nothing else asks the DNS but `passerelle doctor` (`dns_records`). What needs an answer takes a
`TxtLookup`, so that it can be given any source of answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

TxtLookup = Callable[[str], tuple[bytes, ...]]
"""From a domain name to its TXT records, each with its strings joined; empty where there is none.

Raises `LookupFailed` where no answer came.
"""

SECONDS: Final = 2.0
"""For one question, all name servers and repetitions together."""

FAILURE_SECONDS: Final = 60.0
"""How long a name that gave no answer is not asked for again."""

_REMEMBERED: Final = 10_000
_NO_NAMES: Final = (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel)


class LookupFailed(Exception):
    """No answer in time, or a broken one: nothing is known, and nothing follows from it."""


def ask(
    resolver: dns.resolver.Resolver, name: str, kind: dns.rdatatype.RdataType
) -> tuple[Any, ...]:
    """The records of a name; empty where there are none, or where it cannot be a name.

    Raises:
        LookupFailed: no answer came.
    """
    try:
        answer = resolver.resolve(
            name, kind, lifetime=SECONDS, raise_on_no_answer=False, search=False
        )
    except (dns.resolver.NXDOMAIN, *_NO_NAMES):
        return ()
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise LookupFailed(f"{type(error).__name__} for {name}") from None
    return tuple(answer.rrset or ())


class Resolver:
    """Answers of the machine's name servers; safe in threads.

    Answers, and the absence of a name, are remembered as long as the DNS says.
    """

    def __init__(
        self,
        resolver: dns.resolver.Resolver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a resolver, or the one that the machine's settings describe.

        Args:
            clock: Seconds, only ever growing.

        Raises:
            dns.resolver.NoResolverConfiguration: the machine names no name server.
        """
        self._resolver = resolver or dns.resolver.Resolver()
        self._resolver.cache = dns.resolver.LRUCache(_REMEMBERED)
        self._clock = clock
        self._failed: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str) -> tuple[bytes, ...]:
        """The TXT records of a name.

        Raises:
            LookupFailed: there was no answer.
        """
        self._refuse_if_failed(name)
        try:
            found = ask(self._resolver, name, dns.rdatatype.TXT)
        except LookupFailed:
            with self._lock:
                if len(self._failed) >= _REMEMBERED:
                    self._failed.clear()
                self._failed[name] = self._clock() + FAILURE_SECONDS
            raise
        return tuple(b"".join(record.strings) for record in found)

    def _refuse_if_failed(self, name: str) -> None:
        with self._lock:
            until = self._failed.get(name)
            if until is not None and self._clock() < until:
                raise LookupFailed(f"no answer lately for {name}")


@cache
def of_this_machine() -> TxtLookup:
    """The lookup of a process: one for all its threads.

    A machine without name servers gets one that never knows an answer.
    """
    try:
        return Resolver()
    except (dns.exception.DNSException, OSError):
        return _unknown


def _unknown(name: str) -> tuple[bytes, ...]:
    raise LookupFailed(f"no name server to ask for {name}")
