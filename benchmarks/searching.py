"""Queries over an index in the data directory (the default engine), by one thread.

The peer: SQLite's FTS5 over the same texts, which folds accents but knows no languages, stems
nothing and counts no facets; asked for its best twenty and their number.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, pairwise
from pathlib import Path
from typing import Final

from benchmarks import generator
from benchmarks.figure import Figure, middle, number, percentile, ratio, timed
from forum.domain import query
from forum.domain.message import parse
from forum.domain.preparing import show
from forum.domain.values import Role
from forum.search.indexer import BATCH
from forum.search.protocol import IndexDocument, Sort
from forum.search.whoosh_index import WhooshIndex

POSTS: Final = {"tiny": 60, "quick": 2_000, "usual": 20_000, "full": 20_000}
REQUESTS: Final = {"tiny": 3, "quick": 100, "usual": 200, "full": 300}
_LISTS: Final = frozenset((1,))
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WORD: Final = re.compile(r"[a-zà-ÿ]{5,}")


def run(size: str = "usual") -> list[Figure]:
    """Measure each kind of query: the median over several of its kind."""
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as directory:
        documents = list(_documents(POSTS[size]))
        index = WhooshIndex(Path(directory) / "index")
        started = time.process_time()
        with index.writing() as ours:
            assert ours
            for start in range(0, len(documents), BATCH):
                index.add(documents[start : start + BATCH])
        adding = time.process_time() - started
        peer = _peer(documents)
        figures = [
            Figure(
                f"taken in, {len(documents):,} posts at once", len(documents) / adding, "posts/s"
            )
        ]
        for name, texts in _queries(documents).items():
            figures.append(_measured(name, texts, index, peer, REQUESTS[size]))
        index.close()
        peer.close()
    return figures


def _documents(count: int) -> Iterator[IndexDocument]:
    for post_id, raw in enumerate(generator.messages(count, attachment_bytes=100), 1):
        read = parse(raw, _NOW)
        shown = show(read.text, read.text_format, None, None)
        yield IndexDocument(
            post_id=post_id, thread_id=post_id, list_id=1, list_slug="ancrage", date=read.date,
            subject=read.subject, author=read.author.name, languages=(shown.language,), tags=(),
            attachment_names=tuple(one.filename for one in read.attachments),
            segments=shown.segments,
        )  # fmt: skip


def _peer(documents: list[IndexDocument]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE post USING fts5(subject, text, prefix='3')")
    connection.executemany(
        "INSERT INTO post (rowid, subject, text) VALUES (?, ?, ?)",
        ((one.post_id, one.subject, _own(one)) for one in documents),
    )
    return connection


def _own(document: IndexDocument) -> str:
    return "\n".join(part.text for part in document.segments if part.role == Role.REPLY)


def _queries(documents: list[IndexDocument]) -> dict[str, list[tuple[str, str]]]:
    """By kind: queries in our syntax, each with what the peer is asked (empty: it cannot)."""
    frequency: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for document in documents:
        words = _WORD.findall(_own(document).lower())
        frequency.update(set(words))
        pairs.update(set(pairwise(words)))
    common = [word for word, _ in frequency.most_common(12)]
    rare = [word for word, number in sorted(frequency.items()) if number <= 5][:12] or common
    phrases = [" ".join(pair) for pair, _ in pairs.most_common(60)]
    phrases = [p for p in phrases if any(p in _own(one).lower() for one in documents[:300])][:12]
    both = [f"{one} {other}" for one, other in pairwise(common)]
    french = Counter(
        word for one in documents if one.languages == ("fr",)
        for word in set(_WORD.findall(_own(one).lower()))
    )  # fmt: skip
    filters = "lang:fr after:1996-01 from:ndiaye"
    filtered = [f"{word} {filters}" for word, _ in french.most_common(12)]
    return {
        "rare word": [(one, one) for one in rare],
        "common word": [(one, one) for one in common],
        "two common words": [(one, one) for one in both],
        "phrase": [(f'"{one}"', f'"{one}"') for one in phrases],
        "prefix": [(f"{one[:4]}*", f"{one[:4]}*") for one in common],
        "word, language, date and author": [(one, "") for one in filtered],
        "common word, newest first": [(one, "") for one in common],
    }


def _measured(
    kind: str,
    texts: list[tuple[str, str]],
    index: WhooshIndex,
    peer: sqlite3.Connection,
    times: int,
) -> Figure:
    sort = Sort.NEWEST if kind.endswith("newest first") else Sort.RELEVANCE
    ours, theirs = cycle([query.parse(text) for text, _ in texts]), cycle([t for _, t in texts])
    found: list[int] = []
    taken = timed(
        lambda: found.append(index.find(next(ours), _LISTS, sort=sort, facets=True).total),
        times,
        seconds=8.0,
    )
    median = middle(taken.wall) * 1000
    beside = f"p95 {number(percentile(taken.wall, 95) * 1000)} ms; {middle(found):,.0f} found"
    if texts[0][1]:
        asked = middle(timed(lambda: _ask(peer, next(theirs)), times, seconds=4.0).wall) * 1000
        beside += "; " + ratio(median, asked, "FTS5", "ms")
    return Figure(f"{kind}, with facets", median, "ms", beside)


def _ask(peer: sqlite3.Connection, text: str) -> None:
    where = "FROM post WHERE post MATCH ?"
    peer.execute(f"SELECT rowid {where} ORDER BY rank LIMIT 20", (text,)).fetchall()
    peer.execute(f"SELECT count(*) {where}", (text,)).fetchall()
