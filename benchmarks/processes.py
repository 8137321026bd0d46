"""Processes of their own beside the measuring one, so that neither waits for the other's turn."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def beside(
    module: str, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Run `python -m module`; gives the address of its `ready:` line, and ends it afterwards."""
    process = subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        env=dict(env or os.environ),
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.match(r"ready: \w+ ?(?:(\S+):(\d+))?", line)
        assert found, f"{module}: {line or 'it ended'}"
        yield found[1] or "", int(found[2] or 0)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
