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
    Select,
    String,
    Table,
    Text,
    and_,
    case,
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
    Newer,
    Scope,
    SearchQuery,
    Tagged,
)
from forum.domain.values import MULTIPLE
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

VERSION: Final = 2
"""Of the analysis and the table; an index of another version is rebuilt."""

LONGEST_VECTOR: Final = 900_000
"""Bytes; PostgreSQL refuses a vector of more than 1 MB (12.11, Limitations)."""

MOST_WORDS: Final = 20_000
"""That begin with the same letters."""

_MONTH: Final = "month"

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
words = Table("search_word", metadata, Column("word", Text(collation="C"), primary_key=True))
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
        by_thread: bool = False,
    ) -> SearchHits:
        """Search."""
        rebuilding = self.rebuilt_to() is not None
        wanted = plan(query)
        if wanted is None or not list_ids:
            return SearchHits(0, (), rebuilding=rebuilding)
        where = and_(documents.c.list_id.in_(sorted(list_ids)), _clause(wanted))
        rows = _page(where, _score(wanted), sort, by_thread)
        rows = rows.limit(per_page).offset(max(page - 1, 0) * per_page)
        counted = documents.c.thread_id.distinct() if by_thread else documents.c.post_id
        with self._engine.connect() as connection:
            # The planner does not know that to look into a row's vector is to fetch it from afar,
            # and compiling the statement would take longer than running it.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL jit = off"))
            total = connection.scalar(select(func.count(counted)).where(where))
            hits = tuple(
                Hit(row.post_id, round(float(row.score), 4), row.in_thread)
                for row in connection.execute(rows)
            )
            counts = _facets(connection, where) if facets else {}
        months = _months(counts.pop(_MONTH, {}))
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
            rows[post.post_id], own = _row(post)
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


def _page(
    where: ColumnElement[bool], score: ColumnElement[Any], sort: Sort, by_thread: bool
) -> Select[Any]:
    """The hits in order; by thread the first of each, with their number."""
    post, date = documents.c.post_id, documents.c.posted
    if not by_thread:
        rows = select(post, score.label("score"), literal(1).label("in_thread")).where(where)
        return rows.order_by(*_order(sort, score, date, post))
    order = _order(sort, score, date, post)
    thread = documents.c.thread_id
    inner = (
        select(
            post,
            date,
            score.label("score"),
            func.row_number().over(partition_by=thread, order_by=order).label("place"),
            func.count().over(partition_by=thread).label("in_thread"),
        )
        .where(where)
        .subquery()
    )
    columns = inner.c
    rows = select(columns.post_id, columns.score, columns.in_thread).where(columns.place == 1)
    return rows.order_by(*_order(sort, columns.score, columns.posted, columns.post_id))


def _order(
    sort: Sort, score: ColumnElement[Any], date: ColumnElement[Any], post: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ...]:
    if sort is Sort.OLDEST:
        return date, post
    newest = (date.desc(), post.desc())
    return (score.desc(), *newest) if sort is Sort.RELEVANCE else newest


def _months(values: Mapping[str, int]) -> dict[tuple[int, int], dict[str, int]]:
    """`2009-04 fr` and its number, taken apart."""
    found: dict[tuple[int, int], dict[str, int]] = {}
    for value, number in values.items():
        month, _, language = value.partition(" ")
        year, _, in_year = month.partition("-")
        found.setdefault((int(year), int(in_year)), {})[language] = number
    return found


def _row(post: IndexDocument) -> tuple[dict[str, Any], set[str]]:
    """A post as a row, and its words."""
    scopes, _ = fields(post)
    own = {word.partition(VARIANT)[0].replace("\0", "") for word in scopes[Scope.TEXT].words}
    row = {
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
    return row, own - {""}


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
        case Newer(post_id):
            return documents.c.post_id > post_id
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
        case After() | Before() | Newer():
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
        _MONTH: func.to_char(found.c.posted.op("AT TIME ZONE")("UTC"), "YYYY-MM ")
        + case((func.cardinality(found.c.languages) == 1, found.c.languages[1]), else_=MULTIPLE),
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
        if name == _MONTH:
            continue
        by_value = sorted(unordered.items(), reverse=True)
        by_number = sorted(unordered.items(), key=lambda item: (-item[1], item[0]))
        counts[name] = dict(by_value if name == "year" else by_number[:FACET_VALUES])
    return counts
