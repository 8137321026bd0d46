"""What became of the pieces of an archive, by file."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.archive.found import Found


@dataclass(slots=True)
class Counts:
    """What became of the pieces of a file."""

    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0

    @property
    def read(self) -> int:
        """All of them."""
        return self.stored + self.duplicate + self.quarantined

    def add(self, others: Counts) -> None:
        """Count others with these."""
        self.stored += others.stored
        self.duplicate += others.duplicate
        self.quarantined += others.quarantined

    def as_numbers(self) -> dict[str, int]:
        """By name; read is the sum of the rest."""
        return {
            "read": self.read,
            "stored": self.stored,
            "duplicate": self.duplicate,
            "quarantined": self.quarantined,
        }


def counted_as(found: Found) -> str:
    """Under which name a piece is counted: its file, or for single messages their folder."""
    if not found.alone:
        return found.file
    folder, _, _ = found.file.replace("!", "!/").rpartition("/")
    return folder.removesuffix("!") or found.file
