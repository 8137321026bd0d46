"""Words that a list does not want unread.

A pattern is a word or several in a row. A star at the beginning or the end of a word stands for any
letters: `casino*`. Case and accents do not count. There are no regular expressions: each text is
gone through once for each pattern, however the pattern is made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from forum.domain.rules.own_text import own_text
from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission

PATTERNS: Final = 200
"""How many a list may have."""

PATTERN_CHARACTERS: Final = 100

_READ: Final = 100_000
"""Characters of a text that are looked at."""

_WORD: Final = re.compile(r"\w+")
_PART: Final = re.compile(r"\*?\w+\*?")


def unwanted_words(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A subject or an own text with one of the list's words."""
    patterns = policy.rules.words
    if not patterns or policy.is_trusted:
        return None
    words = _words(f"{submission.subject}\n{own_text(submission)}"[:_READ])
    known = frozenset(words)
    found = any(_holds(words, known, parts_of(pattern)) for pattern in patterns)
    return Reason.WORDS if found else None


def parts_of(pattern: str) -> tuple[str, ...]:
    """The words of a pattern with their stars; empty where it has none."""
    return tuple(_PART.findall(_folded(pattern[:PATTERN_CHARACTERS])))


def _holds(words: Sequence[str], known: frozenset[str], parts: tuple[str, ...]) -> bool:
    if not parts:
        return False
    first = {word for word in known if _fits(word, parts[0])}
    if not first or len(parts) == 1:
        return bool(first)
    return any(
        words[start] in first and all(map(_fits, words[start + 1 : start + len(parts)], parts[1:]))
        for start in range(len(words) - len(parts) + 1)
    )


def _fits(word: str, part: str) -> bool:
    bare = part.strip("*")
    match part.startswith("*"), part.endswith("*"):
        case True, True:
            return bare in word
        case True, False:
            return word.endswith(bare)
        case False, True:
            return word.startswith(bare)
        case _:
            return word == bare


def _words(text: str) -> list[str]:
    return _WORD.findall(_folded(text))


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
