"""How many messages a second `passerelle import` takes in: parsed, threaded, told their language,
rendered, stored and searchable, on an archive of `benchmarks.generator`.

The floor beside it is what Python alone needs to read and decode the same file with `mailbox`.
The rate at the larger size shows that the work does not grow with what is there already.
"""

from __future__ import annotations

import json
import mailbox
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, number, ratio
from benchmarks.generator import write_mbox
from benchmarks.watching import Watched, watched

SIZES: Final = {
    "tiny": (200,),
    "quick": (2_000,),
    "usual": (20_000, 50_000),
    "full": (20_000, 50_000, 200_000),
}
"""Messages of each archive."""


def run(size: str = "usual") -> list[Figure]:
    """Import archives of growing size, each into a site of its own."""
    figures: list[Figure] = []
    first: tuple[float, float] | None = None
    for count in SIZES[size]:
        with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
            rate, floor, took = _measured(Path(folder), count)
        beside = ratio(rate, floor, "reading and decoding with mailbox", "/s")
        figures.append(Figure(f"import of {count:,} messages, searchable", rate, "/s", beside))
        each = took.processor / count * 1000
        parts = ", ".join(
            f"{role} {number(seconds / count * 1000)}" for role, seconds in took.seconds.items()
        )
        figures.append(Figure(f"processor time, {count:,} messages", each, "ms each", parts))
        figures.append(Figure(f"all processes together, {count:,} messages", took.peak, "MB"))
        if first:
            figures.append(_compared(count, SIZES[size][0], rate / first[0], first[1] / each))
        first = first or (rate, each)
    return figures


def _compared(count: int, smallest: int, rate: float, worked: float) -> Figure:
    beside = f"by processor time {number(worked)}"
    return Figure(f"rate at {count:,} by the rate at {smallest:,}", rate, "", beside)


def _measured(folder: Path, count: int) -> tuple[float, float, Watched]:
    """Messages a second of ours and of the floor, and what the processes took."""
    archive = folder / "archive.mbox"
    write_mbox(archive, count)
    floor = _floor(archive)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")},
        "PASSERELLE_DATA_DIR": str(folder / "site"),
    }
    command = [sys.executable, "-m", "forum"]
    subprocess.run([*command, "init"], env=environ, check=True, stdout=subprocess.DEVNULL)
    slug = ["bench", str(archive), "--create", "bench@lists.example.org", "--json"]
    started = time.perf_counter()
    took = watched([*command, "import", *slug], environ)
    seconds = time.perf_counter() - started
    found = json.loads(took.output)
    if found["stored"] != count:
        raise RuntimeError(f"{found['stored']} of {count} messages were stored")
    said = subprocess.run(
        [*command, "index", "status", "--json"], env=environ, check=True, stdout=subprocess.PIPE
    ).stdout
    if json.loads(said)["indexed"] != count:
        raise RuntimeError(f"not all of {count} messages are searchable: {said!r}")
    return count / seconds, floor, took


def _floor(archive: Path) -> float:
    """Messages a second that the standard library reads and decodes in one process."""
    started = time.perf_counter()
    count = 0
    box = mailbox.mbox(archive)
    for message in box:
        for part in message.walk():
            if not part.is_multipart():
                part.get_payload(decode=True)
        count += 1
    box.close()
    return count / (time.perf_counter() - started)
