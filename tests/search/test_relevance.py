"""Sixty judged searches over the demonstration archive are answered well by both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.relevance import fill, judged, ndcg, scores
from forum.config import search_index
from forum.extensions import db
from forum.search.postgresql_index import PostgresqlIndex
from forum.storage.lists import MailingList
from tests.commands.conftest import Run, run

__all__ = ["run"]

LEAST_MEAN = 0.95
LEAST_WHOLE = 0.75
"""The share of searches whose answers stand in the best order."""


def test_judged_searches_are_answered_well(session: Session, run: Run) -> None:
    run("demo")
    on_postgresql = db.engine.dialect.name == "postgresql"
    index = PostgresqlIndex(db.engine) if on_postgresql else search_index()
    fill(index, session)
    judgements = judged(session)
    assert len(judgements) == 60
    found = scores(index, judgements, frozenset(session.scalars(select(MailingList.id))))
    mean = sum(found.values()) / len(found)
    worst = sorted(found, key=lambda query: found[query])[:12]
    told = ", ".join(f"{query}: {found[query]:.2f}" for query in worst)
    assert mean >= LEAST_MEAN, f"{mean:.3f}; {told}"
    whole = sum(score > 0.999 for score in found.values()) / len(found)
    assert whole >= LEAST_WHOLE, f"{whole:.2f}; {told}"
    assert all(score > 0 for score in found.values()), told


def test_the_gain_is_that_of_the_best_order() -> None:
    assert ndcg([3, 2, 0, 1], [3, 2, 1]) == pytest.approx(0.9925, abs=0.001)
    assert ndcg([3, 2, 1], [1, 2, 3]) == 1
    assert ndcg([0, 0], [2]) == 0
    assert ndcg([], [3]) == 0
    assert ndcg([0] * 10 + [3], [3]) == 0
