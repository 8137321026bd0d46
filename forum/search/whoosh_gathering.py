"""The texts of new documents as numbers, until they become the postings of a segment.

Each written word of a language is analysed once for many segments and numbered. A text is then
nothing but the numbers of its words: which terms they make, where and how often, is worked out for
all texts of a scope at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from weakref import proxy

import numpy as np
from numpy.typing import NDArray

from forum.domain.analysis import forms, written_words
from forum.domain.query_tree import Scope
from forum.domain.values import LANGUAGES, UNDETERMINED
from forum.search.terms import GAP, LAST_POSITION, Text
from forum.search.whoosh_pool import Written
from forum.search.whoosh_postings import Ints, Postings, starts_of, within
from forum.search.whoosh_segment import stem_field, word_field

Terms = Iterator[tuple[str, int, bytes]]
"""Each term in order, the number of its documents, and its postings as they are stored."""

Ints32 = NDArray[np.int32]
"""There are many at once: half of the usual size."""

_NO_LIMIT: Final = 0


class _Numbered(dict[str, int]):
    """Terms numbered as they come."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


class _Language(dict[str, int]):
    """The numbers of written words in one language; a new word is analysed."""

    def __init__(self, words: Words, language: str) -> None:
        super().__init__()
        # They hold us: a circle would keep the memory of both until garbage is looked for.
        self._words, self._language = proxy(words), language

    def __missing__(self, written: str) -> int:
        number: int = self._words.add(written, self._language)
        self[written] = number
        return number


class Words:
    """What each written word is found under; for several segments, one after the other."""

    def __init__(self) -> None:
        self.terms, self.stems = _Numbered(), _Numbered()
        self._languages: dict[str, _Language] = {}
        self.spans = array("I")
        """Of each word: the positions it takes."""
        self.form_counts = array("I")
        """Of each word: its forms, which follow one another in the next three."""
        self.form_terms = array("I")
        self.form_offsets = array("I")
        self.stem_counts = array("I")
        self.stem_numbers = array("I")
        """Of all forms, one after the other."""

    def numbers(self, text: str, language: str) -> list[int]:
        """The words of a text.

        Args:
            language: see `forum.domain.analysis.forms`.
        """
        language = language if language in LANGUAGES else UNDETERMINED
        if language not in self._languages:
            self._languages[language] = _Language(self, language)
        return list(map(self._languages[language].__getitem__, written_words(text)))

    def __len__(self) -> int:
        """How many words there are."""
        return len(self.spans)

    def length(self, numbers: list[int]) -> int:
        """The positions that words take together."""
        return sum(map(self.spans.__getitem__, numbers))

    def add(self, written: str, language: str) -> int:
        """Give a word that is new the next number."""
        found = forms(written, language)
        self.spans.append(found[-1].offset + 1 if found else 0)
        self.form_counts.append(len(found))
        for form in found:
            self.form_terms.append(self.terms[form.stored])
            self.form_offsets.append(form.offset)
            self.stem_counts.append(len(form.stems))
            self.stem_numbers.extend(map(self.stems.__getitem__, form.stems))
        return len(self.spans) - 1


class _Forms(NamedTuple):
    """The forms that stand in all texts of a scope, in order."""

    numbers: Ints32
    texts: Ints32
    """Beside them: the text each stands in."""
    places: Ints32


