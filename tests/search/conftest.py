"""Both engines, empty, and a short way to write documents."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from forum.domain.query import parse
from forum.domain.values import Role, Segment
from forum.search.postgresql_index import PostgresqlIndex
from forum.search.protocol import IndexDocument, SearchIndex, Sort
from forum.search.whoosh_index import WhooshIndex
from tests.requirements import missing

EVERYWHERE = frozenset({1, 2})


def document(
    post_id: int,
    text: str = "",
    language: str = "fr",
    *,
    subject: str = "",
    author: str = "Awa Ndiaye",
    list_id: int = 1,
    date: str = "2009-05-01",
    quoted: str = "",
    more: tuple[Segment, ...] = (),
    tags: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
) -> IndexDocument:
    """A post of one own text and perhaps a quotation, both in one language."""
    segments = (Segment(Role.REPLY, text, language), *more)
    if quoted:
        segments += (Segment(Role.QUOTATION, quoted, language),)
    own = dict.fromkeys(s.language for s in segments if s.role == Role.REPLY)
    return IndexDocument(
        post_id=post_id,
        thread_id=post_id // 10,
        list_id=list_id,
        list_slug={1: "ancrage", 2: "finanzas"}[list_id],
        date=datetime.fromisoformat(date).replace(tzinfo=UTC),
        subject=subject,
        author=author,
        languages=tuple(own),
        tags=tags,
        attachment_names=files,
        segments=segments,
    )


def rebuilt(index: SearchIndex, documents: list[IndexDocument], up_to: int) -> None:
    """Take documents into the rebuild under way."""
    index.take_in_rebuilt(list(index.prepare(documents, rebuilding=True)), up_to)


class Bench:
    """An index, and questions put to it as readers do."""

    def __init__(self, index: SearchIndex, reopen: Callable[[], SearchIndex]) -> None:
        self.index = index
        self.reopen = reopen

    def holds(self, *documents: IndexDocument) -> Bench:
        with self.index.writing() as ours:
            assert ours
            if self.index.rebuilt_to() is not None:
                self.index.start_rebuild()
                self.index.finish_rebuild()
            self.index.add(documents)
        return self

    def ids(self, text: str, lists: frozenset[int] = EVERYWHERE, **options: Any) -> list[int]:
        """Ids of the posts found, in the order of the answer."""
        options.setdefault("per_page", 100)
        found = self.index.find(parse(text), lists, **options)
        assert found.total == len(found.hits) or options["per_page"] < 100
        return [hit.post_id for hit in found.hits]

    def found(self, text: str, **options: Any) -> set[int]:
        """The same, whatever their order."""
        return set(self.ids(text, **options))

    def newest(self, text: str, **options: Any) -> list[int]:
        return self.ids(text, sort=Sort.NEWEST, **options)


@pytest.fixture(params=["whoosh", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """An empty index of each engine."""
    if request.param == "whoosh":
        opened = []

        def reopen() -> SearchIndex:
            opened.append(WhooshIndex(tmp_path / "index"))
            return opened[-1]

        yield Bench(reopen(), reopen)
        for index in opened:
            index.close()
        return
    missing("postgresql")
    server = request.getfixturevalue("postgres_server")
    name = f"search_{secrets.token_hex(6)}"
    with psycopg.connect(server.uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    engine = create_engine(server.url(name))
    yield Bench(PostgresqlIndex(engine), lambda: PostgresqlIndex(engine))
    engine.dispose()
