"""Text to search terms: one analysis for both engines, for the texts and for the queries.

Accents are folded first and words stemmed after, on both sides: stemming first loses nearly a
fifth of the words typed without their accents. The stemmers are Snowball's (M. F. Porter, 2001,
<https://snowballstem.org>) for French, English and Spanish.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import Stemmer

from forum.domain.stopwords import STOP_WORDS
from forum.domain.values import LANGUAGES

LONGEST_WORD: Final = 64
"""Characters; what is longer is no word (an encoded file, a key) and is cut."""

VARIANT: Final = "\x1f"
"""Stands between the folded form of a word and the form as written, where the two differ."""

_STEMMERS: Final = {"fr": "french", "en": "english", "es": "spanish"}
_APOSTROPHES: Final = "'’ʼ‘`´ʹ"
_HYPHENS: Final = "-‐‑"
_JOINTS: Final = f"[{_APOSTROPHES}{re.escape(_HYPHENS)}]"
_JOINT = re.compile(_JOINTS)
_PLAIN_WORD = re.compile(rf"[^\W_]+(?:{_JOINTS}[^\W_]+)*")
_WORD = re.compile(rf"(?:[^\W\d_]\.){{2,}}[^\W\d_]?(?![^\W_])|{_PLAIN_WORD.pattern}")
_IN_ABBREVIATION = re.compile(r"\.[^\W\d_]\.")
"""In all that `_WORD` alone finds, and not `_PLAIN_WORD`, which takes two thirds of its time."""
_AROUND_WORDS = re.compile(f"({_WORD.pattern})")
_ELIDED: Final = frozenset(
    [
        "c",
        "d",
        "j",
        "l",
        "m",
        "n",
        "s",
        "t",
        "qu",
        "jusqu",
        "lorsqu",
        "puisqu",
        "quoiqu",
        "quelqu",
        "presqu",
        "entr",
    ]
)
_CLITICS: Final = frozenset({"s", "m", "d", "re", "ve", "ll"})
_LIGATURES: Final = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ß": "ss"}
)
_local = threading.local()


class Piece(NamedTuple):
    """One searchable form inside a written word (a plain tuple: there are millions)."""

    offset: int
    """Positions after the word's first one."""
    word: str
    """Folded: lower case, without accents."""
    written: str
    """As in the text."""
    stems: tuple[str | None, ...]
    """Per language of `LANGUAGES`, marked with it (`fr:econom`); None: a stop word there."""
    start: int
    """Characters from the start of the written word."""
    end: int


class Form(NamedTuple):
    """A form as it is indexed in one language (a plain tuple: there are millions)."""

    offset: int
    """Positions after the written word's first one; a part of a compound has its own."""
    stored: str
    """Folded, and as written after it if that differs: see `variant`."""
    stems: tuple[str, ...]
    """Marked with their language; none where the word is a stop word."""


class Placed(NamedTuple):
    """A form that occurs in a text."""

    stems: tuple[str, ...]
    places: list[int]
    """Words from the start, ascending."""


class Occurrence(NamedTuple):
    """A written word and where it stands."""

    start: int
    end: int
    pieces: tuple[Piece, ...]


def fold(text: str) -> str:
    """Lower case without accents: `ÉCONOMIE`, `économie` and `economie` are one."""
    if text.isascii():
        return text.lower()
    known = text.translate(_FOLDED)
    if known.isascii():
        return known
    return _folded(text)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = unicodedata.normalize("NFKD", decomposed).translate(_LIGATURES)
    return "".join([c for c in plain if not unicodedata.combining(c)])


def normalise(text: str) -> str:
    """Composed characters (NFC), without soft hyphens; places in a text count in this form."""
    return unicodedata.normalize("NFC", text).replace("\u00ad", "")


def occurrences(text: str) -> Iterator[Occurrence]:
    """The words of a text that is in the form of `normalise`, in order."""
    for start, written in words(text):
        yield Occurrence(start, start + len(written), pieces(written))


def words(text: str) -> Iterator[tuple[int, str]]:
    """Start and form as written of each word of a text that is in the form of `normalise`."""
    return ((match.start(), match.group()) for match in _WORD.finditer(text))


def written_words(text: str) -> list[str]:
    """The words of any text as written."""
    text = normalise(text)
    word = _WORD if _IN_ABBREVIATION.search(text) else _PLAIN_WORD
    found: list[str] = word.findall(text)
    return found


def replaced_words(text: str, instead: Callable[[str], str]) -> str:
    """A text that is in the form of `normalise` with another form of each of its words."""
    parts = _AROUND_WORDS.split(text)
    parts[1::2] = map(instead, parts[1::2])
    return "".join(parts)


