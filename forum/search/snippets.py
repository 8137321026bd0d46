"""The lines around what was found, with every hit marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from forum.domain.analysis import (
    Piece,
    fold,
    normalise,
    pieces,
    replaced_words,
    words,
    written_words,
)
from forum.domain.query_tree import Scope, SearchQuery
from forum.domain.values import LANGUAGES, Role, Segment
from forum.search import plan as plans
from forum.search.plan import Either, Every, Plan, Starting, Stems, Without, plan

DEFAULT_LENGTH: Final = 220
"""Characters, without the marks."""

_BEFORE: Final = 60
_KNOWN_WORDS: Final = 5_000
"""Of a query: words of texts, hits or not, that are remembered."""
_READ: Final = 40_000
"""Characters of a segment that are looked through."""
_SHORTEST_BEGINNING: Final = 3
_ENDING: Final = 2
"""Letters at the end of a stem that the word itself may have otherwise: `economi`, economy."""
_OPEN: Final = "\x02"
_CLOSE: Final = "\x03"
_BEGINS: Final = Markup("<mark>")
_ENDS: Final = Markup("</mark>")
"""Around hits while a text is not yet escaped; no text needs these characters."""
_LETTERS: Final = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text that shows what was searched for, or its beginning."""

    text: Markup
    """Escaped HTML in which each hit stands in `<mark>`."""
    found: bool
    """Whether there is a hit."""
    place: int = 0
    """Of the segment it is from, among those that were given."""


def passage(
    segments: Iterable[Segment],
    query: SearchQuery,
    length: int = DEFAULT_LENGTH,
    hide: Callable[[str], str] = str,
) -> Passage:
    """The first place that shows what was searched for, or the beginning.

    Args:
        segments: of one post; own text is preferred to quotations unless those were searched.
        query: as parsed.
        length: characters of text, about.
        hide: takes out of a text what the reader may not see; only what is looked at goes
            through it.
    """
    return marks(query).passage(segments, length, hide)


def snippet(
    segments: Iterable[Segment], query: SearchQuery, length: int = DEFAULT_LENGTH
) -> Markup:
    """The same as HTML alone."""
    return passage(segments, query, length).text


def highlight(text: str, language: str, query: SearchQuery) -> Markup:
    """A whole short text, such as a subject, escaped, with every hit in `<mark>`."""
    return marks(query).highlight(text, language)


def looked_through(query: SearchQuery) -> tuple[Role, ...]:
    """The roles of the segments in which hits are shown, the preferred one first."""
    return marks(query).roles


def marks_words(query: SearchQuery) -> bool:
    """Whether a search asks for words that texts could show, and not for filters alone."""
    return bool(marks(query).beginnings)


@lru_cache(maxsize=32)
def marks(query: SearchQuery) -> Marks:
    """What is to be marked, the same for all hits on a page."""
    return Marks(query)


