"""The language of each segment and of the whole post.

A declared language is a hint, for mail programs write their own language into every message: it
is followed by texts under five words and by uncertain ones, and by those of under twenty words
unless the model is nearly sure of another. Twenty words speak for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from forum.domain.language_model import (
    MIN_CONFIDENCE,
    MIN_WORDS,
    SURE,
    SURE_WORDS,
    Guess,
    detect,
)
from forum.domain.language_runs import language_runs
from forum.domain.values import LANGUAGES, MULTIPLE, UNDETERMINED, Role, Segment

__all__ = ["Guess", "detect", "tag_languages"]


def tag_languages(
    segments: Sequence[Segment], *, declared: str | None, inherited: Sequence[str] = ()
) -> tuple[tuple[Segment, ...], str]:
    """Return the segments with their languages, and the language of the post.

    Own text in several languages is cut into one segment for each run of paragraphs. Quotations
    are tagged by their own text alone; attributions, signatures and footers stay undetermined,
    so that a search in any language finds them.

    Args:
        segments: As `body.segment` returns them.
        declared: BCP 47, from the author's choice or Content-Language; None where unknown.
        inherited: What a text too short to tell follows, in order: the thread's, the author's.
    """
    hint = (declared or "").lower().partition("-")[0] or None
    tagged: list[Segment | None] = []
    pieces: list[tuple[int, Segment, Guess]] = []
    for segment in segments:
        if segment.role is Role.REPLY:
            for piece, guess in language_runs(segment):
                pieces.append((len(tagged), piece, guess))
                tagged.append(None)
        elif segment.role is Role.QUOTATION:
            tagged.append(_tag_quotation(segment))
        else:
            tagged.append(segment)
    judged = [(_judge(guess, hint), guess) for _, _, guess in pieces]
    post = _post_language(judged)
    fallback = _fallback(post, hint, inherited, [guess for _, _, guess in pieces])
    for (position, piece, guess), (language, _) in zip(pieces, judged, strict=True):
        tagged[position] = _settle(piece, guess, language, fallback)
    if post is None:
        post = fallback if any(guess.words for _, _, guess in pieces) else UNDETERMINED
    return tuple(segment for segment in tagged if segment is not None), post


def _settle(piece: Segment, guess: Guess, language: str | None, fallback: str) -> Segment:
    if guess.words == 0:
        return piece
    if language is None:
        return Segment(piece.role, piece.text, fallback, 0.0)
    confidence = guess.confidence if language == guess.language else 0.0
    return Segment(piece.role, piece.text, language, round(confidence, 4))


def _tag_quotation(segment: Segment) -> Segment:
    guess = detect(segment.text)
    if not guess.reliable:
        return segment
    return Segment(segment.role, segment.text, guess.language, round(guess.confidence, 4))


def _judge(guess: Guess, hint: str | None) -> str | None:
    """Weigh a guess against the declared language; None where neither decides."""
    if guess.words == 0:
        return None
    if hint is not None and hint != guess.language:
        needed = MIN_CONFIDENCE if guess.words >= SURE_WORDS else SURE
        if guess.words < MIN_WORDS or guess.confidence < needed:
            return hint
    return guess.language if guess.reliable else None


def _post_language(judged: Sequence[tuple[str | None, Guess]]) -> str | None:
    """Return the language of the own text, `mul` where a second has real weight."""
    weights: dict[str, int] = {}
    for language, guess in judged:
        if language is not None:
            weights[language] = weights.get(language, 0) + guess.words
    if not weights:
        return None
    ordered = sorted(weights.values(), reverse=True)
    second = ordered[1] if len(ordered) > 1 else 0
    if second >= SURE_WORDS or (second >= 8 and 5 * second >= sum(ordered)):
        return MULTIPLE
    return max(weights, key=lambda language: weights[language])


def _fallback(
    post: str | None, hint: str | None, inherited: Sequence[str], guesses: Sequence[Guess]
) -> str:
    """Return what a text too short to tell is taken for."""
    for language in (post, hint, *inherited):
        if language and language not in (MULTIPLE, UNDETERMINED):
            return language
    for guess in sorted(guesses, key=lambda guess: -guess.words):
        if guess.words > 1 and guess.confidence >= 0.4 and guess.language in LANGUAGES:
            return guess.language
    return UNDETERMINED
