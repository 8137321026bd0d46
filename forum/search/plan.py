"""A query in terms: what both engines look up, so that both find the same.

A query word is looked for as each of the three languages would stem it. Where it is a stop word
in one of them, posts in that language need not contain it: `the car` asks for `car` in English
texts, and `et` asks for nothing in French ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forum.domain.analysis import Piece, fold, normalise, occurrences
from forum.domain.query_tree import (
    AllOf,
    AnyOf,
    Filter,
    Node,
    Not,
    Phrase,
    Prefix,
    Scope,
    SearchQuery,
    Word,
)
from forum.domain.values import LANGUAGES


@dataclass(frozen=True, slots=True)
class Stems:
    """Any of these stems; posts in one of the `excused` languages need none."""

    scope: Scope
    terms: tuple[str, ...]
    excused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a sequence, at its distance from the first."""

    offset: int
    word: str
    """Folded."""
    written: str | None
    """None: however it was written."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Unstemmed words at fixed distances; one word alone too."""

    scope: Scope
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Starting:
    """Unstemmed words that begin so."""

    scope: Scope
    prefix: str


@dataclass(frozen=True, slots=True)
class Every:
    """All parts."""

    parts: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part."""

    parts: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Not this."""

    part: Plan


Plan = Stems | Sequence | Starting | Every | Either | Without | Filter


def plan(query: SearchQuery) -> Plan | None:
    """The terms of a query; None where it asks for nothing."""
    return None if query.root is None else _meant(query.root)


def _meant(node: Node) -> Plan | None:
    """The plan without stop words, unless it has no other words: then they are what is wanted."""
    found = _plan(node, keep_stop_words=False)
    return found if _asks(found) else _plan(node, keep_stop_words=True)


def _asks(found: Plan | None) -> bool:
    match found:
        case Every(parts) | Either(parts):
            return any(_asks(part) for part in parts)
        case Stems():
            return not found.excused
        case Sequence() | Starting():
            return True
        case _:
            return False


def _plan(node: Node, keep_stop_words: bool) -> Plan | None:
    match node:
        case AllOf(parts):
            return _every(_plan(part, keep_stop_words) for part in parts)
        case AnyOf(parts):
            return _either(_plan(part, True) if keep_stop_words else _meant(part) for part in parts)
        case Not(part):
            # Under a minus every word counts, or `-the` would empty the result.
            inner = _plan(part, keep_stop_words=True)
            return None if inner is None else Without(inner)
        case Word():
            return _word(node, keep_stop_words)
        case Phrase():
            return _sequence(node.text, node.scope, node.exact)
        case Prefix(text, scope):
            return _prefix(text, scope)
        case _:
            return node


def _every(parts: Iterable[Plan | None]) -> Plan | None:
    known = tuple(part for part in parts if part is not None)
    if len(known) < 2:
        return known[0] if known else None
    return Every(known)


def _either(parts: Iterable[Plan | None]) -> Plan | None:
    known = tuple(part for part in parts if part is not None)
    if len(known) < 2:
        return known[0] if known else None
    return Either(known)


def _word(word: Word, keep_stop_words: bool) -> Plan | None:
    if word.exact:
        return _sequence(word.text, word.scope, exact=True)
    return _every(
        _written(occurrence.pieces, word, keep_stop_words)
        for occurrence in occurrences(normalise(word.text))
    )


def _written(pieces: tuple[Piece, ...], word: Word, keep_stop_words: bool) -> Plan | None:
    """A compound is found as a whole, or in its parts."""
    if len(pieces) < 2:
        return _every(_piece(piece, word, keep_stop_words) for piece in pieces)
    whole, *parts = pieces
    apart = _every(_piece(piece, word, keep_stop_words) for piece in parts)
    return _either((_piece(whole, word, keep_stop_words), apart))


def _piece(piece: Piece, word: Word, keep_stop_words: bool) -> Plan | None:
    as_it_is = Sequence(word.scope, (Step(0, piece.word, None),))
    if word.scope is Scope.AUTHOR:
        return as_it_is
    known = dict(zip(LANGUAGES, piece.stems, strict=True))
    if word.language:
        known = {word.language: known[word.language]}
    stems = tuple(stem for stem in known.values() if stem is not None)
    excused = tuple(code for code, stem in known.items() if stem is None)
    if keep_stop_words:
        return as_it_is if excused else Stems(word.scope, stems)
    return Stems(word.scope, stems, excused) if stems else None


def _sequence(text: str, scope: Scope, exact: bool) -> Plan | None:
    steps: list[Step] = []
    position = 0
    for occurrence in occurrences(normalise(text)):
        parts = occurrence.pieces[1:] or occurrence.pieces
        steps += [
            Step(position + part.offset, part.word, part.written if exact else None)
            for part in parts
        ]
        position += len(parts)
    return Sequence(scope, tuple(steps)) if steps else None


def _prefix(text: str, scope: Scope) -> Plan | None:
    parts = [
        piece
        for occurrence in occurrences(normalise(text))
        for piece in occurrence.pieces[1:] or occurrence.pieces
    ]
    if not parts:
        return None
    before = tuple(Sequence(scope, (Step(0, part.word, None),)) for part in parts[:-1])
    return _every((*before, Starting(scope, fold(parts[-1].word))))
