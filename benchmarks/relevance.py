"""How well searches are answered: sixty over the demonstration archive, with judged answers.

The figure is nDCG@10: the normalised discounted cumulative gain of the first ten hits (K. Järvelin
and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002); 1 is the best order.
"""

from __future__ import annotations

import math
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy import select
from sqlalchemy.orm import Session

import forum
from benchmarks.figure import Figure
from benchmarks.site import NOW, new_site
from forum.commands.demo import FOLDER, demo
from forum.domain.message import parse as parse_message
from forum.domain.query import parse
from forum.extensions import db
from forum.search.documents import documents
from forum.search.protocol import SearchIndex
from forum.search.whoosh_index import WhooshIndex
from forum.storage.archive import Post
from forum.storage.lists import MailingList

JUDGEMENTS: Final = Path(forum.__file__).parent.parent / "tests" / "search" / "judgements.toml"
DEPTH: Final = 10

Judged = Mapping[str, Mapping[int, int]]
"""Post id to grade (1 to 3), by search."""


def run() -> list[Figure]:
    """The mean over all searches, and the worst."""
    with new_site() as app, tempfile.TemporaryDirectory() as folder:
        CliRunner().invoke(demo, obj=ScriptInfo(create_app=lambda: app), catch_exceptions=False)
        with app.app_context():
            index = WhooshIndex(Path(folder) / "index")
            fill(index, db.session())
            lists = frozenset(db.session.scalars(select(MailingList.id)))
            found = scores(index, judged(db.session()), lists)
            index.close()
    return figures(found)


def figures(found: Mapping[str, float]) -> list[Figure]:
    """Scores by search as what is printed."""
    worst = min(found, key=lambda query: found[query])
    whole = sum(score > 0.999 for score in found.values())
    return [
        Figure("nDCG@10, mean of 60 searches", sum(found.values()) / len(found), "", "1 at best"),
        Figure("searches in the best order", whole, "", f"of {len(found)}"),
        Figure("the worst search", found[worst], "", worst),
    ]


def judged(session: Session) -> Judged:
    """The judgements, by the ids that the posts have in this database."""
    by_name: dict[str, int] = {}
    for path in sorted(FOLDER.glob("*/*.eml")):
        digest = parse_message(path.read_bytes(), NOW).content_digest
        by_name[f"{path.parent.name[0]}{path.stem}"] = session.scalars(
            select(Post.id).where(Post.content_digest == digest)
        ).one()
    table = tomllib.loads(JUDGEMENTS.read_text(encoding="utf-8"))
    return {
        query: {by_name[name]: grade for name, grade in answers.items()}
        for query, answers in table.items()
    }


def fill(index: SearchIndex, session: Session) -> None:
    """Take every post into an empty index."""
    ids = list(session.scalars(select(Post.id)))
    with index.writing():
        index.start_rebuild()
        index.take_in_rebuilt(
            list(index.prepare(documents(session, ids), rebuilding=True)), ids[-1]
        )
        index.finish_rebuild()


def scores(index: SearchIndex, judgements: Judged, list_ids: frozenset[int]) -> dict[str, float]:
    """nDCG@10 of each search."""
    found = {}
    for query, grades in judgements.items():
        hits = index.find(parse(query), list_ids, per_page=DEPTH).hits
        found[query] = ndcg([grades.get(hit.post_id, 0) for hit in hits], grades.values())
    return found


def ndcg(gained: Sequence[int], grades: Iterable[int]) -> float:
    """The gain of hits in their order by that of the best order.

    Args:
        gained: grades of the hits, the first one first.
        grades: of all answers there are.
    """
    best = _gain(sorted(grades, reverse=True)[:DEPTH])
    return _gain(gained[:DEPTH]) / best if best else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))