class Gathered:
    """The texts of one scope, in the order of their documents."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._numbers = array("I")
        self._documents = array("I")
        """Of each text, and so the next four."""
        self._sizes = array("I")
        self._starts = array("Q")
        self._weights = array("d")
        self._limits = array("I")

    def take(
        self, document: int, numbers: list[int], start: int, weight: float, most: int | None
    ) -> None:
        """A text of a document; documents come in ascending order.

        Args:
            numbers: Of its words.
            start: The position of its first word.
            weight: Of a word each time it stands there.
            most: Times that count; None: all.
        """
        if numbers:
            self._numbers.extend(numbers)
            self._documents.append(document)
            self._sizes.append(len(numbers))
            self._starts.append(start)
            self._weights.append(weight)
            self._limits.append(_NO_LIMIT if most is None else most)

    def places(self) -> Terms:
        """Unstemmed terms, with where they stand."""
        found = self._forms()
        early = found.places <= LAST_POSITION
        terms = _array(self._words.form_terms)[found.numbers[early]]
        documents = _array(self._documents)[found.texts[early]]
        places = found.places[early]
        del found, early
        order, ranked, names = _in_order(terms, self._words.terms)
        documents = documents[order]
        begins = _begins(ranked, documents)
        counts = np.diff(begins, append=len(ranked))
        sizes = np.bincount(ranked[begins], minlength=len(names))
        documents = documents[begins].astype(np.int64)
        packed = Postings(sizes, documents, None, counts, places[order].astype(np.int64)).pack()
        return zip(names, sizes.tolist(), packed, strict=True)

    def weights(self) -> Terms:
        """Stems, with their weights."""
        found = self._limited(self._forms())
        per_form = _array(self._words.stem_counts)
        counts = per_form[found.numbers].astype(np.int64)
        at = np.repeat(starts_of(per_form)[found.numbers], counts) + within(counts)
        stems = _array(self._words.stem_numbers)[at]
        texts = np.repeat(found.texts, counts)
        del found, at, counts
        order, ranked, names = _in_order(stems, self._words.stems)
        texts = texts[order]
        documents = _array(self._documents)[texts]
        begins = _begins(ranked, documents)
        weights = _array(self._weights)[texts]
        if len(begins):
            weights = np.add.reduceat(weights, begins)
        sizes = np.bincount(ranked[begins], minlength=len(names))
        documents = documents[begins].astype(np.int64)
        packed = Postings(sizes, documents, weights.astype(np.float32)).pack()
        return zip(names, sizes.tolist(), packed, strict=True)

    def _forms(self) -> _Forms:
        numbers = _array(self._numbers)
        sizes = _array(self._sizes).astype(np.int64)
        before = starts_of(_array(self._words.spans)[numbers]).astype(np.int32)
        shifts = _array(self._starts).astype(np.int32) - before[starts_of(sizes)]
        per_word = _array(self._words.form_counts)
        counts = per_word[numbers].astype(np.int64)
        first = starts_of(per_word)[numbers].astype(np.int32)
        found = np.repeat(first, counts) + within(counts).astype(np.int32)
        texts = np.repeat(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes), counts)
        places = np.repeat(before + np.repeat(shifts, sizes), counts)
        places += _array(self._words.form_offsets)[found].astype(np.int32)
        return _Forms(found, texts, places)

    def _limited(self, found: _Forms) -> _Forms:
        """Without what stands in a text more often than counts there."""
        limits = _array(self._limits)
        some = np.flatnonzero(limits[found.texts])
        if not len(some):
            return found
        terms = _array(self._words.form_terms)[found.numbers[some]]
        order = np.lexsort((terms, found.texts[some]))
        begins = _begins(terms[order], found.texts[some][order])
        times = within(np.diff(begins, append=len(some)))
        excess = times >= limits[found.texts[some]][order]
        kept = np.ones(len(found.texts), dtype=np.bool_)
        kept[some[order][excess]] = False
        return _Forms(found.numbers[kept], found.texts[kept], found.places[kept])


class PostingsPool:
    """The postings of new documents, in memory; it stands for Whoosh's pool."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._scopes: dict[Scope, Gathered] = {}
        self.positions = 0
        """That the texts take together: what tells best how much memory this takes."""

    def add(self, item: object) -> None:
        """Whoosh's way to add one posting; our fields give it none."""
        raise TypeError(f"not a posting of ours: {item!r}")

    def take(self, document: int, texts: Iterable[Text]) -> int:
        """Add the texts of a document; documents come in ascending order.

        Returns:
            The length of what its author wrote, in words.
        """
        own = 0
        starts: dict[Scope, int] = {}
        for text in texts:
            numbers = self._words.numbers(text.text, text.language)
            length = self._words.length(numbers)
            for scope, weight in text.weights:
                start = starts.get(scope, 0)
                self._gathered(scope).take(document, numbers, start, weight, text.most)
                starts[scope] = start + length + GAP
                self.positions += length
            own += length if text.is_own else 0
        return own

    def _gathered(self, scope: Scope) -> Gathered:
        if scope not in self._scopes:
            self._scopes[scope] = Gathered(self._words)
        return self._scopes[scope]

    def iter_postings(self) -> Iterator[Written]:
        """All of them in the order of the index."""
        fields: dict[str, Callable[[], Terms]] = {}
        for scope, gathered in self._scopes.items():
            fields[word_field(scope)] = gathered.places
            # Whom one asks for is asked for by name, as written.
            if scope is not Scope.AUTHOR:
                fields[stem_field(scope)] = gathered.weights
        for field in sorted(fields):
            for term, size, data in fields[field]():
                yield field, term.encode("utf-8"), size, data

    def cleanup(self) -> None:
        """Forget everything."""
        self._scopes.clear()


def _array(numbers: array[Any]) -> NDArray[Any]:
    """The same numbers; while it is held, no more can be added."""
    return np.frombuffer(numbers, dtype=numbers.typecode) if numbers else np.empty(0, np.uint32)


def _in_order(
    numbers: NDArray[Any], numbered: _Numbered
) -> tuple[Ints, NDArray[np.int32], list[str]]:
    """How to put terms in order, their ranks when that is done, and the terms that there are."""
    here = np.zeros(len(numbered), dtype=np.bool_)
    here[numbers] = True
    all_names = list(numbered)
    # The order of the characters is that of their bytes in UTF-8, too.
    used = sorted(np.flatnonzero(here).tolist(), key=all_names.__getitem__)
    rank = np.empty(len(all_names), dtype=np.int32)
    rank[used] = np.arange(len(used))
    ranks = rank[numbers]
    order = np.argsort(ranks, kind="stable")
    return order, ranks[order], [all_names[number] for number in used]


def _begins(ranked: NDArray[Any], beside: NDArray[Any]) -> Ints:
    """Where runs begin in which neither changes."""
    new = np.ones(len(ranked), dtype=np.bool_)
    new[1:] = (ranked[1:] != ranked[:-1]) | (beside[1:] != beside[:-1])
    return np.flatnonzero(new)
