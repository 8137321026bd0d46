"""A search with what glossaries add to it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from forum.domain.glossary import Expansion, query_keys, widen
from forum.domain.query_tree import SearchQuery
from forum.storage.glossary import concepts_by_key


def widened(
    session: Session,
    query: SearchQuery,
    list_ids: Collection[int],
    without: Collection[str] = (),
) -> tuple[SearchQuery, tuple[Expansion, ...]]:
    """The wider query, and the terms that were added.

    Args:
        list_ids: what the reader may see: no other glossary counts.
        without: terms not to be added, folded.
    """
    keys = query_keys(query)
    if not keys or not list_ids:
        return query, ()
    return widen(query, concepts_by_key(session, list_ids, keys), without)
