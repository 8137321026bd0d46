"""Where a message belongs: threads and reply trees from References, In-Reply-To and their kin.

Threading is a function of the set of messages, never of the order in which they came: everything
below walks them by date and key. It follows Jamie Zawinski's algorithm (also RFC 5256, section 3,
REFERENCES), with these precisions:

- A message's own header is believed before what others say of it. Its parent is the last id it
  refers to; an id that was never seen stands as a placeholder, which holds its answers together.
- What others say (the id before, in their References) places only unseen ids, and answers that
  came without such a header. An answer speaks only of the ids between itself and the first
  message that speaks for itself, so that a thread's form depends on its own messages alone.
- Of two edges that close a circle the later message's is dropped.
- A tree that still hangs on nothing is placed by Outlook's Thread-Index, and at last by base
  subject, but only if it looks like an answer, within 30 days and with a person in common.
- A moderator's decision is stronger than all of this.

Nothing here recurses: lists hold threads 5,000 deep.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.domain.reading_order import reading_order
from forum.domain.thread_index import index_ids

SUBJECT_WINDOW: Final = timedelta(days=30)
"""How long after a message an answer without references is joined to it by subject."""

_NONE = -1


@dataclass(frozen=True, slots=True)
class Node:
    """A message as threading sees it."""

    key: str
    """Unique, and the same in whatever order messages come: it breaks ties of date."""
    message_ids: tuple[str, ...]
    """All ids under which it is known; one borne by two messages belongs to the earlier."""
    parents: tuple[str, ...]
    """References, oldest first, then In-Reply-To where it adds one."""
    date: datetime
    base_subject: str = ""
    is_reply: bool = False
    """Whether the subject carries an answer mark."""
    people: frozenset[str] = frozenset()
    """Author and recipients without the list itself; empty where unknown."""
    thread_index: str | None = None
    """Outlook's Thread-Index, base64 as written."""
    pinned_parent: str | None = None
    """A moderator's decision: the parent's key; its own key makes it the root of a thread."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one message stands in its thread."""

    key: str
    parent: str | None
    """The key of the nearest message above it that is there."""
    depth: int
    """0-based."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Threads and their reply trees."""

    threads: tuple[tuple[Place, ...], ...]
    """Each in reading order; by the rank of their first places."""
    unseen: Mapping[str, int]
    """Each id that holds messages together but was never seen -> index into `threads`."""
    seekers: tuple[str, ...]
    """Keys of answers that hung on nothing and were sought a parent by subject, in vain or not."""

    @property
    def parents(self) -> dict[str, str | None]:
        """Each key's parent, None for a root."""
        return {place.key: place.parent for thread in self.threads for place in thread}


def build(nodes: Iterable[Node]) -> Forest:
    """Put messages of one list in their places.

    The answer depends on the set of nodes alone. Keys must differ; ids may clash.
    """
    builder = _Builder(nodes)
    builder.follow_pins()
    builder.follow_headers()
    builder.follow_claims()
    builder.follow_thread_index()
    seekers = builder.follow_subjects()
    return builder.forest(seekers)


