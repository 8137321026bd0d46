"""The embedded engine: Whoosh keeps the terms, `forum.search.evaluate` answers.

Files under the folder of the index: `CURRENT` names the folder that answers; `BUILDING`, while a
rebuild is under way, the folder that is filled and how far it has come; `DAMAGED` is left by a
reader that met a broken file, for the writer to see; `LOCK` is held by whoever writes.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import pickle
import secrets
import shutil
import stat
import struct
import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from whoosh.index import FileIndex, LockError
from whoosh.index import IndexError as WhooshError
from whoosh.reading import SegmentReader

from forum.domain.query_tree import Scope, SearchQuery
from forum.search import whoosh_files
from forum.search.evaluate import Snapshot, seconds
from forum.search.plan import plan
from forum.search.protocol import IndexDocument, IndexStatus, SearchHits, Sort
from forum.search.terms import fields, folded_tags
from forum.search.whoosh_codec import MergingWriter, PackedWriter
from forum.search.whoosh_segment import (
    LABEL,
    NUMBERS,
    VALUE,
    IndexSegment,
    Vocabulary,
    make_schema,
    stem_field,
    word_field,
)

log = logging.getLogger(__name__)

VERSION: Final = 1
"""Of the analysis and the fields; an index of another version is rebuilt."""

SMALL_SEGMENTS: Final = 12
"""More of about one size are merged in a quiet minute."""

_TRIES: Final = 3
"""A rebuild that ends during a search takes the folder away under it."""
_DAMAGE = (
    OSError, WhooshError, zlib.error, struct.error, pickle.UnpicklingError, EOFError, KeyError,
    ValueError, TypeError, AttributeError, IndexError, AssertionError, UnicodeDecodeError,
)  # fmt: skip
"""What reading a broken file may raise."""


class _Folder:
    """One Whoosh index in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.schema = make_schema()
        self._storage = whoosh_files.DurableStorage(str(path))
        self._reading = whoosh_files.ReadingStorage(str(path))
        self._vocabulary = Vocabulary()
        self._lock = threading.Lock()
        self._snapshot: tuple[int, Snapshot] | None = None

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

    def change(self, post_ids: Collection[int], documents: Iterable[IndexDocument]) -> None:
        """Delete posts and add documents in one commit."""
        snapshot = self.snapshot()
        writer = self._writer()
        try:
            wanted = np.array(sorted(post_ids), dtype=np.int64)
            gone = np.flatnonzero(np.isin(snapshot.post_ids, wanted) & snapshot.alive)
            for number in gone.tolist():
                writer.delete_document(number)
            for document in documents:
                _add(writer, document)
            writer.commit(merge=False)
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            raise

    def tidy(self) -> bool:
        """Merge the segments of one size where there are many; False where there are not."""
        toc = whoosh_files.read_toc(self.path, self.schema)
        by_size: dict[int, list[Any]] = {}
        for segment in toc.segments:
            by_size.setdefault(len(str(segment.doc_count_all())), []).append(segment)
        crowded = [group for group in by_size.values() if len(group) > SMALL_SEGMENTS]
        if not crowded:
            return False
        names = {segment.segment_id() for segment in crowded[0]}
        self._writer(MergingWriter).commit(mergetype=_merging(names))
        return True

    def _writer(self, kind: Callable[..., Any] = PackedWriter) -> Any:
        whoosh_files.drop_leftovers(self.path)
        index = FileIndex(self._storage, schema=self.schema)
        return kind(index, timeout=5.0)

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
    scopes, length = fields(document)
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
    number = writer.docnum
    writer.add_document(
        numbers=np.array([numbers], dtype=NUMBERS).tobytes(),
        labels=LABEL.join(clean).encode("utf-8", "replace"),
    )
    for scope, field in scopes.items():
        writer.pool.take_words(number, word_field(scope), field.words)
        if scope is not Scope.AUTHOR:
            writer.pool.take_stems(number, stem_field(scope), field.stems)


