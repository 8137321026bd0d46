"""Which words of a message stand in the message it answers: shingles of four words.

The measure is that of A. Broder, "On the resemblance and containment of documents" (1997):
it holds whatever the mail client, the wrapping, the marks and the language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

SHINGLE: Final = 4
"""Words."""
MIN_RUN: Final = 8
"""Words that must be found in one piece before unmarked lines count as quoted."""
MIN_COVERED: Final = 0.75
"""Share of a line's words that must be found."""
MAX_PARENT: Final = 400_000
"""Characters of the parent that are looked at."""

_WORD: Final = re.compile(r"\w+")


def _shingles(words: Sequence[str]) -> zip[tuple[str, ...]]:
    return zip(words, words[1:], words[2:], words[3:], strict=False)


def quoted_lines(lines: Sequence[str], indices: Sequence[int], parent_text: str) -> set[int]:
    """Return those of `indices` whose lines are found in `parent_text`.

    Lines follow each other in `indices` as they do in the message, whatever was left out.
    A line of fewer than four words is found when it belongs to a run of found lines.
    """
    words: list[str] = []
    spans: list[tuple[int, int, int]] = []
    for index in indices:
        found = _WORD.findall(lines[index].lower())
        spans.append((index, len(words), len(words) + len(found)))
        words += found
    parent = set(_shingles(_WORD.findall(parent_text[:MAX_PARENT].lower())))
    if len(words) < SHINGLE or not parent:
        return set()
    covered = bytearray(len(words))
    for position, shingle in enumerate(_shingles(words)):
        if shingle in parent:
            covered[position : position + SHINGLE] = b"\1\1\1\1"
    return _runs(spans, covered)


def _runs(spans: Sequence[tuple[int, int, int]], covered: bytearray) -> set[int]:
    """Keep the runs of covered lines that hold enough words; wordless lines join a run."""
    result: set[int] = set()
    run: list[int] = []
    weight = 0
    for index, start, end in spans:
        count = sum(covered[start:end])
        if end > start and count < MIN_COVERED * (end - start):
            if weight >= MIN_RUN:
                result.update(run)
            run, weight = [], 0
        elif end > start or run:
            run.append(index)
            weight += count
    if weight >= MIN_RUN:
        result.update(run)
    return result
