"""The engine for sites that run on PostgreSQL: its full-text search over our own terms.

No extension and no text configuration is needed: the vectors are built from the terms of
`forum.search.terms`, so both engines find the same. One row holds one post; its vector holds all
scopes, each term marked with a letter for its scope, and the values that filters ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, Text, and_, cast, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from forum.domain.query_tree import SearchQuery
from forum.search.plan import plan
from forum.search.postgresql_clauses import clause, page_of, score_of
from forum.search.postgresql_facets import MONTH, facets_of, months_of
from forum.search.postgresql_rows import row_of
from forum.search.postgresql_tables import documents, metadata, state, words
from forum.search.protocol import Hit, IndexDocument, IndexStatus, Prepared, SearchHits, Sort

VERSION: Final = 2
"""Of the analysis and the table; an index of another version is rebuilt."""

MOST_WORDS: Final = 20_000
"""That begin with the same letters."""

_PLANNING: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
    " set_config('work_mem', '32MB', true)"
)
"""What a search lets the planner do; one statement, for each is a way there and back."""

_LOCK: Final = 0x50415353
"""Our number among the advisory locks of the database."""


class PostgresqlIndex:
    """The index in a database; `forum.search.protocol.SearchIndex` says what each method does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made = False

    def _make(self) -> None:
        if self._made:
            return
        with self._engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK + 1)))
            metadata.create_all(connection)
        self._made = True

    def find(
        self,
        query: SearchQuery,
        list_ids: frozenset[int],
        page: int = 1,
        per_page: int = 20,
        sort: Sort = Sort.RELEVANCE,
        facets: bool = False,
        by_thread: bool = False,
    ) -> SearchHits:
        """Search."""
        rebuilding = self.rebuilt_to() is not None
        wanted = plan(query)
        if wanted is None or not list_ids:
            return SearchHits(0, (), rebuilding=rebuilding)
        where = and_(documents.c.list_id.in_(sorted(list_ids)), clause(wanted))
        rows = page_of(where, score_of(wanted), sort, by_thread)
        rows = rows.limit(per_page).offset(max(page - 1, 0) * per_page)
        counted = documents.c.thread_id.distinct() if by_thread else documents.c.post_id
        with self._engine.connect() as connection:
            # The planner does not know that to look into a row's vector is to fetch it from afar,
            # and compiling the statement would take longer than running it.
            connection.execute(_PLANNING)
            total = connection.scalar(select(func.count(counted)).where(where))
            hits = tuple(
                Hit(row.post_id, round(float(row.score), 4), row.in_thread)
                for row in connection.execute(rows)
            )
            counts = facets_of(connection, where) if facets else {}
        months = months_of(counts.pop(MONTH, {}))
        return SearchHits(total or 0, hits, counts, months, rebuilding)

    def words(self, prefix: str) -> Iterable[str]:
        """Words that begin so."""
        self._make()
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        some = select(words.c.word).where(words.c.word >= prefix, words.c.word < end)
        with self._engine.connect() as connection:
            return connection.scalars(some.limit(MOST_WORDS)).all()

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Take the lock, which ends with the connection at the latest."""
        self._make()
        with self._engine.connect() as connection:
            ours = bool(connection.scalar(select(func.pg_try_advisory_lock(_LOCK))))
            connection.commit()
            try:
                yield ours
            finally:
                if ours:
                    connection.execute(select(func.pg_advisory_unlock(_LOCK)))
                    connection.commit()

    def prepare(
        self, documents: Iterable[IndexDocument], *, rebuilding: bool = False
    ) -> Iterator[Prepared]:
        """Make the rows."""
        rows: dict[int, dict[str, Any]] = {}
        found: set[str] = set()
        for post in documents:
            rows[post.post_id], own = row_of(post)
            found |= own
        if rows:
            yield Prepared(tuple(rows), (list(rows.values()), sorted(found)))

    def take_in(self, prepared: Sequence[Prepared]) -> None:
        """Take in posts."""
        self._make()
        self._write(prepared)

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Prepare and take in."""
        self.take_in(list(self.prepare(documents)))

    def _write(self, prepared: Sequence[Prepared], up_to: int | None = None) -> None:
        with self._engine.begin() as connection:
            build = _value(connection, "build") or 0
            rows = {
                row["post_id"]: {**row, "build": build}
                for part in prepared
                for row in part.content[0]
            }
            if rows:
                statement = insert(documents)
                changed = {
                    column.name: statement.excluded[column.name]
                    for column in documents.c
                    if not column.primary_key
                }
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[documents.c.post_id], set_=changed
                    ),
                    list(rows.values()),
                )
            for part in prepared:
                _keep_words(connection, part.content[1])
            if up_to is not None:
                _note(connection, rebuilt_to=up_to)

    def remove(self, post_ids: Collection[int]) -> None:
        """Forget posts."""
        self._make()
        with self._engine.begin() as connection:
            connection.execute(delete(documents).where(documents.c.post_id.in_(list(post_ids))))

    def status(self) -> IndexStatus:
        """How it stands."""
        rebuilding = self.rebuilt_to() is not None
        with self._engine.connect() as connection:
            indexed = connection.scalar(select(func.count()).select_from(documents)) or 0
            size = connection.scalar(select(func.pg_total_relation_size(documents.name))) or 0
        return IndexStatus("postgresql", indexed, size, rebuilding)

    def start_rebuild(self) -> None:
        """Begin a new build; the rows of the old one answer until they are replaced."""
        self._make()
        with self._engine.begin() as connection:
            build = (_value(connection, "build") or 0) + 1
            connection.execute(delete(state))
            _note(connection, build=build, rebuilt_to=0)

    def rebuilt_to(self) -> int | None:
        """How far a rebuild has come."""
        self._make()
        with self._engine.connect() as connection:
            values = {row.name: row.value for row in connection.execute(select(state))}
        if "rebuilt_to" in values:
            return int(values["rebuilt_to"])
        return None if values.get("version") == VERSION else 0

    def take_in_rebuilt(self, prepared: Sequence[Prepared], up_to: int) -> None:
        """Take posts into the new build."""
        self._write(prepared, up_to)

    def finish_rebuild(self) -> None:
        """Drop what is left of the old build."""
        with self._engine.begin() as connection:
            build = _value(connection, "build") or 0
            connection.execute(delete(documents).where(documents.c.build != build))
            connection.execute(delete(state).where(state.c.name == "rebuilt_to"))
            _note(connection, version=VERSION)
            # Without statistics the planner reads all rows.
            connection.execute(text(f"ANALYZE {documents.name}"))

    def tidy(self) -> bool:
        """PostgreSQL does its own."""
        return False

    def close(self) -> None:
        """The engine is the caller's."""


def _value(connection: Any, name: str) -> int | None:
    found: int | None = connection.scalar(select(state.c.value).where(state.c.name == name))
    return found


def _note(connection: Any, **values: int) -> None:
    for name, value in values.items():
        statement = insert(state).values(name=name, value=value)
        connection.execute(
            statement.on_conflict_do_update(index_elements=[state.c.name], set_={"value": value})
        )


def _keep_words(connection: Any, found: Sequence[str]) -> None:
    """Note words that were not known; none is ever taken off."""
    if found:
        values = select(func.unnest(cast(literal(list(found), ARRAY(Text)), ARRAY(Text))))
        statement = insert(words).from_select([words.c.word], values)
        connection.execute(statement.on_conflict_do_nothing())