class WhooshIndex:
    """The index in a folder; see `forum.search.protocol.SearchIndex` for what each method does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folders: dict[str, _Folder] = {}
        self._lock = threading.RLock()
        self._checked: set[str] = set()

    def find(
        self,
        query: SearchQuery,
        list_ids: frozenset[int],
        page: int = 1,
        per_page: int = 20,
        sort: Sort = Sort.RELEVANCE,
        facets: bool = False,
    ) -> SearchHits:
        """Search."""
        wanted = plan(query)
        if wanted is None:
            return SearchHits(0, (), rebuilding=self.rebuilt_to() is not None)
        for _ in range(_TRIES):
            folder = self._answering()
            if folder is None:
                break
            try:
                snapshot = folder.snapshot()
                documents, scores = snapshot.find(wanted, list_ids)
                first = max(page - 1, 0) * per_page
                hits = snapshot.page(documents, scores, sort, first, per_page)
                counts = snapshot.facets(documents) if facets else {}
            except _DAMAGE:
                self._report_damage(folder)
            else:
                return SearchHits(len(documents), hits, counts, self.rebuilt_to() is not None)
        return SearchHits(0, (), rebuilding=True)

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Take the lock."""
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            # Closing gives the lock back, and so does the death of the process.
            os.close(descriptor)

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Take in posts: into what answers, and into what is being built."""
        latest = {document.post_id: document for document in documents}
        self._change(latest.keys(), latest.values())

    def remove(self, post_ids: Collection[int]) -> None:
        """Forget posts."""
        self._change(post_ids, ())

    def _change(self, post_ids: Collection[int], documents: Collection[IndexDocument]) -> None:
        if not post_ids:
            return
        if self.rebuilt_to() is not None and not self._building():
            self.start_rebuild()
        for folder in filter(None, {self._answering(), self._building_folder()}):
            try:
                folder.change(post_ids, documents)
            except LockError:
                raise
            except _DAMAGE:
                self._report_damage(folder)

    def status(self) -> IndexStatus:
        """How it stands."""
        indexed = 0
        folder = self._answering()
        if folder is not None:
            try:
                indexed = int(folder.snapshot().alive.sum())
            except _DAMAGE:
                self._report_damage(folder)
        size = sum(map(_size, self.path.rglob("*")))
        return IndexStatus("whoosh", indexed, size, self.rebuilt_to() is not None)

    def start_rebuild(self) -> None:
        """Begin anew in a folder of its own."""
        self.path.mkdir(parents=True, exist_ok=True)
        name = f"v{VERSION}-{secrets.token_hex(4)}"
        _Folder(self.path / name).create()
        self._note_building(name, 0)
        self._drop_others()

    def rebuilt_to(self) -> int | None:
        """How far a rebuild has come."""
        building = self._building()
        if building:
            return building[1]
        return 0 if self._answering() is None else None

    def add_rebuilt(self, documents: Sequence[IndexDocument], up_to: int) -> None:
        """Take posts into the new folder."""
        building = self._building()
        folder = self._building_folder()
        if building is None or folder is None:
            raise RuntimeError("no rebuild is under way")
        if documents:
            folder.change({document.post_id for document in documents}, documents)
        self._note_building(building[0], up_to)

    def finish_rebuild(self) -> None:
        """Answer from the new folder."""
        building = self._building()
        if building is None:
            raise RuntimeError("no rebuild is under way")
        whoosh_files.write_durably(self.path / "CURRENT", building[0])
        (self.path / "BUILDING").unlink()
        whoosh_files.sync(self.path)
        self._drop_others()

    def tidy(self) -> bool:
        """Merge small segments."""
        folder = self._answering()
        return folder is not None and folder.tidy()

    def close(self) -> None:
        """Give back the files."""
        with self._lock:
            for folder in self._folders.values():
                folder.close()
            self._folders.clear()

    def _report_damage(self, folder: _Folder) -> None:
        """Tell the writer of a broken folder; raise again what was no fault of its files."""
        if whoosh_files.is_sound(folder.path):
            raise
        log.exception("the search index is damaged and will be rebuilt")
        (self.path / "DAMAGED").write_text(folder.path.name, encoding="ascii")
        with self._lock:
            self._checked.discard(folder.path.name)
            self._folders.pop(folder.path.name, None)

    def _answering(self) -> _Folder | None:
        """What answers: the current folder if it is sound, else the one being built."""
        current = self._sound(_read(self.path / "CURRENT"))
        return current or self._building_folder()

    def _building_folder(self) -> _Folder | None:
        building = self._building()
        return self._sound(building[0]) if building else None

    def _building(self) -> tuple[str, int] | None:
        try:
            found = json.loads(_read(self.path / "BUILDING") or "null")
            name, up_to = str(found["folder"]), int(found["up_to"])
        except (ValueError, TypeError, KeyError):
            return None
        return (name, up_to) if self._sound(name) else None

    def _note_building(self, name: str, up_to: int) -> None:
        text = json.dumps({"folder": name, "up_to": up_to})
        whoosh_files.write_durably(self.path / "BUILDING", text)

    def _sound(self, name: str) -> _Folder | None:
        """A folder of ours, its sums compared the first time it is seen."""
        if not name.startswith(f"v{VERSION}-") or name == _read(self.path / "DAMAGED"):
            return None
        with self._lock:
            if name not in self._checked:
                if not whoosh_files.is_sound(self.path / name):
                    return None
                self._checked.add(name)
            if name not in self._folders:
                self._folders[name] = _Folder(self.path / name)
            return self._folders[name]

    def _drop_others(self) -> None:
        """Remove folders that neither answer nor are being built."""
        building = self._building()
        kept = {_read(self.path / "CURRENT"), building[0] if building else ""}
        for path in self.path.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
                with self._lock:
                    self._folders.pop(path.name, None)
        if _read(self.path / "DAMAGED") not in kept:
            (self.path / "DAMAGED").unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _size(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        return 0  # A writer has just merged it away.
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
