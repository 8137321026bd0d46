"""The language of a text by itself: py3langid limited to ten languages, on a sample.

The ten are the three of the lists and their neighbours, so that a Catalan or Portuguese text is
told as such and not taken for Spanish. The classifier's time grows with the text, while twenty
words are enough to be sure: a sample is classified.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from forum.domain.function_words import clear_majority, telling_words
from forum.domain.values import LANGUAGES, UNDETERMINED

KNOWN: Final = ("fr", "en", "es", "pt", "it", "ca", "de", "nl", "ro", "la")
"""Languages that can be told, BCP 47."""
MIN_WORDS: Final = 5
MIN_CONFIDENCE: Final = 0.55
"""Under either a text follows the post, the thread, the author."""
SURE_WORDS: Final = 20
"""From here a declared language is not believed against the text."""
SURE: Final = 0.95

_SAMPLE: Final = 120
LONG: Final = 2 * _SAMPLE + 80
"""Characters of a text that is judged by its small words first."""
_READ: Final = 300
"""Characters at the beginning, and as many in the middle, in which small words are looked for."""
_PRIOR: Final = 0.4
"""Weight of a language of no list in a short text: at five words it takes Spanish from 90 % to
96 % right, and costs Portuguese and Catalan, which the lists seldom see, about seven points."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_NOISE: Final = re.compile(r"\S*(?:://|@|www\.)\S*|[<>*_#|=\[\]]+")
_OTHER_SCRIPT: Final = re.compile(r"[\u0370-\u1cff\u2c00-\ua6ff\ua800-\ud7ff\uf900-\uffdc]")


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

    def load(self) -> Any:
        """Read the model, unless that was done; gives it."""
        with self._lock:
            if self._identifier is None:
                identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
                identifier.set_languages(list(KNOWN))
                # All other languages, which nobody asks for any more: 30 MB.
                identifier._full_model = None
                self._identifier = identifier
            return self._identifier

    def drop(self) -> None:
        """Forget the model."""
        with self._lock:
            self._identifier = None

    def classify(self, text: str, prior: float) -> tuple[str, float]:
        """Return the likeliest language and its share; `prior` weighs those of no list."""
        identifier = self._identifier or self.load()
        total, best, language = 0.0, 0.0, UNDETERMINED
        for name, share in identifier.rank(text):
            weighed = share if name in LANGUAGES else share * prior
            total += weighed
            if weighed > best:
                best, language = weighed, name
        return language, best / total if total else 0.0


_MODEL: Final = _Model()


def load_model() -> None:
    """Read the model now, which takes a second, rather than with the first message."""
    _MODEL.load()


def drop_model() -> None:
    """Give back its 60 MB; it is read anew when it is asked for."""
    _MODEL.drop()


def detect(text: str) -> Guess:
    """Guess the language of a text; never raises.

    Addresses, links and marks do not count. Of a long text a sample is classified, from its
    beginning and its middle; the words are counted in all of it, up to 20,000 characters.
    """
    if len(text) > LONG:
        half = len(text) // 2
        read = text[:_READ] + " " + text[half : half + _READ]
        clear = clear_guess(text, read, telling_words(read))
        if clear is not None:
            return clear
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


def clear_guess(text: str, read: str, found: frozenset[str]) -> Guess | None:
    """Tell by the small words, which costs a tenth of the model and is as sure where they agree.

    Args:
        text: All of it.
        read: What of it was read.
        found: The words read that tell a language.
    """
    clear = clear_majority(found)
    if clear is None or clear[0] not in LANGUAGES:
        return None
    if not _is_western(read) and _OTHER_SCRIPT.search(read):
        return None
    return Guess(clear[0], clear[1], text.count(" ", 0, 20_000))


def _is_western(text: str) -> bool:
    """Whether all characters are of latin-1, which is found out in a moment."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _clean(text: str, length: int) -> str:
    if "@" in text or "://" in text or "www." in text:
        return _NOISE.sub(" ", text)[:length]
    return text[:length]
