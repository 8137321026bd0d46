"""The language of each segment and of the whole post.

The model is py3langid limited to ten languages: the three of the lists and their neighbours, so
that a Catalan or Portuguese text is told as such and not taken for Spanish. Its time grows with
the text, while twenty words are enough to be sure; so a sample is classified, and function words
tell cheaply whether a long text changes its language on the way. Only then is every paragraph
classified and the segment cut.

A declared language is a hint, for mail programs write their own language into every message: it
is followed by texts under five words and by uncertain ones, and by those of under twenty words
unless the model is nearly sure of another. Twenty words speak for themselves.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from forum.domain.values import LANGUAGES, MULTIPLE, UNDETERMINED, Role, Segment

KNOWN: Final = ("fr", "en", "es", "pt", "it", "ca", "de", "nl", "ro", "la")
"""Languages that can be told, BCP 47."""
MIN_WORDS: Final = 5
MIN_CONFIDENCE: Final = 0.55
"""Under either a text follows the post, the thread, the author."""
SURE_WORDS: Final = 20
"""From here a declared language is not believed against the text."""
SURE: Final = 0.95

_SAMPLE: Final = 120
_PRIOR: Final = 0.4
"""Weight of a language of no list in a short text: at five words it takes Spanish from 90 % to
96 % right, and costs Portuguese and Catalan, which the lists seldom see, about seven points."""
_MAX_PARAGRAPHS: Final = 200
_LONG_LINE: Final = 160
"""Characters of a line that is a paragraph by itself: a mail that was never wrapped."""
_ODD_WORDS: Final = 12
"""A shorter run between two of one language, or in a language of no list, is part of them."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_NOISE: Final = re.compile(r"\S*(?:://|@|www\.)\S*|[<>*_#|=\[\]]+")
_OTHER_SCRIPT: Final = re.compile(r"[\u0370-\u1cff\u2c00-\ua6ff\ua800-\ud7ff\uf900-\uffdc]")

_FUNCTION_WORDS: Final = {
    "fr": "est les des une dans pour vous nous qui sur avec mais sont cette ces aux du et été être "
    "plus très je il ils même où leur votre notre c'est d'une qu'il n'est aussi sans donc à",
    "en": "the of and to is that for it with as are this be have from not or by we you your our "
    "has was will can which would there their they but i'm it's",
    "es": "el los las y del pero muy también más su sus está hay nosotros lo al es un unos ser "
    "este esta fue nos qué cómo están según cuando porque desde hasta",
    "pt": "os uma não são mais também você em dos das pelo pela foi ao às muito nós isso seu",
    "it": "il gli di che è non sono della nel dei alla anche più questo questa ma delle perché",
    "ca": "els amb és per al dels són aquest aquesta però també pel i d'una no hi ha seva",
    "de": "der die das und ist nicht ein eine mit den von zu auf für sich auch dem wir sie es",
    "nl": "het een van zijn niet ook voor met op aan dat de wordt wij naar maar deze",
}


def _distinctive() -> dict[str, str]:
    owners: dict[str, str] = {}
    shared: set[str] = set()
    for language, words in _FUNCTION_WORDS.items():
        for word in words.split():
            if word in owners:
                shared.add(word)
            owners[word] = language
    return {word: language for word, language in owners.items() if word not in shared}


_OWNERS: Final = _distinctive()
_OWNED: Final = frozenset(_OWNERS)


@dataclass(frozen=True, slots=True)
class Guess:
    """The language of a text."""

    language: str
    """BCP 47; `und` where there is no Latin word."""
    confidence: float
    """0 to 1."""
    words: int
    """Words of Latin letters that were counted."""

    @property
    def reliable(self) -> bool:
        """Whether it stands by itself, without the post, thread or author."""
        return self.words >= MIN_WORDS and self.confidence >= MIN_CONFIDENCE


_NOTHING: Final = Guess(UNDETERMINED, 0.0, 0)


class _Model:
    """The classifier, loaded once at first use, whatever the thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: Any = None

    def classify(self, text: str, prior: float) -> tuple[str, float]:
        """Return the likeliest language and its share; `prior` weighs those of no list."""
        if self._identifier is None:
            with self._lock:
                if self._identifier is None:
                    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
                    identifier.set_languages(list(KNOWN))
                    self._identifier = identifier
        total, best, language = 0.0, 0.0, UNDETERMINED
        for name, share in self._identifier.rank(text):
            weighed = share if name in LANGUAGES else share * prior
            total += weighed
            if weighed > best:
                best, language = weighed, name
        return language, best / total if total else 0.0


_MODEL: Final = _Model()


def detect(text: str) -> Guess:
    """Guess the language of a text; never raises.

    Addresses, links and marks do not count. Of a long text a sample is classified, from its
    beginning and its middle; the words are counted in all of it, up to 20,000 characters.
    """
    if len(text) > 2 * _SAMPLE + 80:
        half = len(text) // 2
        sample = (
            _clean(text[:_SAMPLE], _SAMPLE // 2)
            + " "
            + _clean(text[half : half + _SAMPLE], _SAMPLE // 2)
        )
        words = text.count(" ", 0, 20_000)
    else:
        sample = _clean(text, 2 * _SAMPLE)
        words = 0
    letters = _WORD.findall(sample)
    if not letters:
        return _NOTHING
    if not sample.isascii():
        foreign = len(_OTHER_SCRIPT.findall(sample))
        if foreign:
            letters = [word for word in letters if not _OTHER_SCRIPT.match(word)]
            if foreign > sum(map(len, letters)):
                return _NOTHING
    count = max(words, len(letters))
    language, confidence = _MODEL.classify(sample, 1.0 if count >= SURE_WORDS else _PRIOR)
    return Guess(language, confidence, count)


def _clean(text: str, length: int) -> str:
    return _NOISE.sub(" ", text)[:length] if _NOISE.search(text) else text[:length]


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
            for piece, guess in _language_runs(segment):
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


def _language_runs(segment: Segment) -> list[tuple[Segment, Guess]]:
    """Cut own text where its language changes for good."""
    whole = detect(segment.text)
    if whole.words < 2 * MIN_WORDS:
        return [(segment, whole)]
    paragraphs = _paragraphs(segment.text)
    if len(paragraphs) < 2 or len(paragraphs) > _MAX_PARAGRAPHS:
        return [(segment, whole)]
    if not _may_change(paragraphs, whole):
        return [(segment, whole)]
    return [
        (Segment(segment.role, text), guess) for text, guess in _merge(_labels(paragraphs))
    ] or [(segment, whole)]


def _paragraphs(text: str) -> list[str]:
    """Cut at blank lines, and at line ends where the lines were never wrapped.

    Each paragraph keeps the blank lines that follow it: joined they are the text again.
    """
    result: list[str] = []
    current: list[str] = []
    blank = long = False
    for line in text.split("\n"):
        filled = bool(line) and not line.isspace()
        if current and filled and (blank or long or len(line) >= _LONG_LINE):
            result.append("\n".join(current))
            current = []
        current.append(line)
        blank, long = not filled, len(line) >= _LONG_LINE
    result.append("\n".join(current))
    return result


def _may_change(paragraphs: Sequence[str], whole: Guess) -> bool:
    """Tell from the function words whether some paragraph may be in another language."""
    for paragraph in paragraphs:
        found = _OWNED.intersection(paragraph[:1200].lower().split())
        if not found:
            if len(paragraph) > 120:
                return True
            continue
        same = sum(1 for word in found if _OWNERS[word] == whole.language)
        others = len(found) - same
        if 2 * same < len(found) and (others > 1 or len(paragraph) > 60):
            return True
    return False


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
        known = guess.reliable and (guess.language in LANGUAGES or guess.words >= _ODD_WORDS)
        if not known:
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
