"""What `passerelle doctor` finds, and how it says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad something is."""

    OK = "ok"
    WARNING = "warning"
    """It works; something is missing or will go wrong."""
    FAILURE = "failure"
    """It does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    topic: str
    level: Level
    text: str
    advice: str = ""
    """What to do; empty where all is well."""

    def line(self) -> str:
        """As it is printed."""
        told = f"{self.level:<8} {self.topic}: {self.text}"
        return f"{told}. {self.advice}" if self.advice else told


def ok(topic: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(topic, Level.OK, text)


def warning(topic: str, text: str, advice: str) -> Finding:
    """Something to look after."""
    return Finding(topic, Level.WARNING, text, advice)


def failure(topic: str, text: str, advice: str) -> Finding:
    """Something to repair."""
    return Finding(topic, Level.FAILURE, text, advice)