class _Builder:
    """The containers of the algorithm: the first are the nodes by rank, then the placeholders.

    `top` is a union-find forest with path halving whose representative is the root of the tree:
    only roots are ever linked, and nothing is unlinked, so a circle is seen at once.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = sorted(nodes, key=lambda node: (node.date, node.key))
        size = len(self.nodes)
        self.parent = [_NONE] * size
        self.top = list(range(size))
        self.indexes = [index_ids(node.thread_index) for node in self.nodes]
        self.by_id: dict[str, int] = {}
        for rank, node in enumerate(self.nodes):
            for message_id in (*node.message_ids, *self.indexes[rank][-1:]):
                self.by_id.setdefault(message_id, rank)
        self.references = [
            tuple(i for i in node.parents if self.by_id.get(i) != rank)
            for rank, node in enumerate(self.nodes)
        ]
        self.claimable = [
            node.is_reply and not references and node.pinned_parent is None
            for node, references in zip(self.nodes, self.references, strict=True)
        ]

    def container(self, message_id: str) -> int:
        """That of an id; a new placeholder where the id was never met."""
        found = self.by_id.get(message_id)
        if found is None:
            found = self.by_id[message_id] = len(self.parent)
            self.parent.append(_NONE)
            self.top.append(found)
            self.claimable.append(True)
        return found

    def root(self, container: int) -> int:
        """The root of the tree a container stands in."""
        top = self.top
        while top[container] != container:
            top[container] = top[top[container]]
            container = top[container]
        return container

    def link(self, child: int, parent: int) -> bool:
        """Hang a root below another tree; False if it is no root or a circle would close."""
        if self.parent[child] != _NONE or self.root(parent) == child:
            return False
        self.parent[child] = parent
        self.top[child] = self.top[parent]
        return True

    def follow_pins(self) -> None:
        """Moderators' decisions."""
        ranks = {node.key: rank for rank, node in enumerate(self.nodes)}
        for rank, node in enumerate(self.nodes):
            if node.pinned_parent in ranks and node.pinned_parent is not None:
                self.link(rank, ranks[node.pinned_parent])

    def follow_headers(self) -> None:
        """Each message below the last id it refers to."""
        for rank, references in enumerate(self.references):
            if references and self.nodes[rank].pinned_parent is None:
                self.link(rank, self.container(references[-1]))

    def follow_claims(self) -> None:
        """Unseen ids, and answers without a header, where their answers say they belong."""
        for rank, references in enumerate(self.references):
            # Only who stands where its header says may speak of what is above it.
            if not references or self.parent[rank] != self.by_id.get(references[-1]):
                continue
            child = self.parent[rank]
            for message_id in reversed(references[:-1]):
                if not self.claimable[child] or self.parent[child] != _NONE:
                    break
                parent = self.container(message_id)
                if not self.link(child, parent):
                    break
                child = parent

    def follow_thread_index(self) -> None:
        """Trees that hang on nothing, below the nearest message of their Outlook conversation."""
        for top, roots in self.loose_trees():
            rank = next((r for r in roots if len(self.indexes[r]) > 1), None)
            if rank is None:
                continue
            child = top
            for index_id in reversed(self.indexes[rank][:-1]):
                parent = self.container(index_id)
                if self.link(child, parent):
                    if parent < len(self.nodes) or self.parent[parent] != _NONE:
                        break
                    child = parent

    def follow_subjects(self) -> list[str]:
        """Trees that hang on nothing and begin with an answer, below what it seems to answer."""
        seekers: list[int] = []
        loose: list[tuple[int, int]] = []
        for top, roots in self.loose_trees():
            for rank in roots:
                node = self.nodes[rank]
                if node.is_reply and node.base_subject:
                    loose.append((rank, top))
                    break
        subjects = {self.nodes[rank].base_subject for rank, _ in loose}
        mentions = self._mentions(subjects)
        for rank, top in loose:
            seekers.append(rank)
            found = self._answered(rank, top, mentions)
            if found != _NONE:
                self.link(top, found)
        return [self.nodes[rank].key for rank in seekers]

    def loose_trees(self) -> list[tuple[int, list[int]]]:
        """Roots of trees no moderator fixed, each with its topmost messages; by earliest message.

        The root is a message, or a placeholder above several.
        """
        above = self._nearest_message()
        trees: dict[int, list[int]] = {}
        for rank, node in enumerate(self.nodes):
            if above[rank] == _NONE and node.pinned_parent is None:
                trees.setdefault(self.root(rank), []).append(rank)
        return list(trees.items())

    def _mentions(self, subjects: set[str]) -> dict[tuple[str, str], list[int]]:
        """Ranks, ascending, by subject and person: `*` is anybody, `""` a message naming nobody."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for rank, node in enumerate(self.nodes):
            if node.base_subject in subjects:
                for person in ("*", *(node.people or ("",))):
                    found[node.base_subject, person].append(rank)
        return found

    def _answered(self, rank: int, top: int, mentions: dict[tuple[str, str], list[int]]) -> int:
        """The latest earlier message with the same subject and a person in common."""
        node = self.nodes[rank]
        earliest = node.date - SUBJECT_WINDOW
        best = _NONE
        # Who names nobody cannot be told to share nobody.
        for person in ("", *node.people) if node.people else ("*",):
            ranks = mentions.get((node.base_subject, person), [])
            for position in range(bisect_left(ranks, rank) - 1, -1, -1):
                candidate = ranks[position]
                if candidate <= best or self.nodes[candidate].date < earliest:
                    break
                if self.root(candidate) != top:
                    best = candidate
                    break
        return best

    def _nearest_message(self) -> list[int]:
        """For each container the nearest message above it, not itself; none is -1."""
        size = len(self.nodes)
        above: list[int | None] = [None] * len(self.parent)
        for start in range(len(self.parent)):
            path = []
            container = start
            while above[container] is None:
                path.append(container)
                parent = self.parent[container]
                if parent == _NONE or parent < size:
                    above[container] = parent
                else:
                    container = parent
            for passed in path:
                above[passed] = above[container]
        return [_NONE if found is None else found for found in above]

    def forest(self, seekers: list[str]) -> Forest:
        """What was found, told in keys."""
        above = self._nearest_message()
        parents = {rank: None if above[rank] == _NONE else above[rank] for rank in self.ranks}
        threads: dict[int, list[Place]] = {}
        for rank, depth in reading_order(self.ranks, parents):
            parent = parents[rank]
            place = Place(
                self.nodes[rank].key, None if parent is None else self.nodes[parent].key, depth
            )
            threads.setdefault(self.root(rank), []).append(place)
        numbers = {top: number for number, top in enumerate(threads)}
        unseen = {
            message_id: numbers[self.root(container)]
            for message_id, container in self.by_id.items()
            if container >= len(self.nodes) and self.root(container) in numbers
        }
        return Forest(tuple(tuple(thread) for thread in threads.values()), unseen, tuple(seekers))

    @property
    def ranks(self) -> range:
        """Of the messages, in order."""
        return range(len(self.nodes))
