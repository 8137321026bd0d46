"""A search said in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from babel.lists import format_list
from flask_babel import gettext as _

from forum import i18n
from forum.domain.days import day_in_words
from forum.domain.query import (
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
    Word,
)

MOST_PARTS: Final = 40
"""A longer search is not said in words."""


def explained(query: SearchQuery, titles: dict[str, str]) -> str:
    """What a search asks for, as one sentence; empty where it is too long to be said.

    Args:
        titles: of the lists that the reader sees, by slug.
    """
    if query.root is None or _size(query.root) > MOST_PARTS:
        return ""
    parts = query.root.parts if isinstance(query.root, AllOf) else (query.root,)
    said = _and(_clauses(parts, titles))
    return str(_("Posts %(conditions)s.", conditions=said))


def _size(node: Node) -> int:
    match node:
        case AllOf(parts) | AnyOf(parts):
            return sum(map(_size, parts))
        case Not(part):
            return _size(part)
        case _:
            return 1


def _clauses(parts: Iterable[Node], titles: dict[str, str]) -> list[str]:
    """A clause a kind: words looked for in one place stand together, as do languages."""
    clauses: list[str] = []
    words: dict[Scope, list[str]] = {}
    others: list[Node] = []
    for part in parts:
        if isinstance(part, Word | Phrase | Prefix):
            words.setdefault(part.scope, []).append(_quoted(part))
        else:
            others.append(part)
    for scope, quoted in words.items():
        clauses.append(_CONTAINING[scope](_and(quoted)))
    clauses += [_clause(part, titles) for part in others]
    return clauses


def _clause(node: Node, titles: dict[str, str]) -> str:
    match node:
        case AllOf(parts):
            return _and(_clauses(parts, titles))
        case AnyOf(parts):
            return _either(parts, titles)
        case Not(part):
            return str(_("but not %(condition)s", condition=_clause(part, titles)))
        case Word() | Phrase() | Prefix():
            return _CONTAINING[node.scope](_quoted(node))
        case InLanguage(code):
            return str(_("in %(language)s", language=i18n.language_name(code)))
        case InList(slug):
            return str(_("in the list %(title)s", title=titles.get(slug, slug)))
        case Tagged(tag):
            return str(_("with the tag %(tag)s", tag=tag))
        case HasAttachment():
            return str(_("with an attachment"))
        case After(moment):
            return str(_("written on %(day)s or later", day=_day(moment)))
        case Before(moment):
            last = moment - timedelta(days=1)
            return str(_("written on %(day)s or earlier", day=_day(last)))
        case _:
            raise TypeError(f"not said in words: {node!r}")


def _either(parts: tuple[Node, ...], titles: dict[str, str]) -> str:
    """What any of several asks for: in one clause where they are of one kind."""
    languages = [part.code for part in parts if isinstance(part, InLanguage)]
    if len(languages) == len(parts):
        names = [i18n.language_name(code) for code in languages]
        return str(_("in %(language)s", language=_or(names)))
    words = [part for part in parts if isinstance(part, Word | Phrase | Prefix)]
    if len(words) == len(parts) and len({part.scope for part in words}) == 1:
        return _CONTAINING[words[0].scope](_or([_quoted(part) for part in words]))
    return _or([_clause(part, titles) for part in parts])


def _quoted(part: Word | Phrase | Prefix) -> str:
    if isinstance(part, Prefix):
        return str(_("a word that begins with “%(word)s”", word=part.text))
    if part.exact:
        return str(_("“%(word)s” exactly as written", word=part.text))
    return str(_("“%(word)s”", word=part.text))


_CONTAINING: Final[dict[Scope, Callable[[str], str]]] = {
    Scope.TEXT: lambda words: str(_("containing %(words)s", words=words)),
    Scope.SUBJECT: lambda words: str(_("with %(words)s in the subject", words=words)),
    Scope.AUTHOR: lambda words: str(_("by an author called %(words)s", words=words)),
    Scope.QUOTES: lambda words: str(_("quoting %(words)s", words=words)),
}


def _and(parts: list[str]) -> str:
    return format_list(parts, "standard", locale=i18n.current_language())


def _or(parts: list[str]) -> str:
    return format_list(parts, "or", locale=i18n.current_language())


def _day(moment: datetime) -> str:
    return day_in_words(moment.date(), i18n.current_language())
