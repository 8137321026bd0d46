"""One measured figure, and how it is measured: by the median, the machine's state beside it."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and what it is to be judged by."""

    name: str
    value: float
    unit: str
    beside: str = ""
    """The floor or the peer, measured in the same run, with the ratio; empty where none is."""


def ratio(value: float, other: float, what: str, unit: str = "") -> str:
    """What stands in `beside`: `0.53 x of 4,710 /s with what`.

    Args:
        value: Ours.
        other: The floor's or the peer's, in the same unit.
        what: It, named.
        unit: Of both.
    """
    if not other:
        return f"{what}: nothing"
    return f"{value / other:,.2f} x {what} ({number(other)} {unit})".replace(" )", ")")


def number(value: float) -> str:
    """A value with as many digits as say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def percentile(values: Sequence[float], hundredth: int) -> float:
    """The nearest-rank percentile of values that need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * hundredth // 100)]


@dataclass(frozen=True, slots=True)
class Times:
    """What calls took, in seconds, by the clock on the wall and by the processor's."""

    wall: tuple[float, ...]
    processor: tuple[float, ...]
    """Of this process: what a busy machine does not change much."""


def timed(call: Callable[[], object], times: int, seconds: float = 10.0) -> Times:
    """How long each of so many calls takes; fewer where the time is up.

    Two calls go before that are not counted.
    """
    call()
    call()
    wall: list[float] = []
    processor: list[float] = []
    end = time.perf_counter() + seconds
    while len(wall) < times and (len(wall) < 3 or time.perf_counter() < end):
        started, worked = time.perf_counter(), time.process_time()
        call()
        processor.append(time.process_time() - worked)
        wall.append(time.perf_counter() - started)
    return Times(tuple(wall), tuple(processor))


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def machine() -> str:
    """The machine and its load now, in one line."""
    try:
        load = f"load {os.getloadavg()[0]:.1f}"
    except OSError:
        load = "load unknown"
    info = "processor unknown"
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        info = next(named, info)
    except OSError:
        pass
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} x {info}, Python {version}, {load}"
