"""What to try where a search finds little: words that may have been meant, parts left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from forum.config import search_index
from forum.domain.query import (
    AllOf,
    AnyOf,
    Node,
    Not,
    Phrase,
    Prefix,
    Scope,
    SearchQuery,
    Word,
    parse,
    text_parts,
)
from forum.domain.query_names import nearest_field
from forum.domain.query_text import written
from forum.domain.query_tree import Filter
from forum.search.protocol import SearchIndex
from forum.search.spelling import meant
from forum.web.addresses import address_with
from forum.web.search_words import explained

MOST_WORDS: Final = 8
"""Words of one search that are looked at."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A word that occurs nowhere, and the search with another in its place."""

    word: str
    instead: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Empty:
    """A part of a search that finds nothing, in words, and the search without it."""

    said: str
    text: str
    address: str
    """Empty where nothing else is left."""


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A name that stands where a field would, and the search with the nearest field."""

    name: str
    instead: str
    """Empty where no field is near, as is the address."""
    address: str


def unknown_fields(query: SearchQuery) -> list[UnknownField]:
    """What was written as a field and is none, each with the field that may have been meant."""
    found = []
    for name in query.unknown_fields:
        instead = nearest_field(name) or ""
        text = re.sub(rf"(?<!\w){re.escape(name)}:", f"{instead}:", query.text) if instead else ""
        found.append(UnknownField(name, instead, _address(text)))
    return found


def spellings(lists: frozenset[int], query: SearchQuery, total: int) -> list[Meant]:
    """What may have been meant by the words that occur nowhere; offered, never imposed.

    Args:
        lists: that the reader sees.
        total: of what was found. Where all words are needed and something was found, each occurs.
    """
    if query.root is None or (total and not _has_choice(query.root)):
        return []
    index = search_index()
    found: dict[str, Meant] = {}
    for part in text_parts(query)[:MOST_WORDS]:
        if not isinstance(part, Word) or part.scope is Scope.AUTHOR or part.text in found:
            continue
        if _count(index, SearchQuery(part.text, part), lists):
            continue
        instead = meant(index, part.text, lists)
        if instead is not None:
            text = _replaced(query.text, part.text, instead)
            found[part.text] = Meant(part.text, instead, text, _address(text))
    return list(found.values())


def empty_parts(lists: frozenset[int], query: SearchQuery, titles: dict[str, str]) -> list[Empty]:
    """The parts of a search that find nothing by themselves, for a search that finds nothing."""
    root = query.root
    if not isinstance(root, AllOf) or len(root.parts) > MOST_WORDS:
        return []
    index = search_index()
    found = []
    for number, part in enumerate(root.parts):
        alone = SearchQuery(query.text, part)
        if isinstance(part, Not) or _count(index, alone, lists):
            continue
        rest = [other for place, other in enumerate(root.parts) if place != number]
        text = written(rest)
        # To leave it out is offered where that finds something.
        text = text if text and _count(index, parse(text), lists) else ""
        found.append(Empty(explained(alone, titles).rstrip("."), text, _address(text)))
    return found


def wider(query: SearchQuery, lists: frozenset[int]) -> list[tuple[str, str]]:
    """The search made wider as a whole: any of its words, or without its filters.

    What finds nothing either is not offered.

    Returns:
        What each is, as a code, and its text.
    """
    root = query.root
    parts = root.parts if isinstance(root, AllOf) else (root,) if root else ()
    words = [part for part in parts if isinstance(part, Word | Phrase | Prefix)]
    filters = [part for part in parts if isinstance(part, Filter)]
    found = []
    if words and filters:
        found.append(("words", written(words)))
    if len(words) > 1:
        found.append(("any", " OR ".join(written([one]) for one in words)))
    index = search_index()
    return [
        (code, text)
        for code, text in found
        if text != query.text and _count(index, parse(text), lists)
    ]


def _has_choice(node: Node) -> bool:
    match node:
        case AnyOf():
            return True
        case AllOf(parts):
            return any(map(_has_choice, parts))
        case _:
            return False


def _count(index: SearchIndex, query: SearchQuery, lists: frozenset[int]) -> int:
    return index.find(query, lists, per_page=1).total


def _replaced(text: str, word: str, instead: str) -> str:
    """The text of a search with another word, the rest as it was typed."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: instead, text)


def _address(text: str) -> str:
    return address_with(q=text, page=None) if text else ""
