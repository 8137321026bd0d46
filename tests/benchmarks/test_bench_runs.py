"""Every benchmark runs to its end and gives figures, at sizes that say nothing of speed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, table
from benchmarks.figure import Figure, number, percentile, ratio

ROOT = Path(__file__).resolve().parent.parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m benchmarks`."""
    return subprocess.run(
        (sys.executable, "-m", "benchmarks", *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=580,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_benchmark_gives_figures() -> None:
    done = bench("--tiny", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["machine"]
    assert list(document["figures"]) == list(BENCHMARKS)
    assert all(document["figures"].values()), document
    for figure in (one for figures in document["figures"].values() for one in figures):
        assert figure["name"], figure
        assert math.isfinite(figure["value"]) and figure["value"] >= 0, figure


def test_an_unknown_benchmark_is_refused_by_name() -> None:
    done = bench("swimming")
    assert done.returncode == 2
    assert "swimming" in done.stderr


def test_every_benchmark_is_described_with_its_command() -> None:
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert [name for name in BENCHMARKS if f"python -m benchmarks {name}" not in readme] == []


def test_the_table_sets_values_under_each_other() -> None:
    lines = table([Figure("one", 12.345, "ms"), Figure("another", 1234.5, "posts/s", "beside")])
    assert lines == ["  one           12.3 ms", "  another      1,234 posts/s  beside"]


def test_a_ratio_names_what_it_is_measured_against() -> None:
    assert ratio(50, 200, "the floor", "ms") == "0.25 x the floor (200 ms)"
    assert ratio(50, 0, "the floor") == "the floor: nothing"


def test_values_are_shown_with_the_digits_that_count() -> None:
    assert [number(value) for value in (1234.5, 99.94, 1.2345, 0.00123)] == [
        "1,234", "99.9", "1.23", "0.00123",
    ]  # fmt: skip


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile([1, 2], 95) == 2
