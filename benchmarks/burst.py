"""A burst of posts by mail: archived, and with the last of all subscribers.

Over loopback sockets, as a site runs: a listener and a worker in processes of their own, mail in by
LMTP, mail out to a sink in another process that takes everything.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable
from typing import Final

from flask import Flask
from sqlalchemy import func, select

from benchmarks import generator
from benchmarks.figure import Figure
from benchmarks.processes import beside
from benchmarks.site import DOMAIN, NOW, SLUG, environment, new_site, the_list
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.subscriptions import subscribe
from forum.storage.archive import Post
from forum.storage.base import reading

SUBSCRIBERS: Final = {"tiny": 4, "quick": 200, "usual": 200, "full": 200}
POSTS: Final = {"tiny": 2, "quick": 20, "usual": 50, "full": 50}
LONGEST_SECONDS: Final = 300.0


def run(size: str = "usual") -> list[Figure]:
    """Measure one post by mail, and a burst of them, until the last copy is with the sink."""
    people, posts = SUBSCRIBERS[size], POSTS[size]
    with new_site() as app, beside("benchmarks.sink") as (host, port):
        _subscribe(app, people)
        settings = app.extensions["passerelle_settings"]
        env = environment(settings.data_dir, SMARTHOST=f"smtp://{host}:{port}")
        with (
            beside("forum", "mail", "listen", env=env) as lmtp,
            beside("forum", "worker", env=env),
            smtplib.SMTP(host, port, "bench.example.org") as counted,
        ):
            raws = list(generator.messages(posts + 2, seed=4, attachment_bytes=2_000))
            _send(app, lmtp, counted, raws[:1], people)  # The first loads much.
            _, one = _send(app, lmtp, counted, raws[1:2], people)
            archived, all_out = _send(app, lmtp, counted, raws[2:], people)
    copies = posts * people
    return [
        Figure(f"a post by mail until the last of {people} has it", one, "s"),
        Figure(f"a burst of {posts} posts by mail until all are archived", archived, "s"),
        Figure(
            f"a burst of {posts} posts by mail until the last of {people} has the last", all_out,
            "s", f"{copies / all_out:,.0f} copies/s",
        ),
    ]  # fmt: skip


def _subscribe(app: Flask, number: int) -> None:
    with app.app_context():
        for place in range(number):
            subscribe(
                db.session(), the_list(), f"person{place}@d{place % 20}.example.net", NOW,
                name=f"Person {place}", language=LANGUAGES[place % len(LANGUAGES)],
            )  # fmt: skip
        db.session.commit()


def _send(
    app: Flask, lmtp: tuple[str, int], counted: smtplib.SMTP, raws: list[bytes], people: int
) -> tuple[float, float]:
    """Hand posts in; gives the seconds until all are archived, and until all copies are out."""
    posts, copies = _posts(app), _copies(counted)
    started = time.perf_counter()
    with smtplib.LMTP(*lmtp) as client:
        for raw in raws:
            wire = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            client.sendmail("person@example.org", [f"{SLUG}@{DOMAIN}"], wire)
    archived = _until(started, lambda: _posts(app) >= posts + len(raws))
    # Nobody who reads this list wrote to it: each gets each post.
    all_out = _until(started, lambda: _copies(counted) >= copies + len(raws) * people)
    return archived, all_out


def _until(started: float, condition: Callable[[], bool]) -> float:
    while not condition():
        assert time.perf_counter() < started + LONGEST_SECONDS, "something is missing"
        time.sleep(0.01)
    return time.perf_counter() - started


def _posts(app: Flask) -> int:
    with app.app_context(), reading():
        return db.session.scalar(select(func.count(Post.id))) or 0


def _copies(client: smtplib.SMTP) -> int:
    return int(client.docmd("XCOUNT")[1])
