"""A search written again from its tree, as somebody would type it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from forum.domain.query_tree import (
    After,
    AllOf,
    AnyOf,
    Before,
    HasAttachment,
    InLanguage,
    InList,
    Newer,
    Node,
    Not,
    Phrase,
    Prefix,
    Scope,
    Tagged,
    Word,
)

_FIELDS: Final = {Scope.SUBJECT: "subject:", Scope.AUTHOR: "from:"}


def written(parts: Iterable[Node]) -> str:
    """Parts that all must hold."""
    known = list(parts)
    quotes = any(_in_quotes(part) for part in known)
    return " ".join([*map(_written, known), *(["in:quotes"] if quotes else [])])


def _written(node: Node) -> str:
    match node:
        case Word(text, scope, exact):
            return f"{_FIELDS.get(scope, '')}{'exact:' if exact else ''}{text}"
        case Phrase(text, scope, exact):
            return f'{_FIELDS.get(scope, "")}{"exact:" if exact else ""}"{text}"'
        case Prefix(text, scope):
            return f"{_FIELDS.get(scope, '')}{text}*"
        case AllOf(parts):
            return f"({' '.join(map(_written, parts))})"
        case AnyOf(parts):
            return f"({' OR '.join(map(_written, parts))})"
        case Not(part):
            return f"-{_written(part)}"
        case InList(slug):
            return f"list:{slug}"
        case InLanguage(code):
            return f"lang:{code}"
        case Tagged(tag):
            return f'tag:"{tag}"' if " " in tag else f"tag:{tag}"
        case After(moment):
            return f"after:{_day(moment - timedelta(days=1))}"
        case Before(moment):
            return f"before:{_day(moment)}"
        case HasAttachment():
            return "has:attachment"
        case Newer():
            raise TypeError("nobody types it")


def _in_quotes(node: Node) -> bool:
    match node:
        case Word() | Phrase() | Prefix():
            return node.scope is Scope.QUOTES
        case AllOf(parts) | AnyOf(parts):
            return any(map(_in_quotes, parts))
        case Not(part):
            return _in_quotes(part)
        case _:
            return False


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
