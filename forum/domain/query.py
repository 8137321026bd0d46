"""The search syntax: text to `SearchQuery`.

Words are joined by AND; `"phrase"`, `OR`, `-not`, `prefix*`, `( )` and fields, whose English,
French and Spanish names are accepted everywhere, with or without accents. What cannot be read is
searched as plain words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from forum.domain.analysis import fold, normalise, occurrences
from forum.domain.query_names import ATTACHMENT, FIELDS, LANGUAGE_NAMES, QUOTES
from forum.domain.query_tree import (
    After,
    AllOf,
    AnyOf,
    Before,
    HasAttachment,
    InLanguage,
    InList,
    Node,
    Not,
    Phrase,
    Prefix,
    Scope,
    SearchQuery,
    Tagged,
    Text,
    Word,
    text_parts,
)

__all__ = [
    "After",
    "AllOf",
    "AnyOf",
    "Before",
    "HasAttachment",
    "InLanguage",
    "InList",
    "Node",
    "Not",
    "Phrase",
    "Prefix",
    "Scope",
    "SearchQuery",
    "Tagged",
    "Text",
    "Word",
    "parse",
    "text_parts",
]

LONGEST_QUERY: Final = 2_000
"""Characters that are read; the rest is left out, and the query is not readable."""

DEEPEST: Final = 20
"""Parentheses inside one another."""

EARLIEST_YEAR: Final = 1000
"""Of a search: what is older was mistyped."""

_QUOTATION_MARKS: Final = str.maketrans(dict.fromkeys("“”„«»", '"') | {"\xa0": " ", "\u202f": " "})
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<paren>[()])
      | (?P<minus>[-−–](?=[^\s\-−–)]))
      | (?P<field>[^\W\d_]+):\s*(?=[^\s:/)])
      | "(?P<phrase>[^"]*)"
      | (?P<quote>")
      | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_OR: Final = "OR"
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")


class _Unreadable(Exception):
    """The text does not follow the syntax; never leaves this module."""


def parse(text: str) -> SearchQuery:
    """Read a search.

    Args:
        text: as typed, in the syntax of `/help`; never refused.
    """
    clean = normalise(text[: LONGEST_QUERY + 1]).translate(_QUOTATION_MARKS).strip()
    if len(clean) <= LONGEST_QUERY:
        try:
            parser = _Parser(clean)
            root = parser.read()
            return SearchQuery(text, root, unknown_fields=tuple(parser.unknown_fields))
        except _Unreadable:
            pass
    typed = [clean[one.start : one.end] for one in occurrences(clean[:LONGEST_QUERY])]
    # An operator that joined nothing was none of the words that were looked for.
    words = tuple(Word(one) for one in [one for one in typed if one != _OR] or typed)
    return SearchQuery(text, _join(AllOf, words), readable=False)


def _join(kind: type[AllOf] | type[AnyOf], parts: tuple[Node, ...]) -> Node | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return kind(parts)


class _Parser:
    """A descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_TOKEN.finditer(text)]
        self._next = 0
        self._in_quotes = False
        self.unknown_fields: dict[str, None] = {}

    def read(self) -> Node | None:
        root = self._any_of(0)
        if self._next < len(self._tokens):
            raise _Unreadable  # A closing parenthesis too many.
        return _in_quotes(root) if self._in_quotes and root else root

    def _peek(self, kind: str) -> str | None:
        if self._next == len(self._tokens):
            return None
        found: str | None = self._tokens[self._next].group(kind)
        return found

    def _take(self, kind: str, value: str | None = None) -> str | None:
        found = self._peek(kind)
        if found is None or (value is not None and found != value):
            return None
        self._next += 1
        return found

    def _any_of(self, depth: int) -> Node | None:
        parts = [self._all_of(depth)]
        while self._take("word", _OR):
            parts.append(self._all_of(depth))
        if len(parts) > 1 and None in parts:
            raise _Unreadable  # OR with nothing on one side.
        return _join(AnyOf, tuple(part for part in parts if part))

    def _all_of(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while self._next < len(self._tokens):
            if self._peek("paren") == ")" or self._peek("word") == _OR:
                break
            if part := self._part(depth):
                parts.append(part)
        return _join(AllOf, tuple(parts))

    def _part(self, depth: int) -> Node | None:
        negative = self._take("minus") is not None
        attached = self._next < len(self._tokens) and self._tokens[self._next][0].endswith(":")
        field = self._take("field")
        known = None if field is None else FIELDS.get(fold(field))
        node = self._value(depth) if known is None else self._field(known, depth)
        if field is not None and known is None:
            # No field of ours: `note:this` is two words, and `Re: the market` a subject.
            if attached:
                self.unknown_fields[field] = None
            node = _join(AllOf, tuple(part for part in (Word(field), node) if part))
        return Not(node) if negative and node else node

    def _value(self, depth: int, scope: Scope = Scope.TEXT, exact: bool = False) -> Node | None:
        if self._take("paren", "("):
            if depth == DEEPEST:
                raise _Unreadable
            inner = self._any_of(depth + 1)
            if not self._take("paren", ")"):
                raise _Unreadable
            return None if inner is None else _scoped(inner, scope, exact)
        phrase = self._take("phrase")
        if phrase is not None:
            return Phrase(phrase.strip(), scope, exact) if phrase.strip() else None
        word = self._take("word")
        if word is None:
            raise _Unreadable  # A lone quotation mark, or a field without a value.
        return _word(word, scope, exact)

    def _field(self, field: str, depth: int) -> Node | None:
        if field == "subject":
            return self._value(depth, Scope.SUBJECT)
        if field == "from":
            return self._value(depth, Scope.AUTHOR)
        if field == "exact":
            return self._value(depth, exact=True)
        value = self._take("word")
        if value is None:
            value = self._take("phrase")
        if not value or not value.strip():
            raise _Unreadable
        if field == "in":
            if fold(value) not in QUOTES:
                raise _Unreadable
            self._in_quotes = True
            return None
        return _FILTERS[field](value.strip())


def _word(word: str, scope: Scope, exact: bool) -> Node | None:
    if not any(True for _ in occurrences(word)):
        return None  # Punctuation alone asks for nothing.
    stem = word.rstrip("*")
    if stem != word and not exact:
        return Prefix(stem, scope)
    return Word(word, scope, exact)


def _scoped(node: Node, scope: Scope, exact: bool) -> Node:
    """Give the words inside parentheses the field that stands before them."""

    def change(part: Node) -> Node:
        if isinstance(part, Word | Phrase):
            own = part.scope if scope is Scope.TEXT else scope
            return replace(part, scope=own, exact=exact or part.exact)
        if isinstance(part, Prefix) and scope is not Scope.TEXT:
            return replace(part, scope=scope)
        return part

    return _map(node, change)


def _in_quotes(node: Node) -> Node:
    def change(part: Node) -> Node:
        if isinstance(part, Word | Phrase | Prefix) and part.scope is Scope.TEXT:
            return replace(part, scope=Scope.QUOTES)
        return part

    return _map(node, change)


def _map(node: Node, change: Callable[[Node], Node]) -> Node:
    """Change the leaves of a tree, which `DEEPEST` keeps shallow."""
    if isinstance(node, AllOf):
        return AllOf(tuple(_map(part, change) for part in node.parts))
    if isinstance(node, AnyOf):
        return AnyOf(tuple(_map(part, change) for part in node.parts))
    if isinstance(node, Not):
        return Not(_map(node.part, change))
    return change(node)


def _language(value: str) -> Node:
    name = fold(value)
    code = LANGUAGE_NAMES.get(name, name)
    if not _LANGUAGE_CODE.fullmatch(code):
        raise _Unreadable
    return InLanguage(code)


def _has(value: str) -> Node:
    if fold(value) not in ATTACHMENT:
        raise _Unreadable
    return HasAttachment()


def _span(value: str) -> tuple[datetime, datetime]:
    """Start and end, in UTC, of a year, a month or a day."""
    match = _DATE.fullmatch(value)
    if match is None:
        raise _Unreadable
    year, month, day = (int(part) if part else None for part in match.groups())
    if not year or year < EARLIEST_YEAR:
        raise _Unreadable
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day is not None:
            return start, datetime.fromordinal(start.toordinal() + 1).replace(tzinfo=UTC)
        if month is not None:
            return start, _first_of(start.year + month // 12, month % 12 + 1)
        return start, _first_of(start.year + 1, 1)
    except ValueError:
        raise _Unreadable from None


def _first_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


_FILTERS: Final[dict[str, Callable[[str], Node]]] = {
    "list": lambda value: InList(value.casefold()),
    "lang": _language,
    "tag": lambda value: Tagged(fold(value)),
    "has": _has,
    "after": lambda value: After(_span(value)[1]),
    "before": lambda value: Before(_span(value)[0]),
}
