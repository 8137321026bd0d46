"""How many messages a second `passerelle import` takes in: parsed, threaded, told their language,
rendered, stored and searchable, on an archive of `benchmarks.generator`.

The floor beside it is what Python alone needs to read and decode the same file with `mailbox`.
The rate at the larger size shows that the work does not grow with what is there already.

`python -m benchmarks.import_rate [MESSAGES…] [--gigabytes N]` measures archives of these sizes
alone; with --gigabytes an mbox of that size with large attachments, for the memory it takes.
"""

from __future__ import annotations

import argparse
import json
import mailbox
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.__main__ import table
from benchmarks.figure import Figure, machine, number, ratio
from benchmarks.generator import ATTACHMENT_SHARE, write_mbox
from benchmarks.watching import Watched, watched

SIZES: Final = {
    "tiny": (200,),
    "quick": (2_000,),
    "usual": (20_000, 50_000),
    "full": (20_000, 50_000, 200_000),
}
"""Messages of each archive."""


LARGE_ATTACHMENT: Final = 2_000_000
"""Bytes of each in an archive that is measured for the memory it takes."""
_MESSAGE: Final = 3_100
"""Bytes of a message without its attachment, on average."""


def run(size: str = "usual") -> list[Figure]:
    """Import archives of growing size, each into a site of its own."""
    return measured(SIZES[size])


def measured(counts: Sequence[int], attachment_bytes: int = 20_000) -> list[Figure]:
    """The same for archives of so many messages.

    Args:
        attachment_bytes: Of each attachment, before encoding.
    """
    figures: list[Figure] = []
    first: tuple[float, float] | None = None
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
            archive = Path(folder) / "archive.mbox"
            size = write_mbox(archive, count, attachment_bytes=attachment_bytes)
            rate, floor, took = _measured(Path(folder), archive, count)
        each = took.processor / count * 1000
        figures += _figures(count, size, rate, floor, took)
        if first:
            figures.append(_compared(count, counts[0], rate / first[0], first[1] / each))
        first = first or (rate, each)
    return figures


def _figures(count: int, size: int, rate: float, floor: float, took: Watched) -> list[Figure]:
    beside = ratio(rate, floor, "reading and decoding with mailbox", "/s")
    each = took.processor / count * 1000
    parts = ", ".join(
        f"{role} {number(seconds / count * 1000)}" for role, seconds in took.seconds.items()
    )
    largest = f"the largest one {number(took.largest)} MB, of an mbox of {number(size / 1e6)} MB"
    return [
        Figure(f"import of {count:,} messages, searchable", rate, "/s", beside),
        Figure(f"processor time, {count:,} messages", each, "ms each", parts),
        Figure(f"all processes together, {count:,} messages", took.peak, "MB", largest),
    ]


def _compared(count: int, smallest: int, rate: float, worked: float) -> Figure:
    beside = f"by processor time {number(worked)}"
    return Figure(f"rate at {count:,} by the rate at {smallest:,}", rate, "", beside)


def _measured(folder: Path, archive: Path, count: int) -> tuple[float, float, Watched]:
    """Messages a second of ours and of the floor, and what the processes took."""
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


def main() -> int:
    """Measure the sizes that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_rate")
    parser.add_argument("messages", nargs="*", type=int, help="of each archive")
    parser.add_argument("--gigabytes", type=float, default=0.0, help="of an mbox, for its memory")
    wanted = parser.parse_args()
    print(machine())
    if wanted.gigabytes:
        # In base64 with its line ends, four bytes are three and a bit.
        each = _MESSAGE + ATTACHMENT_SHARE * LARGE_ATTACHMENT * 1.37
        figures = measured((int(wanted.gigabytes * 1e9 / each),), LARGE_ATTACHMENT)
        print("\n".join(table(figures)))
    if wanted.messages:
        print("\n".join(table(measured(wanted.messages))))
    print(machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
