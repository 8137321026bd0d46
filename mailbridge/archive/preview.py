"""`import --dry-run`: what would come, and the messages that are the oddest."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.values import Flag, Submission
from forum.storage.lists import MailingList
from mailbridge.archive.foreseeing import Foresight
from mailbridge.archive.found import Format, Found, Reading
from mailbridge.archive.reader import read_archive

ODDEST: Final = 10
_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 8 << 20
_WEIGHTS: Final = {
    Flag.UNREADABLE: 8,
    Flag.BAD_STRUCTURE: 4,
    Flag.TRUNCATED: 4,
    Flag.BAD_CHARSET: 3,
    Flag.NO_AUTHOR: 3,
    Flag.BAD_DATE: 2,
    Flag.BAD_MESSAGE_ID: 2,
    Flag.NO_MESSAGE_ID: 2,
    Flag.ENCRYPTED: 1,
}
_FAULTY: Final = 20


@dataclass(order=True, frozen=True, slots=True)
class Odd:
    """A message and what is odd about it."""

    weight: int
    order: int
    """Of two that are equally odd the first is shown first."""
    place: str = field(compare=False)
    subject: str = field(compare=False)
    oddities: tuple[str, ...] = field(compare=False)


@dataclass(slots=True)
class _Preview:
    counts: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    authors: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    oddest: list[Odd] = field(default_factory=list)

    def take(self, found: Found, submission: Submission | None) -> None:
        """Look at a message for what is odd."""
        oddities = [str(flag) for flag in submission.flags] if submission else [str(found.fault)]
        weight = _FAULTY
        subject = ""
        if submission is not None:
            oddities += [f"{one.part}:{one.method}" for one in submission.repairs]
            weight = sum(_WEIGHTS[flag] for flag in submission.flags) + len(submission.repairs)
            subject = submission.subject
            self.flags.update(str(flag) for flag in submission.flags)
            self.authors.add(submission.author.key)
            self.first = min(self.first or submission.date, submission.date)
            self.last = max(self.last or submission.date, submission.date)
        if weight:
            place = f"{found.file}, message {found.ordinal + 1}, byte {found.offset}"
            order = -self.counts["read"]
            odd = Odd(weight, order, place, subject, tuple(oddities))
            heapq.heappush(self.oddest, odd)
            if len(self.oddest) > ODDEST:
                heapq.heappop(self.oddest)
        self.counts["read"] += 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **{name: self.counts[name] for name in ("read", "stored", "duplicate", "quarantined")},
            "authors": len(self.authors),
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "flags": dict(self.flags),
            "oddest": [
                {"place": odd.place, "subject": odd.subject, "oddities": odd.oddities}
                for odd in sorted(self.oddest, reverse=True)
            ],
        }


def preview(
    session: Session,
    mailing_list: MailingList | None,
    paths: Sequence[Path],
    wanted: Format,
    *,
    as_json: bool,
) -> None:
    """Read everything and store nothing; print what an import would do.

    Args:
        mailing_list: None where the import would make it.
    """
    result = _Preview()
    reading = Reading()
    now = utcnow()
    foresight = Foresight(session, mailing_list)
    waiting: list[tuple[Found, Submission | None]] = []
    size = 0
    for found in _messages(paths, wanted, reading):
        waiting.append((found, foresight.understood(found, now)))
        size += len(found.raw)
        if len(waiting) >= _AT_ONCE or size >= _BYTES_AT_ONCE:
            _judge(foresight, waiting, result)
            waiting, size = [], 0
    _judge(foresight, waiting, result)
    if as_json:
        click.echo(json.dumps({**result.as_dict(), "dry_run": True}, ensure_ascii=False))
        return
    _show(result, reading)


def _messages(paths: Sequence[Path], wanted: Format, reading: Reading) -> Iterator[Found]:
    for path in paths:
        for item in read_archive(path, wanted, reading):
            if isinstance(item, Found):
                yield item


def _judge(
    foresight: Foresight, waiting: Sequence[tuple[Found, Submission | None]], result: _Preview
) -> None:
    known = iter(foresight.known([submission for _, submission in waiting if submission]))
    for found, submission in waiting:
        result.take(found, submission)
        if submission is None:
            result.counts["quarantined"] += 1
        else:
            result.counts["duplicate" if next(known) else "stored"] += 1


def _show(result: _Preview, reading: Reading) -> None:
    found = result.as_dict()
    click.echo(f"authors: {found['authors']}")
    click.echo(f"from {found['first']} to {found['last']}")
    for name, number in result.flags.most_common():
        click.echo(f"{name}: {number}")
    for name, reason in reading.damaged.items():
        click.echo(f"damaged: {name}: {reason}")
    if reading.skipped:
        click.echo(f"no mail in {len(reading.skipped)} other files")
    if found["oddest"]:
        click.echo("the oddest messages:")
    for odd in found["oddest"]:
        click.echo(f"  {odd['place']}: {odd['subject']!r} ({', '.join(odd['oddities'])})")
    names = ("read", "stored", "duplicate", "quarantined")
    click.echo(" ".join(f"{name}={found[name]}" for name in names))
