"""What somebody searches for, as a tree; `forum.domain.query.parse` makes it from text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """Where a word is looked for."""

    TEXT = "text"
    """Subject, own text, tags, names of attachments."""
    SUBJECT = "subject"
    AUTHOR = "author"
    QUOTES = "quotes"
    """Text quoted from others."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed; a compound or an elision is taken apart by the analysis."""

    text: str
    scope: Scope = Scope.TEXT
    exact: bool = False
    """As written: accents, case and endings count."""
    language: str = ""
    """The one whose stems are looked for; empty: all three."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together in this order."""

    text: str
    scope: Scope = Scope.TEXT
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin so."""

    text: str
    scope: Scope = Scope.TEXT


@dataclass(frozen=True, slots=True)
class InList:
    """In the list with this slug."""

    slug: str


@dataclass(frozen=True, slots=True)
class InLanguage:
    """With own text in this language, a BCP 47 code."""

    code: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """In a thread with this tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class After:
    """Not before this moment: the end of the time that was named."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """Earlier than this moment: the start of the time that was named."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Newer:
    """Stored later than the post with this id; nobody types it."""

    post_id: int


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """With a file."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Node


Text = Word | Phrase | Prefix
Filter = InList | InLanguage | Tagged | After | Before | Newer | HasAttachment
Node = Text | Filter | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search as it was understood."""

    text: str
    """As typed."""
    root: Node | None
    """None: there is nothing to search for."""
    readable: bool = True
    """Whether it was understood as written; otherwise `root` is its plain words."""
    unknown_fields: tuple[str, ...] = ()
    """Names that stand where a field would and are none: they are looked for as words."""


def text_parts(query: SearchQuery) -> tuple[Text, ...]:
    """The words, phrases and prefixes a hit may contain, in order; those under a `-` left out."""
    found: list[Text] = []
    waiting: list[Node] = [query.root] if query.root else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, AllOf | AnyOf):
            waiting.extend(reversed(node.parts))
        elif isinstance(node, Word | Phrase | Prefix):
            found.append(node)
    return tuple(found)