def placed(text: str, language: str) -> tuple[dict[str, Placed], int]:
    """What a text is found under: its forms as they are stored, and its length in words.

    Args:
        text: any.
        language: see `forms`.
    """
    found: dict[str, Placed] = {}
    position = 0
    for written in written_words(text):
        offset = -1
        for offset, stored, stems in _kept_forms(written, language):
            here = found.get(stored)
            if here is None:
                found[stored] = Placed(stems, [position + offset])
            else:
                here[1].append(position + offset)
        position += offset + 1
    return found, position


def forms(written: str, language: str) -> tuple[Form, ...]:
    """The forms of a written word as they are indexed.

    Args:
        language: `fr`, `en` or `es`; a word in another or unknown language gets the stems
            of all three.
    """
    if "." not in written and not _JOINT.search(written):
        # Nearly all: of these no stem is made that is not asked for.
        word = fold(written)[:LONGEST_WORD]
        codes = (language,) if language in LANGUAGES else LANGUAGES
        marked = tuple([stem for stem in _stems(written, word, codes) if stem is not None])
        return (Form(0, variant(word, written[:LONGEST_WORD]), marked),)
    mine = (LANGUAGES.index(language),) if language in LANGUAGES else range(len(LANGUAGES))
    return tuple(
        Form(
            piece.offset,
            variant(piece.word, piece.written),
            tuple([stem for i in mine if (stem := piece.stems[i]) is not None]),
        )
        for piece in _pieces(written)
    )


_kept_forms = lru_cache(maxsize=20_000)(forms)


def variant(word: str, written: str) -> str:
    """The unstemmed term under which a form is stored: folded, then as written if that differs."""
    return word if word == written else f"{word}{VARIANT}{written}"


def _pieces(written: str) -> tuple[Piece, ...]:
    """The forms of one written word: elisions taken off; a compound as a whole and in parts."""
    if "." in written:
        return (_piece(0, written.replace(".", ""), 0, len(written)),)
    parts = _parts(written)
    if not parts:
        return ()
    if len(parts) == 1:
        start, end = parts[0]
        return (_piece(0, written[start:end], start, end),)
    start, end = parts[0][0], parts[-1][1]
    whole = written[start:end]
    joined = _JOINT.sub("", fold(whole))[:LONGEST_WORD]
    found = [Piece(0, joined, whole, _stems(joined, joined), start, end)]
    found += [_piece(n, written[a:b], a, b) for n, (a, b) in enumerate(parts)]
    return tuple(found)


@lru_cache(maxsize=8_192)
def pieces(written: str) -> tuple[Piece, ...]:
    """The same, kept for a while: queries and snippets ask for the same words again."""
    return _pieces(written)


def _parts(written: str) -> list[tuple[int, int]]:
    """Start and end of each part that is neither an elided article nor an English clitic."""
    spans: list[tuple[int, int]] = []
    begin = 0
    joints = [*_JOINT.finditer(written)]
    for joint in joints:
        before = written[begin : joint.start()]
        if joint.group() in _HYPHENS or fold(before) not in _ELIDED:
            spans.append((begin, joint.start()))
        begin = joint.end()
    last = fold(written[begin:])
    # People's, we're: not a compound; but aujourd'hui and don't stay whole as well.
    if not (spans and joints[-1].group() in _APOSTROPHES and last in _CLITICS):
        spans.append((begin, len(written)))
    # Some apostrophes are letters, which may stand alone or at an end.
    return [(start, end) for start, end in spans if start < end] if joints else spans


def _piece(offset: int, written: str, start: int, end: int) -> Piece:
    word = fold(written)[:LONGEST_WORD]
    return Piece(offset, word, written[:LONGEST_WORD], _stems(written, word), start, end)


def _stems(written: str, word: str, codes: tuple[str, ...] = LANGUAGES) -> tuple[str | None, ...]:
    if not hasattr(_local, "stemmers"):
        # A stemmer keeps a state of its own, so each thread has its own; it need not keep the
        # stems too.
        _local.stemmers = {code: Stemmer.Stemmer(_STEMMERS[code], 0) for code in LANGUAGES}
    lower = written.casefold()
    return tuple(
        [
            None if _is_stop_word(lower, code) else f"{code}:{_local.stemmers[code].stemWord(word)}"
            for code in codes
        ]
    )


def is_stop_word(written: str, language: str) -> bool:
    """Whether a word says nothing in a language; without accents it may stand for one with."""
    return _is_stop_word(written.casefold(), language)


def _is_stop_word(lower: str, language: str) -> bool:
    return lower in STOP_WORDS[language] or (
        lower.isascii() and lower in _UNACCENTED_STOP_WORDS[language]
    )


_FOLDED: Final = {code: _folded(chr(code)) for code in range(0x250)}
"""Of each letter of Latin scripts by itself; a text that is plain with it is folded."""

_UNACCENTED_STOP_WORDS = {code: frozenset(map(fold, words)) for code, words in STOP_WORDS.items()}
