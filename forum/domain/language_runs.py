"""Where own text changes its language: the runs of paragraphs of one language.

Function words tell cheaply whether a text may change its language on the way; only then is every
paragraph classified. A short odd paragraph, such as a title, does not cut the text around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum.domain.function_words import speaking, telling_words
from forum.domain.language_model import LONG, MIN_WORDS, Guess, clear_guess, detect
from forum.domain.values import LANGUAGES, Segment

_MAX_PARAGRAPHS: Final = 200
_LONG_LINE: Final = 160
"""Characters of a line that is a paragraph by itself: a mail that was never wrapped."""
_READ: Final = 200
"""Characters of a paragraph in which small words are looked for."""
_EMPTY_LINES: Final = re.compile(r"\n\n+")
_ODD_WORDS: Final = 12
"""A shorter run between two of one language, or in a language of no list, is part of them."""


def language_runs(segment: Segment) -> list[tuple[Segment, Guess]]:
    """Cut own text where its language changes for good."""
    text = segment.text
    paragraphs = _paragraphs(text)
    if len(paragraphs) < 2 or len(paragraphs) > _MAX_PARAGRAPHS:
        return [(segment, detect(text))]
    told = [telling_words(paragraph[:_READ]) for paragraph in paragraphs]
    clear = clear_guess(text, text, frozenset().union(*told)) if len(text) > LONG else None
    whole = clear or detect(text)
    if whole.words < 2 * MIN_WORDS:
        return [(segment, whole)]
    doubtful = [
        paragraph
        for paragraph, found in zip(paragraphs, told, strict=True)
        if _may_differ(paragraph, found, whole)
    ]
    if all(_agrees(detect(paragraph), whole) for paragraph in doubtful):
        return [(segment, whole)]
    return [
        (Segment(segment.role, text), guess) for text, guess in _merge(_labels(paragraphs))
    ] or [(segment, whole)]


def _paragraphs(text: str) -> list[str]:
    """Cut at blank lines, and at line ends where the lines were never wrapped.

    Each paragraph keeps the blank lines that follow it: joined they are the text again.
    """
    lines = text.split("\n")
    wrapped = lines[0] and lines[-1] and max(map(len, lines)) < _LONG_LINE
    if wrapped and not any(map(str.isspace, lines)):
        return _cut_at_empty_lines(text)
    result: list[str] = []
    current: list[str] = []
    blank = long = False
    for line in lines:
        filled = bool(line) and not line.isspace()
        if current and filled and (blank or long or len(line) >= _LONG_LINE):
            result.append("\n".join(current))
            current = []
        current.append(line)
        blank, long = not filled, len(line) >= _LONG_LINE
    result.append("\n".join(current))
    return result


def _cut_at_empty_lines(text: str) -> list[str]:
    """The same for the usual text: wrapped, its blank lines empty, none at its ends."""
    result: list[str] = []
    at = 0
    for found in _EMPTY_LINES.finditer(text):
        result.append(text[at : found.end() - 1])
        at = found.end()
    result.append(text[at:])
    return result


def _may_differ(paragraph: str, found: frozenset[str], whole: Guess) -> bool:
    """Tell from the words that tell a language whether a paragraph may be in another."""
    if not found:
        return len(paragraph) > 60
    same = speaking(found, whole.language)
    return 2 * same < len(found) and (len(found) - same > 1 or len(paragraph) > 60)


def _agrees(guess: Guess, whole: Guess) -> bool:
    return guess.language == whole.language or not _is_known(guess)


def _is_known(guess: Guess) -> bool:
    """Whether a paragraph's language counts: a short one in a language of no list is no sign."""
    return guess.reliable and (guess.language in LANGUAGES or guess.words >= _ODD_WORDS)


@dataclass(slots=True)
class _Run:
    texts: list[str]
    language: str | None
    words: int


def _labels(paragraphs: Sequence[str]) -> list[_Run]:
    """Classify each paragraph; those too short take the side of a neighbour."""
    runs: list[_Run] = []
    pending: list[tuple[str, Guess]] = []
    for paragraph in paragraphs:
        guess = detect(paragraph)
        if not _is_known(guess):
            pending.append((paragraph, guess))
            continue
        side = next(
            (k for k, (_, short) in enumerate(pending) if runs
             and short.language == guess.language != runs[-1].language and short.words > 0),
            len(pending),
        )  # fmt: skip
        for text, short in pending[:side] if runs else []:
            runs[-1].texts.append(text)
            runs[-1].words += short.words
        ahead = pending[side:] if runs else pending
        texts = [text for text, _ in ahead] + [paragraph]
        words = guess.words + sum(short.words for _, short in ahead)
        runs.append(_Run(texts, guess.language, words))
        pending = []
    if runs:
        runs[-1].texts += [text for text, _ in pending]
    return runs


def _merge(runs: Sequence[_Run]) -> list[tuple[str, Guess]]:
    """Join neighbours of one language; a short odd run joins those around it."""
    total = sum(run.words for run in runs)
    weights: dict[str | None, int] = {}
    for run in runs:
        weights[run.language] = weights.get(run.language, 0) + run.words
    for run in runs:
        if weights[run.language] < _ODD_WORDS and 6 * weights[run.language] < total:
            run.language = None
    joined = _join(runs)
    for position, run in enumerate(joined):
        around = {other.language for other in joined[max(0, position - 1) : position + 2]}
        if 0 < position < len(joined) - 1 and run.words < _ODD_WORDS and len(around) == 2:
            run.language = joined[position - 1].language
    result: list[tuple[str, Guess]] = []
    for run in _join(joined):
        text = "\n".join(run.texts).strip("\n")
        guess = detect(text)
        result.append((text, Guess(run.language or guess.language, guess.confidence, run.words)))
    return result


def _join(runs: Sequence[_Run]) -> list[_Run]:
    joined: list[_Run] = []
    for run in runs:
        if joined and (run.language in (None, joined[-1].language)):
            joined[-1].texts += run.texts
            joined[-1].words += run.words
        elif joined and joined[-1].language is None:
            joined[-1].language = run.language
            joined[-1].texts += run.texts
            joined[-1].words += run.words
        else:
            joined.append(run)
    return joined
