"""A post as a row of PostgreSQL: its vector holds all scopes, and the values that filters ask for.

Each term is marked with a letter for its scope, so that one index serves all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from forum.domain.analysis import VARIANT
from forum.domain.query_tree import Scope
from forum.search.protocol import IndexDocument
from forum.search.terms import Field, fields, folded_tags

LONGEST_VECTOR: Final = 900_000
"""Bytes; PostgreSQL refuses a vector of more than 1 MB (12.11, Limitations)."""

_MOST_PLACES: Final = 255
"""Of one term in one vector; PostgreSQL keeps no more."""

STEMS: Final = {Scope.TEXT: "t", Scope.SUBJECT: "s", Scope.QUOTES: "q"}
WORDS: Final = {Scope.TEXT: "T", Scope.SUBJECT: "S", Scope.QUOTES: "Q", Scope.AUTHOR: "A"}
LIST, LANGUAGE, TAG, FILE = "N", "L", "G", "F"
_CLASSES: Final = (("A", 2.0), ("B", 1.0), ("C", 0.5), ("D", 0.25))


def row_of(post: IndexDocument) -> tuple[dict[str, Any], set[str]]:
    """A post as a row, and its words."""
    scopes = fields(post)
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
    values = [(LIST, post.list_slug), *((LANGUAGE, code) for code in post.languages)]
    values += [(TAG, tag) for tag in folded_tags(post.tags)]
    parts = [lexeme(mark, value) for mark, value in values]
    if post.has_attachment:
        parts.append(lexeme(FILE, ""))
    for scope in (Scope.SUBJECT, Scope.AUTHOR, Scope.TEXT, Scope.QUOTES):
        field = scopes[scope]
        if scope in STEMS:
            parts += [
                lexeme(STEMS[scope], stem) + ":" + _weights(weight)
                for stem, weight in field.stems.items()
            ]
        parts += [
            f"{lexeme(WORDS[scope], word)}:{','.join(str(n + 1) for n in places[:_MOST_PLACES])}"
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


def lexeme(mark: str, value: str) -> str:
    """A term with its mark, as PostgreSQL reads it in vectors and queries."""
    quoted = value.replace("\0", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{mark}{quoted}'"
