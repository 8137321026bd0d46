"""A list's glossary: the terms of one concept in three languages, looked for in queries and texts.

A term is compared by its key: the stems of its words in its language, so that `monnaies locales`
is the term `monnaie locale`. What is wider than the query was is said by `Expansion`, one a term.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from forum.domain.analysis import fold, normalise, occurrences
from forum.domain.query_tree import (
    AllOf,
    AnyOf,
    Node,
    Phrase,
    Scope,
    SearchQuery,
    Word,
)
from forum.domain.values import LANGUAGES, Segment

LONGEST_TERM: Final = 8
"""Words of a term; what is longer is a sentence."""

TERM_CHARACTERS: Final = 120
NOTE_CHARACTERS: Final = 500

MOST_FORMS: Final = 20
"""Forms of one concept in one language."""

MOST_EXPANSIONS: Final = 24
"""Terms by which one part of a query is widened."""

_STOP: Final = "="
_SCOPES: Final = (Scope.TEXT, Scope.SUBJECT, Scope.QUOTES)


@dataclass(frozen=True, slots=True)
class Term:
    """One form of a concept in one language: the term itself, a variant or an acronym."""

    language: str
    text: str

    @property
    def is_acronym(self) -> bool:
        """Whether it is written in capitals alone."""
        return self.text.isupper() and " " not in self.text

    @property
    def key(self) -> str:
        """What it is compared by."""
        return key(self.text, self.language)


@dataclass(frozen=True, slots=True)
class Concept:
    """What several terms mean."""

    terms: tuple[Term, ...]
    """Those of one language in their order: the first is the term, the others stand for it."""
    note: str = ""
    id: int = 0
    """Of its row; 0: it has none."""

    def forms(self, language: str) -> tuple[str, ...]:
        """Its terms in one language."""
        return tuple(term.text for term in self.terms if term.language == language)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A term that was looked for beside what was typed."""

    words: str
    """As typed."""
    term: Term


def key(text: str, language: str) -> str:
    """The stems of a term's words in its language; empty where it has no word."""
    place = LANGUAGES.index(language)
    return " ".join(_word_keys(text, place))


def _word_keys(text: str, place: int) -> list[str]:
    return [
        piece.stems[place] or _STOP + piece.word
        for occurrence in occurrences(normalise(text))
        for piece in occurrence.pieces[1:] or occurrence.pieces
    ]


def says_something(term: Term) -> bool:
    """Whether a term has words, not too many, and is more than words of grammar."""
    words = term.key.split()
    return 0 < len(words) <= LONGEST_TERM and not all(word.startswith(_STOP) for word in words)


def query_keys(query: SearchQuery) -> frozenset[str]:
    """Every key under which a part of a query may stand in a glossary."""
    found: set[str] = set()
    waiting: list[Node] = [query.root] if query.root else []
    while waiting:
        match waiting.pop():
            case AllOf(parts):
                waiting.extend(parts)
                for run in _runs(parts):
                    found.update(one for text in _spans(run) for one in _keys(text))
            case AnyOf(parts):
                waiting.extend(parts)
            case Word() | Phrase() as one if _may_widen(one):
                found.update(_keys(one.text))
            case _:
                continue
    return frozenset(found - {""})


def widen(
    query: SearchQuery, concepts: Mapping[str, Sequence[Concept]], without: Collection[str] = ()
) -> tuple[SearchQuery, tuple[Expansion, ...]]:
    """Look for the other terms of what a query names, too.

    Args:
        query: as parsed.
        concepts: by the keys of their terms; `query_keys` says which may count.
        without: terms not to be looked for, folded.

    Returns:
        The wider query, and what was added; the same query and nothing where no part is a term.
    """
    if query.root is None or not concepts:
        return query, ()
    widening = _Widening(concepts, frozenset(without))
    root = widening.node(query.root)
    return (replace(query, root=root), tuple(widening.added)) if widening.added else (query, ())


