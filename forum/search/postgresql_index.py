"""The engine for sites that run on PostgreSQL: its full-text search over our own terms.

No extension and no text configuration is needed: the vectors are built from the terms of
`forum.search.terms`, so both engines find the same. One row holds one post; its vector holds all
scopes, each term marked with a letter for its scope, and the values that filters ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy import not_ as sql_not
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY, TSVECTOR, insert

from forum.domain.analysis import VARIANT, variant
from forum.domain.query_tree import (
    After,
    Before,
    HasAttachment,
    InLanguage,
    InList,
    Scope,
    SearchQuery,
    Tagged,
)
from forum.search import plan as plans
from forum.search.plan import Either, Every, Plan, Starting, Stems, Without, plan
from forum.search.protocol import (
    FACET_VALUES,
    Hit,
    IndexDocument,
    IndexStatus,
    Prepared,
    SearchHits,
    Sort,
)
from forum.search.terms import Field, fields, folded_tags

VERSION: Final = 1
"""Of the analysis and the table; an index of another version is rebuilt."""

LONGEST_VECTOR: Final = 900_000
"""Bytes; PostgreSQL refuses a vector of more than 1 MB (12.11, Limitations)."""

_MOST_PLACES: Final = 255
"""Of one term in one vector; PostgreSQL keeps no more."""

_LOCK: Final = 0x50415353
"""Our number among the advisory locks of the database."""

_STEMS: Final = {Scope.TEXT: "t", Scope.SUBJECT: "s", Scope.QUOTES: "q"}
_WORDS: Final = {Scope.TEXT: "T", Scope.SUBJECT: "S", Scope.QUOTES: "Q", Scope.AUTHOR: "A"}
_LIST, _LANGUAGE, _TAG, _FILE = "N", "L", "G", "F"
_CLASSES: Final = (("A", 2.0), ("B", 1.0), ("C", 0.5), ("D", 0.25))
_RANK_WEIGHTS: Final = "{0.125, 0.25, 0.5, 1.0}"
_BY_LENGTH: Final = 1
"""`ts_rank` divides by one plus the logarithm of the length."""

metadata = MetaData()
documents = Table(
    "search_document",
    metadata,
    Column("post_id", BigInteger, primary_key=True, autoincrement=False),
    Column("list_id", BigInteger, nullable=False, index=True),
    Column("thread_id", BigInteger, nullable=False),
    Column("list_slug", Text, nullable=False),
    Column("posted", DateTime(timezone=True), nullable=False, index=True),
    Column("author", Text, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("has_attachment", Boolean, nullable=False),
    Column("build", Integer, nullable=False),
    Column("terms", TSVECTOR, nullable=False),
    # A list of what is pending would be read through by every search until a vacuum comes by.
    Index(
        "ix_search_document_terms",
        "terms",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
)
state = Table(
    "search_state",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)


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
    ) -> SearchHits:
        """Search."""
        rebuilding = self.rebuilt_to() is not None
        wanted = plan(query)
        if wanted is None or not list_ids:
            return SearchHits(0, (), rebuilding=rebuilding)
        where = and_(documents.c.list_id.in_(sorted(list_ids)), _clause(wanted))
        score = _score(wanted)
        dates = documents.c.posted
        order: tuple[ColumnElement[Any], ...] = (dates.desc(), documents.c.post_id.desc())
        if sort is Sort.OLDEST:
            order = (dates, documents.c.post_id)
        elif sort is Sort.RELEVANCE:
            order = (score.desc(), *order)
        rows = (
            select(documents.c.post_id, score.label("score"))
            .where(where)
            .order_by(*order)
            .limit(per_page)
            .offset(max(page - 1, 0) * per_page)
        )
        with self._engine.connect() as connection:
            # The planner does not know that to look into a row's vector is to fetch it from afar,
            # and compiling the statement would take longer than running it.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL jit = off"))
            total = connection.scalar(select(func.count()).select_from(documents).where(where))
            hits = tuple(
                Hit(row.post_id, round(float(row.score), 4)) for row in connection.execute(rows)
            )
            counts = _facets(connection, where) if facets else {}
        return SearchHits(total or 0, hits, counts, rebuilding)

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
        rows = {post.post_id: _row(post) for post in documents}
        if rows:
            yield Prepared(tuple(rows), list(rows.values()))

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
                row["post_id"]: {**row, "build": build} for part in prepared for row in part.content
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


def _row(post: IndexDocument) -> dict[str, Any]:
    scopes, _ = fields(post)
    return {
        "post_id": post.post_id,
        "list_id": post.list_id,
        "thread_id": post.thread_id,
        "list_slug": post.list_slug,
        "posted": post.date,
        "author": post.author.replace("\0", ""),
        "languages": list(post.languages),
        "tags": list(post.tags),
        "has_attachment": post.has_attachment,
        "terms": vector(post, scopes),
    }


def vector(post: IndexDocument, scopes: Mapping[Scope, Field]) -> str:
    """All terms of a post, as PostgreSQL reads a vector; cut before it is too long."""
    values = [(_LIST, post.list_slug), *((_LANGUAGE, code) for code in post.languages)]
    values += [(_TAG, tag) for tag in folded_tags(post.tags)]
    parts = [_lexeme(mark, value) for mark, value in values]
    if post.has_attachment:
        parts.append(_lexeme(_FILE, ""))
    for scope in (Scope.SUBJECT, Scope.AUTHOR, Scope.TEXT, Scope.QUOTES):
        field = scopes[scope]
        if scope in _STEMS:
            parts += [
                _lexeme(_STEMS[scope], stem) + ":" + _weights(weight)
                for stem, weight in field.stems.items()
            ]
        parts += [
            f"{_lexeme(_WORDS[scope], word)}:{','.join(str(n + 1) for n in places[:_MOST_PLACES])}"
            for word, places in field.words.items()
            if places
        ]
    size = 0
    kept = []
    for part in parts:
        # Entry, text and two bytes a place: never less than PostgreSQL will need.
        size += 8 + len(part.encode("utf-8"))
        if size > LONGEST_VECTOR:
            break
        kept.append(part)
    return " ".join(kept)


def _weights(weight: float) -> str:
    """A weight as places of PostgreSQL's four classes."""
    places: list[str] = []
    for name, value in _CLASSES:
        while weight >= value and len(places) < _MOST_PLACES:
            weight -= value
            places.append(f"{len(places) + 1}{name}")
    return ",".join(places) or "1D"


