"""A command and all its child processes, watched while they run: processor time and memory.

Linux only: it reads /proc. Memory is the proportional set size (PSS) of all processes together,
so that pages which several share count once, and the resident set size (RSS) of the largest one;
both are looked at four times a second.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_EVERY: Final = 0.25
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Watched:
    """What a command took."""

    output: bytes = b""
    peak: float = 0.0
    """MB, of all processes together."""
    largest: float = 0.0
    """MB that one process alone had resident, what it shares with others included."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Processor time: of the command itself (`main`), and of its `children`."""

    @property
    def processor(self) -> float:
        """Seconds of all processes."""
        return sum(self.seconds.values())


def watched(command: Sequence[str], environ: Mapping[str, str]) -> Watched:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    found = Watched()
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE)
    seen: dict[int, float] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_EVERY):
            memory = 0.0
            for pid in _family(process.pid):
                sizes = _memory(pid)
                memory += sizes.get("Pss", 0.0)
                found.largest = max(found.largest, sizes.get("Rss", 0.0))
                if seconds := _processor(pid):
                    seen[pid] = seconds
            found.peak = max(found.peak, memory)

    watcher = threading.Thread(target=watch)
    watcher.start()
    found.output, _ = process.communicate()
    ended.set()
    watcher.join()
    main = seen.get(process.pid, 0.0)
    found.seconds = {"main": main, "children": sum(seen.values()) - main}
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return found


def _family(parent: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            status = _read(entry / "stat").rpartition(")")[2].split()
            if status:
                children.setdefault(int(status[1]), []).append(int(entry.name))
    found = [parent]
    for pid in found:
        found += children.get(pid, [])
    return found


def _processor(pid: int) -> float:
    status = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return (int(status[11]) + int(status[12])) / _TICKS if status else 0.0


def _memory(pid: int) -> dict[str, float]:
    """MB by the kernel's names."""
    lines = (line.split() for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()[1:])
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
