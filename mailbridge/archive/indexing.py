"""Posts are made searchable while an import still puts others in their place.

It drains the index queue like the worker of a running site; whichever holds the index does it.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Final, Self

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from forum.search import SearchIndex, open_index
from forum.search.building import Builders
from forum.search.indexer import drain, pending
from forum.settings import Settings
from forum.storage.base import configure_engine, reading

log = logging.getLogger(__name__)

_PAUSE: Final = 0.2
_PAGES: Final = 2_000
"""Kilobytes of the database in memory: it reads little more than the queue."""


class Indexing:
    """A thread that gives work to the builders for as long as posts are put in their place."""

    def __init__(self, settings: Settings, builders: Builders) -> None:
        self._settings = settings
        self._builders = builders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexing")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # It ends the piece at hand: what it has done need not be done again.
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        engine = create_engine(self._settings.database_url)
        configure_engine(engine, cache_kilobytes=_PAGES)
        index = open_index(self._settings, engine)
        try:
            with Session(engine) as session:
                while not self._ended.is_set():
                    self._step(session, index)
        except Exception:
            # What waits is still in the queue: the end of the import, or the worker, does it.
            log.exception("posts could not be made searchable meanwhile")
        finally:
            index.close()
            engine.dispose()

    def _step(self, session: Session, index: SearchIndex) -> None:
        # The index grows best in large pieces.
        enough = self._builders.appetite // 2
        with reading():
            waiting = pending(session)
            session.rollback()
        if waiting >= enough:
            drain(session, index, enough, self._builders)
            session.commit()
        else:
            self._ended.wait(_PAUSE)
