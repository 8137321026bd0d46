"""Mail in: LMTP into a site over eight connections, until every message is on the web.

The listener is a process of its own, as when serving; its answer comes when the post is
committed, so a message answered is a message that pages show. Beside: the same messages to
aiosmtpd with a handler that does nothing, which stores, reads and threads none of them.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sqlalchemy import func, select

from benchmarks import generator
from benchmarks.figure import Figure, middle, number, percentile, ratio
from benchmarks.processes import beside
from benchmarks.site import DOMAIN, SLUG, environment, new_site
from forum.extensions import db
from forum.storage.archive import Post

MESSAGES: Final = {"tiny": 16, "quick": 200, "usual": 1_000, "full": 5_000}
CONNECTIONS: Final = 8


def run(size: str = "usual") -> list[Figure]:
    """Measure messages a second, and how long each waits for its answer."""
    count = MESSAGES[size]
    raws = [
        raw.replace(b"\n", b"\r\n") for raw in generator.messages(count, attachment_bytes=2_000)
    ]
    with beside("benchmarks.sink", "lmtp") as (host, port):
        floor = count / _send(host, port, raws)[0]
    with new_site() as app:
        env = environment(app.extensions["passerelle_settings"].data_dir)
        with beside("forum", "mail", "listen", env=env) as (host, port):
            _send(host, port, [_renamed(raw) for raw in raws[:8]])  # Its first messages load much.
            seconds, waits = _send(host, port, raws)
        with app.app_context():
            stored = db.session.scalar(select(func.count()).select_from(Post)) or 0
    assert stored >= count, f"{stored} of {count} messages became posts"
    return [
        Figure(
            f"LMTP, {CONNECTIONS} connections, until on the web, {count:,} messages",
            count / seconds, "messages/s", ratio(count / seconds, floor, "a no-op aiosmtpd", "/s"),
        ),
        Figure(
            "  a message's answer", middle(waits) * 1000, "ms",
            f"p95 {number(percentile(waits, 95) * 1000)} ms",
        ),
    ]  # fmt: skip


def _renamed(raw: bytes) -> bytes:
    """Another message than the one given: other author, other words."""
    return raw.replace(b"Message-ID: <", b"Message-ID: <warm.", 1) + b"Un mot de plus.\r\n"


def _send(host: str, port: int, raws: Sequence[bytes]) -> tuple[float, list[float]]:
    """Send all, each once, shared out among the connections; gives the seconds, and each wait."""
    waits: list[float] = []
    waiting = list(raws)[::-1]

    def work() -> None:
        with smtplib.LMTP(host, port, "bench.example.org") as client:
            while True:
                try:
                    raw = waiting.pop()
                except IndexError:
                    return
                started = time.perf_counter()
                client.sendmail("author@example.org", [f"{SLUG}@{DOMAIN}"], raw)
                waits.append(time.perf_counter() - started)

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(CONNECTIONS)]:
            done.result()
    return time.perf_counter() - started, waits
