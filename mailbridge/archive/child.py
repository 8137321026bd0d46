"""A process of its own that prepares messages: `python -m mailbridge.archive.child`.

It loads the rules and nothing else: no settings, no database. Jobs come on the standard input and
answers leave on the standard output, each a pickled list with its length before it; both ends are
our own processes. It ends when its input does, or with its parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Final, Self

from forum.domain.mirroring import Outside
from forum.domain.preparing import Shown, Understood, show, understand
from forum.domain.values import TextFormat
from forum.process import die_with_parent

_LENGTH: Final = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Understand:
    """Asks for a message to be parsed."""

    raw: bytes
    arrived_at: datetime
    level: int
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """Asks for a text to be cut, told its language and rendered."""

    text: str
    text_format: TextFormat
    declared: str | None
    parent_text: str | None
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """Our own code failed on a job."""

    detail: str


Job = Understand | Show
Answer = Understood | Shown | Crash


def work(job: Job) -> Answer:
    """Do a job."""
    try:
        match job:
            case Understand(raw, arrived_at, level, outside):
                return understand(raw, arrived_at, level, outside)
            case Show(text, text_format, declared, parent_text, outside):
                return show(text, text_format, declared, parent_text, outside=outside)
    except Exception as error:  # One message must not cost the others their import.
        return Crash(f"{type(error).__name__}: {error}"[:500])


class Workers:
    """Children that work on lists of jobs side by side."""

    def __init__(self, number: int) -> None:
        # Begun by this thread: the kernel ends a child with the thread that began it.
        self.free: SimpleQueue[_Child] = SimpleQueue()
        self.children = [_Child() for _ in range(number)]
        for child in self.children:
            self.free.put(child)
        self.threads = ThreadPoolExecutor(number, thread_name_prefix="import")
        self.ended = False

    def submit(self, jobs: list[Job]) -> Future[list[Answer]]:
        """Have a list of jobs done by the next child that is free."""
        return self.threads.submit(self._run, jobs)

    def _run(self, jobs: list[Job]) -> list[Answer]:
        child = self.free.get()
        try:
            return child.ask(jobs)
        except (OSError, EOFError) as error:
            if self.ended or (child.process.poll() is None and not isinstance(error, EOFError)):
                raise
            child.end()
            child.start()
            if len(jobs) == 1:
                return [Crash("the process that reads messages ended on it")]
        finally:
            self.free.put(child)
        return [answer for job in jobs for answer in self._run([job])]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.ended = True
        self.threads.shutdown(wait=kind is None, cancel_futures=True)
        for child in self.children:
            child.end()


class _Child:
    """One process and the pipes to it."""

    process: subprocess.Popen[bytes]

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "mailbridge.archive.child", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, jobs: list[Job]) -> list[Answer]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        _write(self.process.stdin, jobs)
        answers: list[Answer] = _read(self.process.stdout)
        return answers

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.kill()
        with suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


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


def main() -> None:
    """Work until the input ends."""
    die_with_parent(int(sys.argv[1]))
    # Ctrl-C reaches us too; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What anything prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            jobs: list[Job] = _read(sys.stdin.buffer)
        except EOFError:
            return
        _write(answers, [work(job) for job in jobs])


if __name__ == "__main__":
    # Under its own name, so that what is pickled here is known there.
    from mailbridge.archive import child

    child.main()
