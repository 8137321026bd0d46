"""Processes to be killed: each a copy of one that has read its modules already."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).resolve().parent.parent
_COPIES = """
import os, sys
for line in sys.stdin:
    if child := os.fork():
        os.waitpid(child, 0)
        print("over", flush=True)
    else:
        print("started", os.getpid(), flush=True)
        work(line.rstrip("\\n"))
        os._exit(0)
"""


@dataclass
class Fork:
    """One of them, at work."""

    pid: int
    printed: IO[str]

    def kill_after(self, seconds: float) -> list[str]:
        """Stop it as a power cut does; gives the lines it has printed and nobody has read."""
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # It may have come to its end.
            os.kill(self.pid, signal.SIGKILL)
        return list(iter(self.printed.readline, "over\n"))


@dataclass
class Forks:
    """What they are copied from."""

    process: subprocess.Popen[str]

    def start(self, argument: str = "") -> Fork:
        """Let `work(argument)` run in a process of its own."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{argument}\n")
        self.process.stdin.flush()
        name, _, pid = self.process.stdout.readline().partition(" ")
        assert name == "started"
        return Fork(int(pid), self.process.stdout)


@contextmanager
def forks(code: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Forks]:
    """Read modules and define `work` by this code, once; `sys.argv[1:]` are the arguments."""
    with subprocess.Popen(
        [sys.executable, "-c", code + _COPIES, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env=environ, text=True,
    ) as process:  # fmt: skip
        yield Forks(process)
        assert process.stdin is not None
        process.stdin.close()
