"""An archive into a list: read, prepared side by side, stored in order, and resumed where it broke.

What was read is dealt with in the order in which it stands in the archive, and how far that went is
committed with each batch. So an import that is killed goes on where it was, and the counts of both
halves add up to those of an undisturbed one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from forum.domain.preparing import Shown, Understood
from forum.domain.redacting import redacted_piece
from forum.operations.erased_meanwhile import ErasedMeanwhile, State
from forum.operations.importing import Storing
from forum.operations.importing_rows import Ready, bytes_of
from forum.operations.quarantine import put_aside
from forum.operations.raw import LEVEL
from forum.storage.imports import ImportSource
from forum.storage.lists import MailingList
from forum.storage.mirror import outside_of
from mailbridge.archive.child import Answer, Crash, Job, Show, Understand, Workers
from mailbridge.archive.context import Context
from mailbridge.archive.counts import Counts, counted_as
from mailbridge.archive.found import Fault, Found, Item, OldPage
from mailbridge.archive.old_pages import hyperkitty_key

BATCH: Final = 200
"""Messages stored in one transaction: some 100 ms, so that mail that arrives hardly waits."""
BATCH_BYTES: Final = 1 << 20


class ImportStopped(Exception):
    """The import cannot go on now; what is stored is whole, and the text says what to do."""


Piece = tuple[Found, Ready | Crash | None]
"""What was read, and what is to be stored: None for what is put aside as it is."""


@dataclass(slots=True)
class _Batch:
    """Neighbours in an archive on their way."""

    erased: State
    """Who was known to be erased when they were read."""
    found: list[Found] = field(default_factory=list)
    size: int = 0
    understanding: Future[list[Answer]] | None = None
    showing: Future[list[Answer]] | None = None
    parent_texts: list[str | None] = field(default_factory=list)
    understood: list[Answer | None] = field(default_factory=list)


class Importer:
    """Imports one source into one list; it commits."""

    def __init__(
        self,
        session: Session,
        mailing_list: MailingList,
        source: ImportSource,
        workers: Workers,
        now: datetime,
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.session = session
        self.mailing_list = mailing_list
        self.list_id = mailing_list.id
        self.outside = outside_of(session, mailing_list)
        self.source_id = source.id
        self.done = source.done
        self.counts = {file: Counts(*counts) for file, counts in source.counts.items()}
        self.workers = workers
        self.depth = 2 * workers.number
        self.now = now
        self.progress = progress
        self.context = Context(session, mailing_list.id, self.outside)
        self.storing = Storing(session, mailing_list, now)
        self.erased = ErasedMeanwhile(session)
        self.pages: list[OldPage] = []
        self.understanding: deque[_Batch] = deque()
        self.showing: deque[_Batch] = deque()

    def run(self, items: Iterator[Item]) -> None:
        """Store what has not been dealt with yet.

        Raises:
            ArchiveError: the source is no archive.
            ImportStopped: the database cannot take more.
        """
        batch = _Batch(self.erased.state)
        for number, found in enumerate(self._messages(items)):
            if number < self.done:
                continue
            batch.found.append(found)
            batch.size += len(found.raw)
            if len(batch.found) >= BATCH or batch.size >= BATCH_BYTES:
                self._begin(batch)
                batch = _Batch(self.erased.state)
        self._begin(batch)
        self._advance(0)

    def _messages(self, items: Iterator[Item]) -> Iterator[Found]:
        for item in items:
            if isinstance(item, OldPage):
                self.pages.append(item)
            else:
                yield self._cleaned(item)

    def _cleaned(self, found: Found) -> Found:
        """A piece without those who were erased: they do not come back with an archive."""
        eraser = self.erased.eraser
        return found if eraser is None else replace(found, raw=redacted_piece(found.raw, eraser))

    def _begin(self, batch: _Batch) -> None:
        self._understand(batch)
        self.understanding.append(batch)
        self._advance(self.depth)

    def _understand(self, batch: _Batch) -> None:
        jobs: list[Job] = [
            Understand(found.raw, found.arrived or self.now, LEVEL, self.outside)
            for found in batch.found
            if found.fault is None
        ]
        batch.understanding = self.workers.work(jobs)

    def _advance(self, depth: int) -> None:
        """Take batches on, until no more than `depth` wait before each step."""
        while len(self.understanding) > depth:
            batch = self.understanding.popleft()
            self._ask_to_show(batch)
            self.showing.append(batch)
            while len(self.showing) > max(depth, 1):
                self._store(self.showing.popleft())
        while len(self.showing) > depth:
            self._store(self.showing.popleft())

    def _ask_to_show(self, batch: _Batch) -> None:
        assert batch.understanding is not None
        answers = iter(batch.understanding.result())
        batch.understood = [next(answers) if one.fault is None else None for one in batch.found]
        # The bytes are kept once, compressed: many batches are under way.
        batch.found = [
            replace(found, raw=b"") if isinstance(answer, Understood) else found
            for found, answer in zip(batch.found, batch.understood, strict=True)
        ]
        submissions = [one.submission for one in batch.understood if isinstance(one, Understood)]
        batch.parent_texts = self.context.parent_texts(submissions)
        jobs: list[Job] = [
            Show(one.text, one.text_format, one.declared_language, parent_text, self.outside)
            for one, parent_text in zip(submissions, batch.parent_texts, strict=True)
        ]
        batch.showing = self.workers.work(jobs)

    def _store(self, batch: _Batch) -> None:
        if not batch.found:
            return
        pieces = self._pieces(batch)
        try:
            self._write(pieces, batch.erased)
        except IntegrityError:
            # Somebody else stored one of them meanwhile, or one of them cannot be stored.
            self.session.rollback()
            self._write_singly(pieces, batch.erased)

    def _pieces(self, batch: _Batch) -> list[Piece]:
        assert batch.showing is not None
        shown = iter(zip(batch.showing.result(), batch.parent_texts, strict=True))
        pieces: list[Piece] = []
        for found, understood in zip(batch.found, batch.understood, strict=True):
            if isinstance(understood, Understood):
                answer, parent_text = next(shown)
                piece = self._ready(found, understood, answer, parent_text)
                if isinstance(piece, Crash):
                    found = replace(found, raw=bytes_of(understood))
                pieces.append((found, piece))
            else:
                pieces.append((found, understood if isinstance(understood, Crash) else None))
        return pieces

    def _clean_now(self, pieces: list[Piece], state: State) -> list[Piece]:
        """Pieces without those who were erased since they were read; begins the transaction."""
        while self.erased.since(state):
            self.session.rollback()
            state = self.erased.state
            found = [
                replace(one, raw=bytes_of(piece.understood)) if isinstance(piece, Ready) else one
                for one, piece in pieces
            ]
            batch = _Batch(state, [self._cleaned(one) for one in found])
            self._understand(batch)
            self._ask_to_show(batch)
            pieces = self._pieces(batch)
        return pieces

    def _ready(
        self, found: Found, understood: Understood, answer: Answer, parent_text: str | None
    ) -> Ready | Crash:
        if not isinstance(answer, Shown):
            return answer if isinstance(answer, Crash) else Crash("no answer")
        submission = understood.submission
        keys = found.old_keys
        if submission.message_id:
            keys = (*keys, hyperkitty_key(submission.message_id))
        shown = self.context.settled(submission, answer, parent_text)
        return Ready(understood, shown, found.arrived or self.now, keys)

    def _write_singly(self, pieces: list[Piece], state: State) -> None:
        for found, piece in pieces:
            try:
                self._write([(found, piece)], state)
            except IntegrityError as error:
                self.session.rollback()
                detail = f"{type(error).__name__}: {error.orig}"[:500]
                if isinstance(piece, Ready):
                    found = replace(found, raw=bytes_of(piece.understood))
                self._write([(found, Crash(detail))], state)

    def _write(self, pieces: list[Piece], state: State) -> None:
        """Store neighbours and note how far the import has come, in one transaction.

        Args:
            state: Who was known to be erased when they were read.
        """
        try:
            pieces = self._clean_now(pieces, state)
            # Held from before its posts are numbered: see `finishing.settle`.
            source = self.session.get_one(ImportSource, self.source_id, with_for_update=True)
            ready = [piece for _, piece in pieces if isinstance(piece, Ready)]
            stored = self.storing.store(ready)
            number = 0
            gains: dict[str, Counts] = {}
            for found, piece in pieces:
                counts = gains.setdefault(counted_as(found), Counts())
                if isinstance(piece, Ready):
                    if number in stored.new:
                        counts.stored += 1
                    else:
                        counts.duplicate += 1
                    number += 1
                else:
                    self._put_aside(found, piece)
                    counts.quarantined += 1
            _note(source, gains, len(pieces))
            self.session.commit()
        except OperationalError as error:
            self.session.rollback()
            raise ImportStopped(
                f"the database cannot take more ({error.orig}); what is stored is whole: "
                "make room and run the same command again, it goes on where it stopped"
            ) from error
        self._remember(gains, len(pieces))
        self.progress(self.done)

    def _put_aside(self, found: Found, crash: Crash | None) -> None:
        put_aside(
            self.session,
            self.mailing_list,
            found.raw,
            self.now,
            file=found.file,
            ordinal=found.ordinal,
            offset=found.offset,
            arrived_at=found.arrived or self.now,
            reason=found.fault or Fault.CRASH,
            detail=crash.detail if crash else "",
            old_keys=found.old_keys,
        )

    def _remember(self, gains: dict[str, Counts], number: int) -> None:
        self.done += number
        for file, gain in gains.items():
            self.counts.setdefault(file, Counts()).add(gain)


def _note(source: ImportSource, gains: Mapping[str, Counts], number: int) -> None:
    """Keep how far the import has come."""
    counts = {file: list(one) for file, one in source.counts.items()}
    for file, gain in gains.items():
        before = counts.get(file, [0, 0, 0])
        new = (gain.stored, gain.duplicate, gain.quarantined)
        counts[file] = [old + plus for old, plus in zip(before, new, strict=True)]
    source.counts = counts
    source.done += number
