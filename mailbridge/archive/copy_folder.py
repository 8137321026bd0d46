"""A folder that is written again: what is no longer part of it goes, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MANIFEST: Final = ".passerelle-files"
"""Holds the names of the files that were written here, one on each line."""


class CopyFolder:
    """Files of one export; those of an earlier one in the same folder are replaced by them.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.manifest = root / MANIFEST
        self.before = self._known()
        self.written: set[str] = set()

    def path(self, name: str) -> Path:
        """Where to write a file, by its path in the folder."""
        if name not in self.written and name not in self.before:
            # Before the file: what an export that is broken off has written is known, too.
            with self.manifest.open("a", encoding="utf-8") as lines:
                lines.write(f"{name}\n")
        self.written.add(name)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def finish(self) -> None:
        """Remove what earlier exports wrote and this one did not."""
        for name in sorted(self.before - self.written):
            path = self.root / name
            if not path.parent.resolve().is_relative_to(self.root.resolve()):
                continue
            path.unlink(missing_ok=True)
            if path.parent != self.root and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        names = "".join(f"{name}\n" for name in sorted(self.written))
        self.manifest.write_text(names, encoding="utf-8")

    def _known(self) -> set[str]:
        if not self.manifest.is_file():
            return set()
        return set(filter(None, self.manifest.read_text(encoding="utf-8").split("\n")))
