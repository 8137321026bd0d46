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
import struct
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from whoosh.index import IndexError as WhooshError
from whoosh.index import LockError

from forum.domain.analysis import VARIANT
from forum.domain.query_tree import Scope, SearchQuery
from forum.search import evaluate, groups, whoosh_files
from forum.search.plan import plan
from forum.search.protocol import IndexDocument, IndexStatus, Prepared, SearchHits, Sort
from forum.search.whoosh_folder import Folder
from forum.search.whoosh_segment import word_field

log = logging.getLogger(__name__)

VERSION: Final = 1
"""Of the analysis and the fields; an index of another version is rebuilt."""

_TRIES: Final = 3
"""A rebuild that ends during a search takes the folder away under it."""
_DAMAGE = (
    OSError, WhooshError, zlib.error, struct.error, pickle.UnpicklingError, EOFError, KeyError,
    ValueError, TypeError, AttributeError, IndexError, AssertionError, UnicodeDecodeError,
)  # fmt: skip
"""What reading a broken file may raise."""


class WhooshIndex:
    """The index in a folder; see `forum.search.protocol.SearchIndex` for what each method does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folders: dict[str, Folder] = {}
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
        by_thread: bool = False,
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
                documents, scores = evaluate.find(snapshot, wanted, list_ids)
                first = max(page - 1, 0) * per_page
                counts, months = groups.counted(snapshot, documents) if facets else ({}, {})
                threads: Mapping[int, int] = {}
                if by_thread:
                    documents, scores, threads = groups.by_thread(snapshot, documents, scores, sort)
                hits = tuple(
                    replace(hit, in_thread=threads[hit.post_id]) if by_thread else hit
                    for hit in groups.page(snapshot, documents, scores, sort, first, per_page)
                )
            except _DAMAGE:
                self._report_damage(folder)
            else:
                rebuilding = self._building() is not None
                return SearchHits(len(documents), hits, counts, months, rebuilding)
        return SearchHits(0, (), rebuilding=True)

    def words(self, prefix: str) -> Iterable[str]:
        """Words that begin so."""
        folder = self._answering()
        if folder is None:
            return ()
        field = word_field(Scope.TEXT)
        try:
            segments = folder.snapshot().segments
            terms = [term for segment in segments for term in segment.expand(field, prefix)]
        except _DAMAGE:
            self._report_damage(folder)
            return ()
        return {term.partition(VARIANT)[0] for term in terms}

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
                self._begin()
                yield True
        finally:
            # Closing gives the lock back, and so does the death of the process.
            os.close(descriptor)

    def prepare(
        self, documents: Iterable[IndexDocument], *, rebuilding: bool = False
    ) -> Iterator[Prepared]:
        """Write segments: for what answers, and for what is being built."""
        folders = self._writable(rebuilding)
        if len(folders) > 1:
            documents = list(documents)
        for folder in folders:
            for segment, post_ids in folder.segments(documents):
                yield Prepared(tuple(post_ids), (folder.path.name, segment))

    def take_in(self, prepared: Sequence[Prepared]) -> None:
        """Take in posts: into what answers, and into what is being built."""
        self._change({one for part in prepared for one in part.post_ids}, prepared)

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Prepare and take in."""
        latest = {document.post_id: document for document in documents}
        self.take_in(list(self.prepare(latest.values())))

    def remove(self, post_ids: Collection[int]) -> None:
        """Forget posts."""
        self._change(post_ids, ())

    def _change(self, post_ids: Collection[int], prepared: Sequence[Prepared]) -> None:
        if not post_ids:
            return
        self._begin()
        for folder in self._writable():
            segments = [s for name, s in (p.content for p in prepared) if name == folder.path.name]
            try:
                folder.change(post_ids, segments)
            except LockError:
                raise
            except _DAMAGE:
                self._report_damage(folder)

    def _begin(self) -> None:
        """Start a rebuild where there is nothing that could be written to."""
        if self.rebuilt_to() is not None and not self._building():
            self.start_rebuild()

    def _writable(self, rebuilding: bool = False) -> list[Folder]:
        """What is to be told of changes."""
        building = self._building_folder()
        both = (building,) if rebuilding else (self._answering(), building)
        return [*dict.fromkeys(folder for folder in both if folder is not None)]

    def status(self) -> IndexStatus:
        """How it stands."""
        indexed = 0
        folder = self._answering()
        if folder is not None:
            try:
                indexed = int(folder.snapshot().alive.sum())
            except _DAMAGE:
                self._report_damage(folder)
        size = sum(map(whoosh_files.size_of, self.path.rglob("*")))
        return IndexStatus("whoosh", indexed, size, self.rebuilt_to() is not None)

    def start_rebuild(self) -> None:
        """Begin anew in a folder of its own."""
        self.path.mkdir(parents=True, exist_ok=True)
        name = f"v{VERSION}-{secrets.token_hex(4)}"
        Folder(self.path / name).create()
        self._note_building(name, 0)
        self._drop_others()

    def rebuilt_to(self) -> int | None:
        """How far a rebuild has come."""
        building = self._building()
        if building:
            return building[1]
        return 0 if self._answering() is None else None

    def take_in_rebuilt(self, prepared: Sequence[Prepared], up_to: int) -> None:
        """Take posts into the new folder."""
        building = self._building()
        folder = self._building_folder()
        if building is None or folder is None:
            raise RuntimeError("no rebuild is under way")
        post_ids = {one for part in prepared for one in part.post_ids}
        if post_ids:
            folder.change(post_ids, [part.content[1] for part in prepared])
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

    def _report_damage(self, folder: Folder) -> None:
        """Tell the writer of a broken folder; raise again what was no fault of its files."""
        if whoosh_files.is_sound(folder.path):
            raise
        log.exception("the search index is damaged and will be rebuilt")
        (self.path / "DAMAGED").write_text(folder.path.name, encoding="ascii")
        with self._lock:
            self._checked.discard(folder.path.name)
            self._folders.pop(folder.path.name, None)

    def _answering(self) -> Folder | None:
        """What answers: the current folder if it is sound, else the one being built."""
        current = self._sound(whoosh_files.read_text(self.path / "CURRENT"))
        return current or self._building_folder()

    def _building_folder(self) -> Folder | None:
        building = self._building()
        return self._sound(building[0]) if building else None

    def _building(self) -> tuple[str, int] | None:
        try:
            found = json.loads(whoosh_files.read_text(self.path / "BUILDING") or "null")
            name, up_to = str(found["folder"]), int(found["up_to"])
        except (ValueError, TypeError, KeyError):
            return None
        return (name, up_to) if self._sound(name) else None

    def _note_building(self, name: str, up_to: int) -> None:
        text = json.dumps({"folder": name, "up_to": up_to})
        whoosh_files.write_durably(self.path / "BUILDING", text)

    def _sound(self, name: str) -> Folder | None:
        """A folder of ours, its sums compared the first time it is seen."""
        if not name.startswith(f"v{VERSION}-") or name == whoosh_files.read_text(
            self.path / "DAMAGED"
        ):
            return None
        with self._lock:
            if name not in self._checked:
                if not whoosh_files.is_sound(self.path / name):
                    return None
                self._checked.add(name)
            if name not in self._folders:
                self._folders[name] = Folder(self.path / name)
            return self._folders[name]

    def _drop_others(self) -> None:
        """Remove folders that neither answer nor are being built."""
        building = self._building()
        kept = {whoosh_files.read_text(self.path / "CURRENT"), building[0] if building else ""}
        for path in self.path.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
                with self._lock:
                    self._folders.pop(path.name, None)
        if whoosh_files.read_text(self.path / "DAMAGED") not in kept:
            (self.path / "DAMAGED").unlink(missing_ok=True)
