"""Processes of their own beside the measuring one, so that neither waits for the other's turn."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def beside(
    module: str, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Run `python -m module`; gives the address of its `ready:` line, and ends it afterwards."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            (sys.executable, "-m", module, *arguments),
            env=dict(env or os.environ),
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        yield from _served(process, module, complaints)


def _served(
    process: subprocess.Popen[str], module: str, complaints: IO[str]
) -> Iterator[tuple[str, int]]:
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.match(r"ready: \w+ ?(?:(\S+):(\d+))?", line)
        if not found:
            complaints.seek(0)
            raise RuntimeError(f"{module} is not ready: {line}{complaints.read()[-2_000:]}")
        yield found[1] or "", int(found[2] or 0)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
