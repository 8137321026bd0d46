"""`python -m benchmarks [NAME…] [--quick] [--full] [--json]`: measure, and print a table."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from benchmarks.figure import Figure, machine, number

BENCHMARKS: Final = {
    "understanding": "messages parsed, segmented and tagged in one process",
    "pages": "server time of the pages people read",
    "queue": "a hundred held messages accepted in one action",
    "intake": "mail in, by LMTP over eight connections",
    "delivery": "mail out: copies built and sent",
    "burst": "posts by mail until the last subscriber has them",
    "searching": "queries over an index",
    "relevance": "how well sixty judged searches are answered",
    "import_rate": "an archive taken in by the command",
}
"""Each a module of this package with `run(size: Size) -> list[Figure]`, in the order of the run."""


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks named, or all; gives the exit status."""
    wanted = _arguments(arguments)
    logging.disable(logging.INFO)
    say = print if not wanted.json else _quiet
    say(machine())
    figures: dict[str, list[Figure]] = {}
    for name in wanted.names or BENCHMARKS:
        say(f"\n{name}: {BENCHMARKS[name]}")
        started = time.perf_counter()
        figures[name] = _run(name, wanted.size)
        for line in table(figures[name]):
            say(line)
        say(f"  ({time.perf_counter() - started:.0f} s)")
    if wanted.json:
        shown = {name: [asdict(one) for one in found] for name, found in figures.items()}
        print(json.dumps({"machine": machine(), "figures": shown}, ensure_ascii=False))
    else:
        print(f"\n{machine()}")
    return 0


def table(figures: list[Figure]) -> list[str]:
    """The figures as lines: name, value, unit, and what stands beside."""
    if not figures:
        return []
    width = max(len(one.name) for one in figures)
    units = max(len(one.unit) for one in figures)
    return [
        f"  {one.name:<{width}}  {number(one.value):>9} {one.unit:<{units}}  {one.beside}".rstrip()
        for one in figures
    ]


def _run(name: str, size: str) -> list[Figure]:
    run: Callable[..., list[Figure]] = importlib.import_module(f"benchmarks.{name}").run
    takes_size = "size" in inspect.signature(run).parameters
    return run(size=size) if takes_size else run()


def _quiet(line: str) -> None:
    print(line, file=sys.stderr)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    sizes = parser.add_mutually_exclusive_group()
    for size in ("tiny", "quick", "full"):
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size)
    parser.add_argument("--json", action="store_true", help="one document on one line")
    parser.set_defaults(size="usual")
    found = parser.parse_args(arguments)
    for name in found.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name}: {', '.join(BENCHMARKS)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
