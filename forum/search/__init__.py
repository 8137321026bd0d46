"""Full-text search: two engines behind one protocol."""

from __future__ import annotations

from sqlalchemy import Engine

from forum.search.postgresql_index import PostgresqlIndex
from forum.search.protocol import (
    Hit,
    IndexDocument,
    IndexStatus,
    SearchHits,
    SearchIndex,
    Sort,
)
from forum.search.snippets import (
    Marks,
    Passage,
    highlight,
    looked_through,
    marks,
    marks_words,
    passage,
    snippet,
)
from forum.search.whoosh_index import WhooshIndex
from forum.settings import Settings, SettingsError

__all__ = [
    "Hit",
    "IndexDocument",
    "IndexStatus",
    "Marks",
    "Passage",
    "SearchHits",
    "SearchIndex",
    "Sort",
    "highlight",
    "looked_through",
    "marks",
    "marks_words",
    "open_index",
    "passage",
    "snippet",
]


def open_index(settings: Settings, engine: Engine) -> SearchIndex:
    """The engine that the settings name.

    Args:
        settings: `search` and `data_dir` count.
        engine: of the database, for full-text search inside PostgreSQL.

    Raises:
        SettingsError: PostgreSQL is to search, and the database is another.
    """
    if settings.search == "whoosh":
        return WhooshIndex(settings.data_dir / "index")
    if engine.dialect.name != "postgresql":
        raise SettingsError("SEARCH=postgresql needs a DATABASE_URL of PostgreSQL")
    return PostgresqlIndex(engine)
