"""Who is connected to the listener, and what each client may take."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client, and all together, may take."""

    connections: int = 100
    connections_per_peer: int = 50
    """Of one address; the local mail server comes with up to 20 by default."""
    recipients: int = 100
    idle_seconds: float = 300.0
    """RFC 5321, section 4.5.3.2.7: at least five minutes."""


@dataclass(slots=True)
class Connections:
    """Who is connected."""

    limits: Limits
    peers: Counter[str] = field(default_factory=Counter)
    open: set[asyncio.BaseTransport] = field(default_factory=set)

    def enter(self, peer: str, transport: asyncio.BaseTransport) -> bool:
        """Count a connection; False where it is one too many."""
        if (
            len(self.open) >= self.limits.connections
            or self.peers[peer] >= self.limits.connections_per_peer
        ):
            return False
        self.open.add(transport)
        self.peers[peer] += 1
        return True

    def leave(self, peer: str, transport: asyncio.BaseTransport) -> None:
        """Forget a connection."""
        if transport in self.open:
            self.open.discard(transport)
            self.peers[peer] -= 1
            if self.peers[peer] <= 0:
                del self.peers[peer]


def peer_address(peer: Any) -> str:
    """The client's address without its port."""
    return str(peer[0]) if isinstance(peer, tuple) and peer else "local"
