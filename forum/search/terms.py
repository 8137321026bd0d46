"""A document in terms, as both engines store them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

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


class Text(NamedTuple):
    """A text of a document (a plain tuple: there are millions)."""

    text: str
    language: str
    weights: tuple[tuple[Scope, float], ...]
    """Where it is found, and what a word counts each time it stands there."""
    most: int | None = None
    """Times that count; None: all."""
    is_own: bool = False
    """Whether its author wrote it, in this post."""


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


def texts(document: IndexDocument) -> Iterator[Text]:
    """All texts of a document, in the order in which their words are placed."""
    in_subject = ((Scope.SUBJECT, TEXT_WEIGHT), (Scope.TEXT, SUBJECT_WEIGHT))
    for name in (document.subject, *document.titles):
        yield Text(name, UNDETERMINED, in_subject)
    for segment in document.segments:
        if segment.role == Role.REPLY:
            weights = ((Scope.TEXT, _weight(segment)),)
            yield Text(segment.text, segment.language, weights, is_own=True)
        elif segment.role == Role.QUOTATION:
            yield Text(segment.text, segment.language, ((Scope.QUOTES, _weight(segment)),))
    for segment in document.translations:
        yield Text(segment.text, segment.language, ((Scope.TEXT, _weight(segment)),))
    for tag in document.tags:
        yield Text(tag, UNDETERMINED, ((Scope.TEXT, TAG_WEIGHT),))
    for name in document.attachment_names:
        readable = name.replace("_", " ").replace(".", " ")
        yield Text(readable, UNDETERMINED, ((Scope.TEXT, MINOR_WEIGHT),))
    for inside in document.attachment_texts:
        # However often a long file names a word: it never counts more than once said in a post.
        yield Text(inside, UNDETERMINED, ((Scope.TEXT, FILE_WEIGHT),), most=MOST_IN_FILE)
    by = ((Scope.AUTHOR, MINOR_WEIGHT), (Scope.TEXT, MINOR_WEIGHT))
    yield Text(document.author, UNDETERMINED, by)


def fields(document: IndexDocument) -> dict[Scope, Field]:
    """The terms of a document by scope."""
    found = {scope: Field() for scope in Scope}
    for text in texts(document):
        forms, length = placed(text.text, text.language)
        for scope, weight in text.weights:
            found[scope].take(forms, length, weight, text.most)
    return found


def _weight(segment: Segment) -> float:
    return TEXT_WEIGHT if segment.language in LANGUAGES else UNKNOWN_LANGUAGE_WEIGHT


def folded_tags(tags: Iterable[str]) -> Iterator[str]:
    """Tags as they are compared."""
    return (fold(tag) for tag in tags)
