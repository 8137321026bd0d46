"""One Whoosh index in a folder: its segments, its commits, and the snapshot that answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from whoosh.index import FileIndex
from whoosh.reading import SegmentReader

from forum.search import whoosh_files
from forum.search.protocol import IndexDocument
from forum.search.snapshot import Snapshot, seconds
from forum.search.terms import folded_tags, texts
from forum.search.whoosh_codec import MergingWriter, PackedWriter
from forum.search.whoosh_gathering import Words
from forum.search.whoosh_postings import Ints
from forum.search.whoosh_segment import (
    LABEL,
    NUMBERS,
    VALUE,
    IndexSegment,
    Vocabulary,
    make_schema,
)

SMALL_SEGMENTS: Final = 12
"""More of about one size are merged in a quiet minute."""

LARGE_SEGMENT: Final = 1_000
"""Documents; a segment of so many stays as it is: to merge several would keep others waiting."""

LARGEST_POOL: Final = 500_000
"""Positions of words held in memory for one segment; longer texts fill several. Each takes some
80 bytes when they are put in order."""

MOST_WORDS: Final = 20_000
"""Written words whose terms are remembered from one segment to the next: some 10 MB."""


class Folder:
    """One Whoosh index in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.schema = make_schema()
        self._storage = whoosh_files.DurableStorage(str(path))
        self._reading = whoosh_files.ReadingStorage(str(path))
        self._vocabulary = Vocabulary()
        self._words = Words()
        self._lock = threading.Lock()
        self._snapshot: tuple[int, Snapshot] | None = None
        self._posts_in: dict[str, Ints] = {}

    def create(self) -> None:
        """Make it, empty; nothing may be there."""
        self.path.mkdir(parents=True)
        FileIndex.create(self._storage, self.schema)

    def snapshot(self) -> Snapshot:
        """The last commit; what an earlier one has in common with it is not read again."""
        number = whoosh_files.generation(self.path)
        held = self._snapshot
        if held and held[0] == number:
            return held[1]
        with self._lock:
            held = self._snapshot
            if held is None or held[0] != number:
                held = self._open(held[1] if held else None)
                self._snapshot = held
            return held[1]

    def _open(self, before: Snapshot | None) -> tuple[int, Snapshot]:
        known = {segment.name: segment for segment in before.segments} if before else {}
        for attempt in range(10):
            toc = whoosh_files.read_toc(self.path, self.schema)
            try:
                with self._reading.opening():
                    segments = [
                        known.get(found.segment_id())
                        or IndexSegment(self._reading, self.schema, found, self._vocabulary)
                        for found in toc.segments
                    ]
                break
            except FileNotFoundError:
                # A writer has merged it away in between: read the newer table of contents.
                if attempt == 9:
                    raise
        deleted = [frozenset(found.deleted_docs()) for found in toc.segments]
        return toc.generation, Snapshot(segments, deleted, self._vocabulary)

    def segments(self, documents: Iterable[IndexDocument]) -> Iterator[tuple[Any, list[int]]]:
        """Write documents into segments that nothing names yet, each given with its post ids.

        Processes may do this side by side, for the holder of the writer's lock.
        """
        writer, post_ids = None, []
        for document in documents:
            writer = writer or PackedWriter(self._index(), self._known_words(), _lk=False)
            _add(writer, document)
            post_ids.append(document.post_id)
            if writer.pool.positions > LARGEST_POOL:
                yield writer.finished_segment(), post_ids
                writer, post_ids = None, []
        if writer is not None:
            yield writer.finished_segment(), post_ids

    def _known_words(self) -> Words:
        if len(self._words) > MOST_WORDS:
            self._words = Words()
        return self._words

    def change(self, post_ids: Collection[int], segments: Iterable[Any] = ()) -> None:
        """Delete posts and take in the segments that hold them anew, in one commit."""
        writer = self._writer(PackedWriter)
        try:
            wanted = np.array(sorted(post_ids), dtype=np.int64)
            for segment, posts in self._posts(writer):
                for number in np.flatnonzero(np.isin(posts, wanted)).tolist():
                    if not segment.is_deleted(number):
                        segment.delete_document(number)
            writer.segments.extend(segments)
            writer.commit(merge=False)
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            raise

    def _posts(self, writer: Any) -> list[tuple[Any, Ints]]:
        """The segments and the posts in each, by document.

        No snapshot: who writes need not hold what is asked of terms, which grows with the index.
        """
        before, self._posts_in = self._posts_in, {}
        for segment in writer.segments:
            name = segment.segment_id()
            posts = before.get(name)
            if posts is None:
                reader = SegmentReader(writer.storage, self.schema, segment)
                raw = b"".join(reader.column_reader("numbers", translate=False))
                reader.close()
                posts = np.frombuffer(raw, dtype=NUMBERS)["post_id"].copy()
            self._posts_in[name] = posts
        return [(segment, self._posts_in[segment.segment_id()]) for segment in writer.segments]

    def tidy(self) -> bool:
        """Merge the segments of one size where there are many; False where there are not."""
        toc = whoosh_files.read_toc(self.path, self.schema)
        by_size: dict[int, list[Any]] = {}
        for segment in toc.segments:
            if segment.doc_count_all() < LARGE_SEGMENT:
                by_size.setdefault(len(str(segment.doc_count_all())), []).append(segment)
        crowded = [group for group in by_size.values() if len(group) > SMALL_SEGMENTS]
        if not crowded:
            return False
        names = {segment.segment_id() for segment in crowded[0]}
        self._writer(MergingWriter).commit(mergetype=_merging(names))
        return True

    def _writer(self, kind: Callable[..., Any]) -> Any:
        whoosh_files.drop_leftovers(self.path)
        return kind(self._index(), timeout=5.0)

    def _index(self) -> Any:
        return FileIndex(self._storage, schema=self.schema)

    def close(self) -> None:
        """Give back the files."""
        with self._lock:
            if self._snapshot:
                for segment in self._snapshot[1].segments:
                    segment.close()
            self._snapshot = None


def _merging(names: set[str]) -> Callable[[Any, list[Any]], list[Any]]:
    """A merge policy of Whoosh's kind: these segments and no other."""

    def merge(writer: Any, segments: list[Any]) -> list[Any]:
        kept = []
        for segment in segments:
            if segment.segment_id() in names:
                # Its pool closes the reader.
                writer.add_reader(SegmentReader(writer.storage, writer.schema, segment))
            else:
                kept.append(segment)
        return kept

    return merge


def _add(writer: PackedWriter, document: IndexDocument) -> None:
    number = writer.docnum
    length = writer.pool.take(number, texts(document))
    numbers = (
        document.post_id,
        document.list_id,
        document.thread_id,
        seconds(document.date),
        length,
        document.has_attachment,
    )
    labels = (
        document.author,
        document.list_slug,
        VALUE.join(document.languages),
        VALUE.join(folded_tags(document.tags)),
        VALUE.join(document.tags),
    )
    clean = (label.replace(LABEL, " ") for label in labels)
    writer.add_document(
        numbers=np.array([numbers], dtype=NUMBERS).tobytes(),
        labels=LABEL.join(clean).encode("utf-8", "replace"),
    )