class Marks:
    """The forms that are to be marked, and texts with their marks."""

    def __init__(self, query: SearchQuery) -> None:
        self.stems: set[str] = set()
        self.words: set[str] = set()
        self.written: set[str] = set()
        self.prefixes: tuple[str, ...] = ()
        self.in_quotes = False
        self._marked = {code: _Marked(self, code) for code in ("", *LANGUAGES)}
        self._collect(plan(query))
        self.beginnings = frozenset(self._beginnings())
        self.roles = (Role.QUOTATION, Role.REPLY) if self.in_quotes else (Role.REPLY,)

    def passage(
        self,
        segments: Iterable[Segment],
        length: int = DEFAULT_LENGTH,
        hide: Callable[[str], str] = str,
    ) -> Passage:
        """See the function of this name."""
        known = list(enumerate(segments))
        texts: list[tuple[str, str, int]] = []
        for place, segment in (one for role in self.roles for one in known if one[1].role == role):
            text = normalise(" ".join(hide(segment.text)[:_READ].split()))
            texts.append((text, segment.language, place))
            start = self.first_beginning(text, segment.language)
            if start is not None:
                return Passage(_cut(text, segment.language, start, self, length), True, place)
        for text, language, place in texts:
            start = self.first_word(text, language)
            if start is not None:
                return Passage(_cut(text, language, start, self, length), True, place)
        opening, spoken, place = next((one for one in texts if one[0]), ("", "", 0))
        return Passage(_cut(opening, spoken, None, self, length), False, place)

    def highlight(self, text: str, language: str) -> Markup:
        """See the function of this name."""
        return _mark(normalise(text), language, self)

    def _collect(self, wanted: Plan | None) -> None:
        match wanted:
            case Every(parts) | Either(parts):
                for part in parts:
                    self._collect(part)
            case Stems():
                self._place(wanted.scope)
                self.stems.update(wanted.terms)
            case plans.Sequence(scope, steps) if scope is not Scope.AUTHOR:
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

    def _beginnings(self) -> Iterator[bytes]:
        """How words that are to be marked begin, nearly all of them, as `_plain` writes."""
        stems = [stem.partition(":")[2] for stem in self.stems]
        cut = [stem[: max(_SHORTEST_BEGINNING, len(stem) - _ENDING)] for stem in stems]
        for beginning in (*cut, *self.words, *map(fold, self.written), *self.prefixes):
            yield beginning.encode("latin-1", "replace")

    def marked(self, text: str, language: str) -> str:
        """A text with every hit between `_OPEN` and `_CLOSE`."""
        return replaced_words(text, self._of(language).__getitem__)

    def _of(self, language: str) -> _Marked:
        return self._marked[language if language in LANGUAGES else ""]

    def inside(self, written: str, language: str) -> tuple[tuple[int, int], ...]:
        """The hits in one written word."""
        whole, *parts = pieces(written) or (None,)
        if whole is not None and self.holds(whole, language):
            return ((whole.start, whole.end),)
        return tuple((part.start, part.end) for part in parts if self.holds(part, language))

    def first_word(self, text: str, language: str) -> int | None:
        """Where the first hit begins, every word looked at."""
        if not self.beginnings:
            return None
        marked = self._of(language)
        # Most texts that come here show nothing: what was found stands in a subject or a file.
        if marked.plain.issuperset(written_words(text)):
            return None
        for start, written in words(text):
            shown = marked[written]
            if _OPEN in shown:
                return start + shown.index(_OPEN)
        return None

    def first_beginning(self, text: str, language: str) -> int | None:
        """The first hit that begins as expected: a look for a few bytes instead of every word."""
        plain = _plain(text)
        best: int | None = None
        for beginning in self.beginnings:
            at = plain.find(beginning)
            while at >= 0 and (best is None or at < best):
                if at and plain[at - 1] in _LETTERS:
                    at = plain.find(beginning, at + 1)
                    continue
                start, end = text.rfind(" ", 0, at) + 1, text.find(" ", at)
                end = len(text) if end < 0 else end
                hit = self.first_word(text[start:end], language)
                if hit is not None:
                    best = start + hit if best is None else min(best, start + hit)
                    break
                at = plain.find(beginning, end)
        return best


class _Marked(dict[str, str]):
    """Words of texts in one language as they are shown, each looked at once."""

    def __init__(self, wanted: Marks, language: str) -> None:
        self._wanted = wanted
        self._language = language
        self.plain: set[str] = set()
        """Those that are not marked."""

    def __missing__(self, written: str) -> str:
        if len(self) > _KNOWN_WORDS:
            self.clear()
            self.plain.clear()
        parts, position = [], 0
        for start, end in self._wanted.inside(written, self._language):
            parts += [written[position:start], _OPEN, written[start:end], _CLOSE]
            position = end
        shown = self[written] = "".join([*parts, written[position:]]) if parts else written
        if not parts:
            self.plain.add(written)
        return shown


def _cut(text: str, language: str, start: int | None, wanted: Marks, length: int) -> Markup:
    begin = max((start or 0) - _BEFORE, 0)
    if begin:
        space = text.find(" ", begin, start)
        begin = space + 1 if space >= 0 else begin
    end = min(begin + length, len(text))
    if end < len(text):
        space = text.rfind(" ", begin, end)
        end = space if space > (start or begin) else end
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    return _mark(f"{before}{text[begin:end]}{after}", language, wanted)


def _mark(text: str, language: str, wanted: Marks) -> Markup:
    text = wanted.marked(text.replace(_OPEN, "").replace(_CLOSE, ""), language)
    return escape(text).replace(_OPEN, _BEGINS).replace(_CLOSE, _ENDS)


def _plain(text: str) -> bytes:
    """A byte a character: lower case without accents; what Latin-1 does not have is a `?`."""
    return text.encode("latin-1", "replace").translate(_PLAIN)


def _plain_byte(code: int) -> int:
    plain = fold(chr(code))
    return ord(plain) if len(plain) == 1 and plain.isascii() else code


_PLAIN: Final = bytes(map(_plain_byte, range(256)))
