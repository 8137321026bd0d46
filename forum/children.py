"""Child processes that answer requests side by side, for work that fills a processor.

They are forked from this process, so that what it has loaded is in memory once. Requests and
answers go through pipes, each pickled with its length before it; both ends are our own processes.
A child ends with its parent. It must not use what the parent has open: a database, a socket.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import struct
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Final, Self

from forum.process import die_with_parent

_LENGTH: Final = struct.Struct(">Q")
_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
"""Numbers of glibc's malloc.h."""
_LARGE: Final = 256 * 1024
"""Bytes from which a piece of memory is the system's own."""

Answering = Callable[[Any], object]
"""What answers a request."""


class ChildEnded(Exception):
    """A child ended before it answered; another has taken its place."""


class Children:
    """Child processes that all answer alike."""

    def __init__(self, prepared: Callable[[], Answering], number: int) -> None:
        """Start them; no other thread should run.

        Args:
            prepared: Called in each child first; it opens what the child needs.
            number: Of processes.
        """
        _keep_memory_together()
        gc.collect()
        _give_back()
        # Else the first look for garbage, ours or theirs, would make a copy of all there is.
        gc.freeze()
        # Begun by this thread: the kernel ends a child with the thread that began it.
        self._children = [_Child(prepared) for _ in range(number)]
        self._free: SimpleQueue[_Child] = SimpleQueue()
        for child in self._children:
            self._free.put(child)
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="children")
        self._ended = False

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._children)

    @property
    def process_ids(self) -> list[int]:
        """Of all of them, as they are now."""
        return [child.pid for child in self._children]

    def submit(self, request: object) -> Future[Any]:
        """Have a request answered by the next child that is free.

        The future raises ChildEnded where the child ended on it, and OSError where the
        children were ended.
        """
        return self._threads.submit(self.ask, request)

    def ask(self, request: object) -> Any:
        """Wait for the answer to a request; see `submit`."""
        child = self._free.get()
        try:
            return child.ask(request)
        except (OSError, EOFError) as error:
            if self._ended:
                raise
            child.end()
            child.start()
            raise ChildEnded from error
        finally:
            self._free.put(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = True
        self._threads.shutdown(wait=kind is None, cancel_futures=True)
        for child in self._children:
            child.end()


def _keep_memory_together() -> None:
    """Have one pool of memory for all threads, and large pieces given back at once (mallopt(3)).

    Else each thread that reads answers keeps a pool of its own that only grows.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGE)


def _give_back() -> None:
    """Let the allocator return free memory to the system (glibc, malloc_trim(3))."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class _Child:
    """One process and the pipes to it."""

    pid: int
    requests: IO[bytes]
    answers: IO[bytes]

    def __init__(self, prepared: Callable[[], Answering]) -> None:
        self.prepared = prepared
        self.start()

    def start(self) -> None:
        taken, requests = os.pipe()
        answers, given = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _be_a_child(self.prepared, parent, taken, given)
        os.close(taken)
        os.close(given)
        self.requests = os.fdopen(requests, "wb")
        self.answers = os.fdopen(answers, "rb")

    def ask(self, request: object) -> Any:
        _write(self.requests, request)
        return _read(self.answers)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with suppress(OSError):
            self.requests.close()
        self.answers.close()


def _be_a_child(prepared: Callable[[], Answering], parent: int, taken: int, given: int) -> None:
    """Answer until killed; what called us must never go on in this process."""
    try:
        die_with_parent(parent)
        # Ctrl-C reaches us too; the parent decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # What anything prints must not get between the parent's own words.
        os.dup2(2, 1)
        answer = prepared()
        with os.fdopen(taken, "rb") as requests, os.fdopen(given, "wb") as answers:
            while True:
                _write(answers, answer(_read(requests)))
    except EOFError:
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _write(stream: IO[bytes], value: object) -> None:
    content = pickle.dumps(value, protocol=5)
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def _read(stream: IO[bytes]) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return pickle.loads(content)  # noqa: S301 (from our own process)
