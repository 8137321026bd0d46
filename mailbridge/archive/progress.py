"""How far an import is: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

import click

EVERY: Final = 10.0
"""Seconds between lines where nobody watches."""
_REDRAWN: Final = 0.2
_WIDTH: Final = 24


class Progress:
    """Tells on the standard error output how many messages are done, how fast, and how long yet."""

    def __init__(self, what: str, part: Callable[[], float], *, quiet: bool = False) -> None:
        self.what = what
        self.part = part
        """Gives how much is done, 0 to 1; 0 where that is not known."""
        self.quiet = quiet
        self.terminal = sys.stderr.isatty()
        self.began = self.told = time.monotonic()
        self.first: int | None = None

    def __call__(self, count: int) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = count
        if self.quiet or now - self.told < (_REDRAWN if self.terminal else EVERY):
            return
        self.told = now
        self._tell(self.line(count, now))

    def line(self, count: int, now: float) -> str:
        """One line, for a terminal with a bar."""
        seconds = max(now - self.began, 0.001)
        rate = (count - (self.first or 0)) / seconds
        part = min(max(self.part(), 0.0), 1.0)
        text = f"{self.what}: {count} messages, {rate:.0f}/s"
        if part > 0:
            text += f", {part:.0%}, {_clock(seconds / part - seconds)} left"
        if self.terminal and part > 0:
            filled = round(part * _WIDTH)
            text = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {text}"
        return text

    def end(self) -> None:
        """Leave the line of the bar."""
        if self.terminal and not self.quiet:
            click.echo("\r\033[K", nl=False, err=True)

    def _tell(self, text: str) -> None:
        if self.terminal:
            click.echo(f"\r\033[K{text}", nl=False, err=True)
        else:
            click.echo(text, err=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
