"""The lines around what was found, with every hit marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from forum.domain.analysis import Piece, normalise, pieces, words
from forum.domain.query_tree import Scope, SearchQuery
from forum.domain.values import LANGUAGES, Role, Segment
from forum.search.plan import Either, Every, Plan, Sequence, Starting, Stems, Without, plan

DEFAULT_LENGTH: Final = 220
"""Characters, without the marks."""

_BEFORE: Final = 60
_KNOWN_WORDS: Final = 5_000
"""Of a query: words of texts, hits or not, that are remembered."""
_SPACE = re.compile(r"\s+")
_READ: Final = 40_000
"""Characters of a segment that are looked through."""


def snippet(
    segments: Iterable[Segment], query: SearchQuery, length: int = DEFAULT_LENGTH
) -> Markup:
    """The first place that shows what was searched for, or the beginning.

    Args:
        segments: of one post; own text is preferred to quotations unless those were searched.
        query: as parsed.
        length: characters of text, about.

    Returns:
        Escaped HTML in which each hit stands in `<mark>`.
    """
    wanted = _wanted(query)
    first, second = (Role.QUOTATION, Role.REPLY) if wanted.in_quotes else (Role.REPLY, None)
    known = list(segments)
    ordered = [s for s in known if s.role == first] + [s for s in known if s.role == second]
    opening, spoken = "", ""
    for segment in ordered:
        text = normalise(_SPACE.sub(" ", segment.text[:_READ])).strip()
        if text and not opening:
            opening, spoken = text, segment.language
        start = wanted.first(text, segment.language)
        if start is not None:
            return _cut(text, segment.language, start, wanted, length)
    return _cut(opening, spoken, None, wanted, length)


def highlight(text: str, language: str, query: SearchQuery) -> Markup:
    """A whole short text, such as a subject, escaped, with every hit in `<mark>`."""
    return _mark(normalise(text), language, _wanted(query))


@lru_cache(maxsize=32)
def _wanted(query: SearchQuery) -> _Wanted:
    """What is to be marked, the same for all hits on a page."""
    return _Wanted(query)


class _Wanted:
    """The forms that are to be marked."""

    def __init__(self, query: SearchQuery) -> None:
        self.stems: set[str] = set()
        self.words: set[str] = set()
        self.written: set[str] = set()
        self.prefixes: tuple[str, ...] = ()
        self.in_quotes = False
        self._known: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
        self._collect(plan(query))

    def _collect(self, wanted: Plan | None) -> None:
        match wanted:
            case Every(parts) | Either(parts):
                for part in parts:
                    self._collect(part)
            case Stems():
                self._place(wanted.scope)
                self.stems.update(wanted.terms)
            case Sequence(scope, steps) if scope is not Scope.AUTHOR:
                self._place(scope)
                self.words.update(step.word for step in steps if step.written is None)
                self.written.update(step.written for step in steps if step.written is not None)
            case Starting(scope, prefix) if scope is not Scope.AUTHOR:
                self._place(scope)
                self.prefixes += (prefix,)
            case Without() | _:
                pass

    def _place(self, scope: Scope) -> None:
        self.in_quotes = self.in_quotes or scope is Scope.QUOTES

    def holds(self, piece: Piece, language: str) -> bool:
        """Whether a form is one that was searched for, in a text of this language."""
        if piece.word in self.words or piece.written in self.written:
            return True
        if self.prefixes and piece.word.startswith(self.prefixes):
            return True
        if language in LANGUAGES:
            return piece.stems[LANGUAGES.index(language)] in self.stems
        return any(stem in self.stems for stem in piece.stems)

    def spans(self, text: str, language: str) -> Iterable[tuple[int, int]]:
        """Start and end of each hit; a compound found in parts gives its parts."""
        known = self._known
        for start, written in words(text):
            spans = known.get((written, language))
            if spans is None:
                if len(known) > _KNOWN_WORDS:
                    known.clear()
                spans = known[written, language] = self._inside(written, language)
            for begin, end in spans:
                yield start + begin, start + end

    def _inside(self, written: str, language: str) -> tuple[tuple[int, int], ...]:
        """The hits in one written word."""
        whole, *parts = pieces(written) or (None,)
        if whole is not None and self.holds(whole, language):
            return ((whole.start, whole.end),)
        return tuple((part.start, part.end) for part in parts if self.holds(part, language))

    def first(self, text: str, language: str) -> int | None:
        """Where the first hit begins."""
        return next((start for start, _ in self.spans(text, language)), None)


def _cut(text: str, language: str, start: int | None, wanted: _Wanted, length: int) -> Markup:
    begin = max((start or 0) - _BEFORE, 0)
    if begin:
        space = text.find(" ", begin, start)
        begin = space + 1 if space >= 0 else begin
    end = min(begin + length, len(text))
    if end < len(text):
        space = text.rfind(" ", begin, end)
        end = space if space > (start or begin) else end
    shown = _mark(text[begin:end], language, wanted)
    return Markup("…") * bool(begin) + shown + Markup("…") * (end < len(text))


def _mark(text: str, language: str, wanted: _Wanted) -> Markup:
    parts: list[Markup] = []
    position = 0
    for start, end in wanted.spans(text, language):
        parts += [escape(text[position:start]), Markup("<mark>"), escape(text[start:end])]
        parts.append(Markup("</mark>"))
        position = end
    return Markup("").join([*parts, escape(text[position:])])