class _Widening:
    def __init__(self, concepts: Mapping[str, Sequence[Concept]], without: frozenset[str]) -> None:
        self.added: list[Expansion] = []
        self._concepts = concepts
        self._without = without

    def node(self, node: Node) -> Node:
        match node:
            case AllOf(parts):
                made = tuple(self._all(parts))
                return made[0] if len(made) == 1 else AllOf(made)
            case AnyOf(parts):
                return AnyOf(tuple(self.node(part) for part in parts))
            case Word() | Phrase() if _may_widen(node):
                return self._either(node, node.text, node) or node
            case _:
                return node

    def _all(self, parts: Sequence[Node]) -> Iterator[Node]:
        """The longest terms first: `économie sociale` is not `économie`."""
        place = 0
        while place < len(parts):
            run = _run_at(parts, place)
            for length in range(min(len(run), LONGEST_TERM), 1, -1):
                words = run[:length]
                typed = " ".join(word.text for word in words)
                found = self._either(AllOf(tuple(words)), typed, words[0])
                if found is not None:
                    yield found
                    place += length
                    break
            else:
                yield self.node(parts[place])
                place += 1

    def _either(self, node: Node, typed: str, like: Word | Phrase) -> Node | None:
        """What was typed, or any of its other terms; None where it is no term."""
        others = [*islice(self._others(typed), MOST_EXPANSIONS)]
        if not others:
            return None
        self.added += [Expansion(typed, term) for term in others]
        return AnyOf((node, *(_looked_for(term, like) for term in others)))

    def _others(self, typed: str) -> Iterator[Term]:
        seen = set()
        keys = _keys(typed)
        for concept in (one for key in keys for one in self._concepts.get(key, ())):
            for term in concept.terms:
                mark = (term.language, term.key)
                if mark in seen or term.key in keys or fold(term.text) in self._without:
                    continue
                seen.add(mark)
                yield term


def _looked_for(term: Term, like: Word | Phrase) -> Node:
    if isinstance(like, Phrase):
        return Phrase(term.text, like.scope)
    return Word(term.text, like.scope, language=term.language)


def _may_widen(node: Word | Phrase) -> bool:
    return not node.exact and node.scope in _SCOPES


def _run_at(parts: Sequence[Node], place: int) -> list[Word]:
    """The words that stand side by side from here on, looked for in the same place."""
    run: list[Word] = []
    for part in parts[place:]:
        if not isinstance(part, Word) or not _may_widen(part):
            break
        if run and part.scope is not run[0].scope:
            break
        run.append(part)
    return run


def _runs(parts: Sequence[Node]) -> Iterator[list[Word]]:
    place = 0
    while place < len(parts):
        run = _run_at(parts, place)
        yield run
        place += max(len(run), 1)


def _spans(run: Sequence[Word]) -> Iterator[str]:
    for start in range(len(run)):
        for end in range(start + 2, min(len(run), start + LONGEST_TERM) + 1):
            yield " ".join(word.text for word in run[start:end])


def _keys(text: str) -> list[str]:
    return [key(text, language) for language in LANGUAGES]


def terms_in(segments: Iterable[Segment], concepts: Iterable[Concept]) -> dict[int, int]:
    """The concepts that texts name, and how often.

    Args:
        segments: a text in none of the three languages is read as each of them.
        concepts: of one glossary, with their ids.

    Returns:
        Number of places by the id of the concept, in the order in which they first stand.
    """
    known: dict[str, list[int]] = {}
    for concept in concepts:
        for term_key in {term.key for term in concept.terms}:
            known.setdefault(term_key, []).append(concept.id)
    longest = max((len(one.split()) for one in known), default=0)
    found: dict[int, int] = {}
    for segment in segments:
        languages = (segment.language,) if segment.language in LANGUAGES else LANGUAGES
        for language in languages:
            words = _word_keys(segment.text, LANGUAGES.index(language))
            for concept_id in _named(words, known, longest):
                found[concept_id] = found.get(concept_id, 0) + 1
    return found


def _named(words: Sequence[str], known: Mapping[str, Sequence[int]], longest: int) -> Iterator[int]:
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            concepts = known.get(" ".join(words[place : place + length]))
            if concepts is not None:
                yield from concepts
                place += length
                break
        else:
            place += 1
