"""`python -m benchmarks.building SHARE SHARES COUNT`: build and sign copies, a process's share.

Of the posts that a site has, each process takes every so many-th, as workers that share a queue do.
It says `ready:` once all is loaded, begins when a line comes, and then prints its times.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.app import create_app
from forum.extensions import db
from forum.operations.raw import load_raw
from forum.storage.archive import Post
from forum.storage.base import reading
from forum.storage.people import Subscription
from mailbridge.outgoing import Builder, Copy


@dataclass(frozen=True, slots=True)
class Share:
    """What one process took for its copies."""

    seconds: float
    """By the clock."""
    processor: float
    """Seconds of processor time."""


def shares(number: int, count: int, env: Mapping[str, str]) -> list[Share]:
    """Let so many processes build and sign so many copies each, at the same time.

    Args:
        env: the settings of the site.
    """
    running = [
        subprocess.Popen(
            (sys.executable, "-m", "benchmarks.building", str(one), str(number), str(count)),
            env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for one in range(number)
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready:")
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate(timeout=300)[0]) for process in running]
    return [Share(**one) for one in told]


def copies(app: Flask, share: int, number: int) -> Iterator[Copy]:
    """Copies of one share of the posts for everybody, again and again; inside the app's context.

    Each round is built anew, as if the posts were others.
    """
    session = db.session()
    posts = list(session.scalars(select(Post).options(joinedload(Post.raw)).order_by(Post.id)))
    own = posts[share::number] or posts
    people = list(session.scalars(select(Subscription).options(joinedload(Subscription.address))))
    raws = {post.id: load_raw(post.raw) for post in own if post.raw is not None}
    kept = app.extensions["passerelle_settings"]
    for place, post in enumerate(cycle(own)):
        if place % len(own) == 0:
            builder = Builder(kept)
        for one in people:
            yield builder.build(post, partial(raws.__getitem__, post.id), one)


def main(share: int, number: int, count: int) -> None:
    """Build, sign, and tell the times."""
    app = create_app()
    with app.app_context(), reading():
        source = copies(app, share, number)
        next(source)
        print("ready: building", flush=True)
        sys.stdin.readline()
        clock, processor = time.perf_counter(), time.process_time()
        built = sum(1 for _ in islice(source, count))
        assert built == count
        taken = Share(time.perf_counter() - clock, time.process_time() - processor)
    print(json.dumps({"seconds": taken.seconds, "processor": taken.processor}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