def _lexeme(mark: str, value: str) -> str:
    quoted = value.replace("\0", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{mark}{quoted}'"


def _matches(query: str) -> ColumnElement[bool]:
    return documents.c.terms.bool_op("@@")(cast(literal(query), TSQUERY))


def _clause(wanted: Plan) -> ColumnElement[bool]:
    """A plan as a condition; as much of it as can be is one text query, for the index's sake."""
    query = _tsquery(wanted)
    if query is not None:
        return _matches(query)
    match wanted:
        case Every(parts):
            texts = [query for part in parts if (query := _tsquery(part)) is not None]
            others = [_clause(part) for part in parts if _tsquery(part) is None]
            return and_(*([_matches(" & ".join(texts))] if texts else []), *others)
        case Either(parts):
            return or_(*(_clause(part) for part in parts))
        case Without(part):
            return sql_not(_clause(part))
        case After(moment):
            return documents.c.posted >= moment
        case Before(moment):
            return documents.c.posted < moment
    raise TypeError(f"not a plan: {wanted!r}")


def _tsquery(wanted: Plan) -> str | None:
    """A plan as a text query; None where it asks for dates."""
    match wanted:
        case Every(parts) | Either(parts):
            inner = [_tsquery(part) for part in parts]
            joint = " & " if isinstance(wanted, Every) else " | "
            known = [part for part in inner if part is not None]
            return f"({joint.join(known)})" if len(known) == len(inner) else None
        case Without(part):
            query = _tsquery(part)
            return None if query is None else f"!{query}"
        case Stems(scope, terms, excused):
            forms = [_lexeme(_STEMS[scope], term) for term in terms]
            forms += [_lexeme(_LANGUAGE, code) for code in excused]
            return f"({' | '.join(forms)})"
        case plans.Sequence():
            return _phrase(wanted)
        case Starting(scope, prefix):
            return f"({_lexeme(_WORDS[scope], prefix)}:*)"
        case After() | Before():
            return None
        case InList(slug):
            return _lexeme(_LIST, slug)
        case InLanguage(code):
            return _lexeme(_LANGUAGE, code)
        case Tagged(tag):
            return _lexeme(_TAG, tag)
        case HasAttachment():
            return _lexeme(_FILE, "")
    raise TypeError(f"not a plan: {wanted!r}")


def _phrase(sequence: plans.Sequence) -> str:
    mark = _WORDS[sequence.scope]
    query = ""
    before = 0
    for step in sequence.steps:
        if step.written is None:
            any_form = _lexeme(mark, step.word + VARIANT)
            form = f"({_lexeme(mark, step.word)} | {any_form}:*)"
        else:
            form = _lexeme(mark, variant(step.word, step.written))
        query += f" <{step.offset - before}> {form}" if query else form
        before = step.offset
    return f"({query})"


def _score(wanted: Plan) -> ColumnElement[Any]:
    """The rank by all words that may occur, whichever were required."""
    parts = _scored(wanted)
    if not parts:
        return literal(0.0)
    query = cast(literal(" | ".join(parts)), TSQUERY)
    weights = cast(literal(_RANK_WEIGHTS, Text), ARRAY(REAL))
    return func.ts_rank(weights, documents.c.terms, query, _BY_LENGTH)


def _scored(wanted: Plan) -> list[str]:
    match wanted:
        case Every(parts) | Either(parts):
            return [query for part in parts for query in _scored(part)]
        case Stems(scope, terms):
            return [_lexeme(_STEMS[scope], term) for term in terms]
        case plans.Sequence() | Starting():
            query = _tsquery(wanted)
            return [query] if query else []
        case _:
            return []


def _facets(connection: Any, where: ColumnElement[bool]) -> dict[str, dict[str, int]]:
    found = select(documents).where(where).cte("found").prefix_with("MATERIALIZED")
    year = func.extract("year", found.c.posted.op("AT TIME ZONE")("UTC"))
    values = {
        "language": func.unnest(found.c.languages),
        "year": cast(cast(year, Integer), Text),
        "author": found.c.author,
        "list": found.c.list_slug,
        "tag": func.unnest(found.c.tags),
    }
    rows = union_all(
        *(
            select(literal(name).label("name"), value.label("value"), func.count().label("n"))
            .select_from(found)
            .group_by(text("2"))
            for name, value in values.items()
        )
    )
    counts: dict[str, dict[str, int]] = {name: {} for name in values}
    for name, value, number in connection.execute(rows):
        if value:
            counts[name][value] = number
    for name, unordered in counts.items():
        by_value = sorted(unordered.items(), reverse=True)
        by_number = sorted(unordered.items(), key=lambda item: (-item[1], item[0]))
        counts[name] = dict(by_value if name == "year" else by_number[:FACET_VALUES])
    return counts
