"""What came of an import, counted and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from mailbridge.archive.counts import Counts
from mailbridge.archive.found import Reading


@dataclass(slots=True)
class Report:
    """What came of an import, over all its sources."""

    files: dict[str, Counts] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    lost_addresses: int = 0

    def total(self) -> dict[str, int]:
        """The counts of all files; read is the sum of the rest."""
        total = Counts()
        for one in self.files.values():
            total.add(one)
        return total.as_numbers()

    def add(self, counts: Mapping[str, Counts]) -> None:
        """Add what came of a source, by file."""
        for file, one in counts.items():
            self.files.setdefault(file, Counts()).add(one)

    def as_json(self) -> str:
        """One line."""
        files = {name: one.as_numbers() for name, one in self.files.items()}
        return json.dumps(
            {
                **self.total(),
                "files": files,
                "skipped": self.reading.skipped,
                "damaged": self.reading.damaged,
                "lost_addresses": self.lost_addresses,
            },
            ensure_ascii=False,
        )


def show(report: Report, *, as_json: bool) -> None:
    """Print it: a line for each file and one for all, or one JSON document."""
    for name, reason in report.reading.damaged.items():
        click.echo(f"{name}: damaged, read as far as it goes: {reason}", err=True)
    if report.reading.skipped:
        click.echo(f"no mail in {len(report.reading.skipped)} other files", err=True)
    if report.lost_addresses:
        click.echo(f"{report.lost_addresses} old addresses lead to no message", err=True)
    if as_json:
        click.echo(report.as_json())
    else:
        if len(report.files) > 1:
            for name, one in report.files.items():
                click.echo(f"{name}: {_line(one.as_numbers())}")
        click.echo(_line(report.total()))


def _line(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={number}" for name, number in counts.items())
