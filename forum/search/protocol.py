"""What every search engine takes and gives; the rest of the program knows no more of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from forum.domain.query_tree import SearchQuery
from forum.domain.values import Segment


class Sort(StrEnum):
    """The order of hits."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """What the index is told of a post."""

    post_id: int
    thread_id: int
    list_id: int
    list_slug: str
    date: datetime
    subject: str
    author: str
    """The name as shown, never an address."""
    languages: tuple[str, ...]
    """Of its own text, BCP 47, each once."""
    tags: tuple[str, ...]
    attachment_names: tuple[str, ...]
    segments: tuple[Segment, ...]
    attachment_texts: tuple[str, ...] = ()
    """What was read inside the attachments."""
    translations: tuple[Segment, ...] = ()
    """What people wrote of its own text in other languages."""
    titles: tuple[str, ...] = ()
    """With the first post of a thread: what it is called now, where that is not its subject."""

    @property
    def has_attachment(self) -> bool:
        """Whether a file came with it."""
        return bool(self.attachment_names)


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that was found."""

    post_id: int
    score: float
    """0 where nothing but filters were asked for; comparable within one answer only."""
    in_thread: int = 1
    """Hits in its thread, where the answer is by thread."""


Facets = Mapping[str, Mapping[str, int]]
"""`language`, `year`, `author`, `list`, `tag`: value to number of hits, the most frequent first,
but years newest first."""

Months = Mapping[tuple[int, int], Mapping[str, int]]
"""Year and month (from 1) to the number of hits by language; `mul` for posts in several. Years
alone (month 0) where hits are of more than MOST_YEARS years and more than MOST_MONTHS months."""

MOST_YEARS: Final = 10
MOST_MONTHS: Final = 24

FACET_VALUES: Final = 100
"""Values of a facet that are told, but for years: a large archive has thousands of authors."""


@dataclass(frozen=True, slots=True)
class SearchHits:
    """One page of an answer."""

    total: int
    hits: tuple[Hit, ...]
    facets: Facets = field(default_factory=dict)
    months: Months = field(default_factory=dict)
    """Counted with the facets."""
    rebuilding: bool = False
    """Whether the index is being made anew, so that posts may be missing."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How an index stands."""

    engine: str
    indexed: int
    """Posts in it."""
    bytes: int
    """On disk."""
    rebuilding: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """Posts as an engine takes them in; any process may make it, and it can be pickled."""

    post_ids: tuple[int, ...]
    content: Any
    """For the engine that made it."""


class SearchIndex(Protocol):
    """A search engine. Whoever changes it holds `writing()`; anybody may search meanwhile."""

    def find(
        self,
        query: SearchQuery,
        list_ids: frozenset[int],
        page: int = 1,
        per_page: int = 20,
        sort: Sort = Sort.RELEVANCE,
        facets: bool = False,
        by_thread: bool = False,
    ) -> SearchHits:
        """Search the lists with these ids and no other.

        Args:
            query: as parsed.
            list_ids: the lists the reader may see.
            page: from 1.
            per_page: hits on a page.
            sort: equal ones newest first.
            facets: whether to count the hits by language, year, author, list, tag and month.
            by_thread: whether each hit stands for its thread, as the first of it in the order;
                the total is that of threads, and the counts are of posts.
        """
        ...

    def words(self, prefix: str) -> Iterable[str]:
        """Folded words that begin so, some that occur no more among them.

        Of all lists: none is to be shown to anybody before `find` has found it for them.
        """
        ...

    def writing(self) -> AbstractContextManager[bool]:
        """Take the writer's lock; gives False at once where somebody else holds it."""
        ...

    def prepare(
        self, documents: Iterable[IndexDocument], *, rebuilding: bool = False
    ) -> Iterator[Prepared]:
        """Do the work of taking in posts but for the last step, for the holder of the lock.

        Any number of processes may do this side by side; nobody sees anything of it.

        Args:
            documents: of different posts; they are not held in memory.
            rebuilding: whether they are for the rebuild under way alone.
        """
        ...

    def take_in(self, prepared: Sequence[Prepared]) -> None:
        """Take in posts, replacing those of the same id; durable and found on return."""
        ...

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Prepare posts and take them in."""
        ...

    def remove(self, post_ids: Collection[int]) -> None:
        """Forget posts; durable on return."""
        ...

    def status(self) -> IndexStatus:
        """Engine, number of posts, size, and whether a rebuild is under way."""
        ...

    def start_rebuild(self) -> None:
        """Begin anew beside what there is, which answers until `finish_rebuild`."""
        ...

    def rebuilt_to(self) -> int | None:
        """The id of the last post taken into the rebuild under way; 0 at its start, None without.

        An index that was found missing or damaged gives 0 without having been asked.
        """
        ...

    def take_in_rebuilt(self, prepared: Sequence[Prepared], up_to: int) -> None:
        """Take posts into the rebuild under way and note the last id looked at."""
        ...

    def finish_rebuild(self) -> None:
        """Answer from the new index from now on, and drop the old one."""
        ...

    def tidy(self) -> bool:
        """Do one piece of maintenance, for quiet minutes; False where there was nothing to do."""
        ...

    def close(self) -> None:
        """Give back files and connections; it may be used again."""
        ...
