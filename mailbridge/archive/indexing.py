"""A process of its own that makes posts searchable while an import goes on.

It drains the index queue like the worker of a running site; whichever holds the index does it.
`python -m mailbridge.archive.indexing` takes pickled settings on its standard input, works until
that ends, and dies with its parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from forum.process import die_with_parent
from forum.search import open_index
from forum.search.indexer import drain, pending
from forum.settings import Settings
from forum.storage.base import configure_engine, reading

ENOUGH: Final = 4_000
"""Posts that must wait before it begins: the index grows best in large pieces."""

_PAUSE: Final = 0.5


class Indexing:
    """Runs the process for as long as the import stores messages."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "mailbridge.archive.indexing", str(os.getpid())],
            stdin=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(pickle.dumps(self.settings))
        self.process.stdin.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        # It ends the piece at hand: what it has done need not be done again.
        self.process.wait()


def main() -> None:
    """Index until the input ends."""
    die_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our own process)
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    engine = create_engine(settings.database_url)
    configure_engine(engine)
    index = open_index(settings, engine)
    with Session(engine) as session:
        while not ended.is_set():
            with reading():
                waiting = pending(session)
                session.rollback()
            if waiting >= ENOUGH:
                drain(session, index, ENOUGH)
                session.commit()
            else:
                ended.wait(_PAUSE)
    index.close()
    engine.dispose()


if __name__ == "__main__":
    main()
