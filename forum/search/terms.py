"""A document in terms, as both engines store them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from forum.domain.analysis import Placed, fold, placed
from forum.domain.query_tree import Scope
from forum.domain.values import LANGUAGES, UNDETERMINED, Role, Segment
from forum.search.protocol import IndexDocument

GAP: Final = 10
"""Positions left free between two texts, so that no phrase runs over their border."""

LAST_POSITION: Final = 16_000
"""Words after it are found, but not in phrases (PostgreSQL's vectors end at 16,383)."""

TEXT_WEIGHT: Final = 1.0
UNKNOWN_LANGUAGE_WEIGHT: Final = 0.25
"""For text in none of the three languages, which has the stems of all three: even where a word
has the same stem in each, a match in the right language counts more."""
SUBJECT_WEIGHT: Final = 1.5
"""Subjects, tags and names have the stems of all three languages too."""
TAG_WEIGHT: Final = 0.75
FILE_WEIGHT: Final = 0.25
MOST_IN_FILE: Final = 3
"""For text inside attachments."""
MINOR_WEIGHT: Final = 0.25
"""For names of authors and attachments."""


@dataclass(slots=True)
class Field:
    """The terms of one scope of a document."""

    stems: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Marked stem to weight."""
    words: dict[str, list[int]] = field(default_factory=dict)
    """Unstemmed term (see `analysis.variant`) to its positions, ascending."""
    next_position: int = 0

    def take(
        self, forms: Mapping[str, Placed], length: int, weight: float, most: int | None = None
    ) -> None:
        """Add a text of so many words after those that are there.

        Args:
            weight: of a word each time it stands there.
            most: times that count; None: all.
        """
        words, stems = self.words, self.stems
        start = self.next_position
        within = start + length <= LAST_POSITION
        for stored, (marked, places) in forms.items():
            here = [start + place for place in places]
            if not within:
                here = [place for place in here if place <= LAST_POSITION]
            if stored in words:
                words[stored] += here
            elif here:
                words[stored] = here
            gain = weight * (len(places) if most is None else min(len(places), most))
            for stem in marked:
                stems[stem] += gain
        self.next_position = start + length + GAP


def fields(document: IndexDocument) -> tuple[dict[Scope, Field], int]:
    """The terms of a document by scope, and the length of its own text in words."""
    text, subject, author, quotes = Field(), Field(), Field(), Field()
    in_subject = placed(document.subject, UNDETERMINED)
    subject.take(*in_subject, TEXT_WEIGHT)
    text.take(*in_subject, SUBJECT_WEIGHT)
    own = 0
    for segment in document.segments:
        if segment.role == Role.REPLY:
            found, length = placed(segment.text, segment.language)
            text.take(found, length, _weight(segment))
            own += length
        elif segment.role == Role.QUOTATION:
            quotes.take(*placed(segment.text, segment.language), _weight(segment))
    for tag in document.tags:
        text.take(*placed(tag, UNDETERMINED), TAG_WEIGHT)
    for name in document.attachment_names:
        readable = name.replace("_", " ").replace(".", " ")
        text.take(*placed(readable, UNDETERMINED), MINOR_WEIGHT)
    for inside in document.attachment_texts:
        # However often a long file names a word: it never counts more than once said in a post.
        text.take(*placed(inside, UNDETERMINED), FILE_WEIGHT, most=MOST_IN_FILE)
    in_author = placed(document.author, UNDETERMINED)
    author.take(*in_author, MINOR_WEIGHT)
    author.stems.clear()
    text.take(*in_author, MINOR_WEIGHT)
    return {
        Scope.TEXT: text,
        Scope.SUBJECT: subject,
        Scope.AUTHOR: author,
        Scope.QUOTES: quotes,
    }, own


def _weight(segment: Segment) -> float:
    return TEXT_WEIGHT if segment.language in LANGUAGES else UNKNOWN_LANGUAGE_WEIGHT


def folded_tags(tags: Iterable[str]) -> Iterator[str]:
    """Tags as they are compared."""
    return (fold(tag) for tag in tags)
