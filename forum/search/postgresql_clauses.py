"""A plan as conditions of PostgreSQL, its rank, and the hits in their order."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal, or_, select
from sqlalchemy import not_ as sql_not
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY

from forum.domain.analysis import VARIANT, variant
from forum.domain.query_tree import After, Before, HasAttachment, InLanguage, InList, Newer, Tagged
from forum.search import plan as plans
from forum.search.plan import Either, Every, Plan, Starting, Stems, Without
from forum.search.postgresql_rows import FILE, LANGUAGE, LIST, STEMS, TAG, WORDS, lexeme
from forum.search.postgresql_tables import documents
from forum.search.protocol import Sort

_RANK_WEIGHTS: Final = "{0.125, 0.25, 0.5, 1.0}"
_BY_LENGTH: Final = 1
"""`ts_rank` divides by one plus the logarithm of the length."""


def page_of(
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


def _matches(query: str) -> ColumnElement[bool]:
    return documents.c.terms.bool_op("@@")(cast(literal(query), TSQUERY))


def clause(wanted: Plan) -> ColumnElement[bool]:
    """A plan as a condition; as much of it as can be is one text query, for the index's sake."""
    query = _tsquery(wanted)
    if query is not None:
        return _matches(query)
    match wanted:
        case Every(parts):
            texts = [query for part in parts if (query := _tsquery(part)) is not None]
            others = [clause(part) for part in parts if _tsquery(part) is None]
            return and_(*([_matches(" & ".join(texts))] if texts else []), *others)
        case Either(parts):
            return or_(*(clause(part) for part in parts))
        case Without(part):
            return sql_not(clause(part))
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
            forms = [lexeme(STEMS[scope], term) for term in terms]
            forms += [lexeme(LANGUAGE, code) for code in excused]
            return f"({' | '.join(forms)})"
        case plans.Sequence():
            return _phrase(wanted)
        case Starting(scope, prefix):
            return f"({lexeme(WORDS[scope], prefix)}:*)"
        case After() | Before() | Newer():
            return None
        case InList(slug):
            return lexeme(LIST, slug)
        case InLanguage(code):
            return lexeme(LANGUAGE, code)
        case Tagged(tag):
            return lexeme(TAG, tag)
        case HasAttachment():
            return lexeme(FILE, "")
    raise TypeError(f"not a plan: {wanted!r}")


def _phrase(sequence: plans.Sequence) -> str:
    mark = WORDS[sequence.scope]
    query = ""
    before = 0
    for step in sequence.steps:
        if step.written is None:
            any_form = lexeme(mark, step.word + VARIANT)
            form = f"({lexeme(mark, step.word)} | {any_form}:*)"
        else:
            form = lexeme(mark, variant(step.word, step.written))
        query += f" <{step.offset - before}> {form}" if query else form
        before = step.offset
    return f"({query})"


def score_of(wanted: Plan) -> ColumnElement[Any]:
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
            return [lexeme(STEMS[scope], term) for term in terms]
        case plans.Sequence() | Starting():
            query = _tsquery(wanted)
            return [query] if query else []
        case _:
            return []
