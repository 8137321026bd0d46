"""What became of handing over a message: an outcome, never an exception."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The smarthost took it over."""

    reply: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later (4xx)."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never for this recipient (5xx)."""

    reply: str
    by_mailbox: bool = True
    """Whether the recipient's side refused, and not our own program or the smarthost's limits."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The smarthost cannot be used: nobody's mail leaves, nobody's address is at fault."""

    reply: str


Outcome = Sent | Deferred | Refused | Broken
