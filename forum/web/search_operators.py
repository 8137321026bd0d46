"""Searches written further: the form's fields and the counts of a facet become operators."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from flask import request

from forum.domain.query import LONGEST_QUERY
from forum.web.search_time import operators

LONGEST_FIELD: Final = 200
_CHOICE: Final = re.compile(r"\sOR\s")
OPERATORS: Final = {
    "list": "list",
    "language": "lang",
    "author": "from",
    "tag": "tag",
    "after": "after",
    "before": "before",
    "attachment": "has",
    "subject": "subject",
    "exact": "exact",
    "quotes": "in",
}
"""Fields of the form beside the box, and the operator that each writes."""


def with_operators(text: str) -> str:
    """A search with what the form's other fields ask for, written as operators."""
    parts = []
    for field, operator in OPERATORS.items():
        value = _field(field)
        if value:
            parts.append(operator_text(operator, value))
    parts += [f"-{word}" for word in _field("none").split()]
    if not parts:
        return text
    written = " ".join(parts)[:LONGEST_QUERY]
    room = LONGEST_QUERY - len(written) - len("() ")
    return f"{as_one(text[:room])} {written}" if text and room > 0 else written


def _field(name: str) -> str:
    return " ".join(request.args.get(name, "").replace('"', " ").split())[:LONGEST_FIELD]


def operator_text(operator: str, value: str) -> str:
    """`from:"Awa Ndiaye"`: an operator with its value, quoted where it must be."""
    plain = value.replace("-", "").replace("_", "").isalnum()
    return f"{operator}:{value}" if plain else f'{operator}:"{value}"'


@lru_cache(maxsize=8192)
def narrowing(facet: str, value: str) -> str:
    """The operators that narrow a search to one value of a facet."""
    if facet == "year":
        return operators(int(value), 0)
    operator = {"language": "lang", "author": "from"}.get(facet, facet)
    return operator_text(operator, value.replace('"', " "))


def narrowed(text: str, words: str) -> str:
    """A search with operators behind it."""
    return f"{as_one(text)} {words}"


def as_one(text: str) -> str:
    """A search to which operators can be added: AND binds stronger than OR."""
    return f"({text})" if _CHOICE.search(text) else text
