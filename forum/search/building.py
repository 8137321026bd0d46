"""Processes of their own that analyse posts for the index.

Whoever holds the writer's lock has them prepare many posts at once, each a part, and then takes
what they give into the index in one commit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from forum.children import Children
from forum.search import open_index
from forum.search.documents import documents
from forum.search.protocol import Prepared, SearchIndex
from forum.settings import Settings
from forum.storage.base import configure_engine, reading

LARGEST_PART: Final = 2_000
"""Posts that one process prepares at a time; the memory it takes grows with them."""

_SMALLEST_PART: Final = 500


@dataclass(frozen=True, slots=True)
class _Part:
    post_ids: tuple[int, ...]
    rebuilding: bool


class Builders(Children):
    """The processes, for as long as there is much to do."""

    def __init__(self, settings: Settings, number: int | None = None) -> None:
        super().__init__(lambda: _prepared(settings), number or os.cpu_count() or 1)

    @property
    def appetite(self) -> int:
        """Posts that keep all of them busy for a while."""
        return 2 * self.number * LARGEST_PART

    def prepare(self, post_ids: Sequence[int], *, rebuilding: bool = False) -> list[Prepared]:
        """Those of these posts that are shown, made ready for the index.

        Raises:
            ChildEnded: a process ended on them.
        """
        rounds = max(1, -(-len(post_ids) // (self.number * LARGEST_PART)))
        size = max(_SMALLEST_PART, -(-len(post_ids) // (self.number * rounds)))
        parts: list[Future[list[Prepared]]] = [
            self.submit(_Part(tuple(post_ids[start : start + size]), rebuilding))
            for start in range(0, len(post_ids), size)
        ]
        return [prepared for part in parts for prepared in part.result()]


def prepare(
    session: Session, index: SearchIndex, post_ids: Sequence[int], *, rebuilding: bool = False
) -> list[Prepared]:
    """The same in this process."""
    with reading():
        found = list(index.prepare(documents(session, post_ids), rebuilding=rebuilding))
        session.rollback()
    return found


def _prepared(settings: Settings) -> Callable[[_Part], list[Prepared]]:
    engine: Engine = create_engine(settings.database_url)
    configure_engine(engine, cache_kilobytes=2_000)
    index = open_index(settings, engine)

    def answer(part: _Part) -> list[Prepared]:
        with Session(engine) as session:
            return prepare(session, index, part.post_ids, rebuilding=part.rebuilding)

    return answer
