"""Mail out: each subscriber's copy built, signed and sent.

Signing takes nearly all of the time; beside it stands the same number of RSA signatures alone.
Sending goes over a real loopback socket to a sink in a process of its own that takes everything.
Beside: smtplib, on one kept connection, sending one and the same message to the same sink.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from benchmarks import building, generator
from benchmarks.figure import Figure, middle, ratio
from benchmarks.processes import beside
from benchmarks.site import NOW, environment, new_site, the_list
from forum.clock import utcnow
from forum.domain.message import parse
from forum.domain.values import LANGUAGES, Source
from forum.extensions import db
from forum.operations.publishing import publish
from forum.operations.raw import load_raw
from forum.operations.subscriptions import subscribe
from forum.storage.archive import Post
from forum.storage.base import reading
from forum.storage.people import Subscription
from mailbridge.outcomes import Sent
from mailbridge.outgoing import Builder, Copy
from mailbridge.signing_keys import KeyFiles
from mailbridge.smtp_transport import SmtpTransport

SUBSCRIBERS: Final = {"tiny": 6, "quick": 200, "usual": 200, "full": 200}
POSTS: Final = {"tiny": 2, "quick": 10, "usual": 30, "full": 50}
SIGNED: Final = {"tiny": 10, "quick": 1_000, "usual": 3_000, "full": 6_000}
"""Copies that each of the two processes builds and signs."""
SELECTOR: Final = "bench"
SENT: Final = {"tiny": 10, "quick": 1_000, "usual": 3_000, "full": 5_000}
BURSTS: Final = {"tiny": 1, "quick": 2, "usual": 5, "full": 7}


def run(size: str = "usual") -> list[Figure]:
    """Measure building alone, sending alone, and a post on its way to all subscribers."""
    with new_site() as app, beside("benchmarks.sink") as (host, port):
        copies, unsigned = _built(app, SUBSCRIBERS[size], POSTS[size])
        keys = KeyFiles(app.extensions["passerelle_settings"].data_dir)
        keys.create(SELECTOR)
        keys.use(SELECTOR)
        rates, copies = _signed(app, SIGNED[size])
        alone = _signatures_alone(keys, min(SIGNED[size], 1_000))
        chosen = (copies * (SENT[size] // len(copies) + 1))[: SENT[size]]
        seconds = _sent(host, port, chosen)
        rate, peer = len(chosen) / seconds, len(chosen) / _fixed(host, port, chosen)
        waits = _bursts(app, host, port, SUBSCRIBERS[size], BURSTS[size])
    return [
        Figure("copies built, not signed, by processor time", unsigned, "copies/s"),
        Figure(
            "copies built and signed by two processes", rates[0], "copies/s",
            f"by processor time {rates[1]:,.0f}; {ratio(rates[1] / 2, alone, 'RSA alone', '/s')}",
        ),
        Figure(
            "copies sent over a socket", rate, "copies/s",
            ratio(rate, peer, "smtplib with one fixed message", "/s"),
        ),
        Figure(
            f"a post committed until the last of {SUBSCRIBERS[size]} has it", middle(waits), "s",
            f"worst of {len(waits)}: {max(waits):.2f} s",
        ),
    ]  # fmt: skip


def _signed(app: Flask, count: int) -> tuple[tuple[float, float], list[Copy]]:
    """Copies a second of two processes, by the clock and by processor time; and some copies."""
    directory = app.extensions["passerelle_settings"].data_dir
    taken = building.shares(2, count, environment(directory))
    with app.app_context(), reading():
        copies = list(islice(building.copies(app, 0, 1), count))
    by_clock = 2 * count / max(share.seconds for share in taken)
    return (by_clock, sum(count / share.processor for share in taken)), copies


def _signatures_alone(keys: KeyFiles, count: int) -> float:
    """RSA signatures a second of processor time, of a text as long as a header."""
    key = keys.load(SELECTOR)
    started = time.process_time()
    for _ in range(count):
        key.sign(b"x" * 1_500, padding.PKCS1v15(), hashes.SHA256())
    return count / (time.process_time() - started)


def _built(app: Flask, subscribers: int, posts: int) -> tuple[list[Copy], float]:
    """Every copy of so many posts, and how many a second of processor time were built."""
    with app.app_context():
        session = db.session()
        for number in range(subscribers):
            subscribe(
                session, the_list(), f"person{number}@example.net", NOW, name=f"Person {number}",
                language=LANGUAGES[number % len(LANGUAGES)],
            )  # fmt: skip
        session.commit()
        rows = _posts(posts)
        session.commit()
        everybody = session.scalars(
            select(Subscription).options(joinedload(Subscription.address))
        ).all()
        builder = Builder(app.extensions["passerelle_settings"])
        copies: list[Copy] = []
        raws = {row.id: load_raw(row.raw) for row in rows if row.raw is not None}
        started = time.process_time()
        for row in rows:
            raw = raws[row.id]
            copies += [builder.build(row, lambda raw=raw: raw, one) for one in everybody]
        return copies, len(copies) / (time.process_time() - started)


def _posts(count: int) -> list[Post]:
    """So many posts, published without being mailed."""
    return [
        publish(db.session(), the_list(), parse(raw, NOW), NOW, source=Source.EMAIL, mail=False)
        for raw in generator.messages(count, attachment_bytes=2_000)
    ]


def _sent(host: str, port: int, copies: Sequence[Copy]) -> float:
    transport = SmtpTransport(f"smtp://{host}:{port}")
    started = time.perf_counter()
    for copy in copies:
        outcome = transport.send(copy.reverse_path, copy.recipient, copy.message)
        assert isinstance(outcome, Sent), outcome
    transport.close()
    return time.perf_counter() - started


def _fixed(host: str, port: int, copies: Sequence[Copy]) -> float:
    message = copies[0].message
    with smtplib.SMTP(host, port, "bench.example.org") as client:
        started = time.perf_counter()
        for _ in copies:
            client.sendmail("list@example.org", ["person@example.net"], message)
        return time.perf_counter() - started


def _bursts(app: Flask, host: str, port: int, subscribers: int, times: int) -> list[float]:
    """Seconds from a post's commit until the sink has the last copy, with a worker running."""
    settings = app.extensions["passerelle_settings"]
    env = environment(settings.data_dir, SMARTHOST=f"smtp://{host}:{port}")
    waits: list[float] = []
    raws = generator.messages(times + 1, seed=2, attachment_bytes=2_000)
    with beside("forum", "worker", env=env), _counter(host, port) as counted:
        for place, raw in enumerate(raws):
            before = _count(counted)
            with app.app_context():
                publish(db.session(), the_list(), parse(raw, NOW), utcnow(), source=Source.EMAIL)
                db.session.commit()
            started = time.perf_counter()
            while _count(counted) < before + subscribers:
                assert time.perf_counter() < started + 60, "copies are missing"
                time.sleep(0.01)
            if place:  # The worker's first post loads much.
                waits.append(time.perf_counter() - started)
    return waits


@contextmanager
def _counter(host: str, port: int) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(host, port, "bench.example.org") as client:
        yield client


def _count(client: smtplib.SMTP) -> int:
    return int(client.docmd("XCOUNT")[1])
