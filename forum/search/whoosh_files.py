"""The files of a Whoosh index: made durable, and checked against their sums when opened.

Whoosh writes a new segment, then a table of contents that names it, and renames that one into
place. It syncs nothing, and a block that a disk or a crash has zeroed goes unnoticed. Here every
file is synced before the table of contents that needs it gets its name, and its sum is noted.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

TOC_NAME: Final = re.compile(r"_MAIN_(\d+)\.toc")
_SUMS_NAME: Final = re.compile(r"_MAIN_(\d+)\.sums")
_SEGMENT_NAME: Final = re.compile(r"MAIN_[0-9a-z]+\.seg")
_LEFTOVER: Final = re.compile(r"_MAIN_\d+\.(toc|sums)\..+|.+\.writing")
_CHUNK: Final = 1 << 20


class DurableStorage(FileStorage):  # type: ignore[misc]
    """A folder whose commits survive a loss of power, whole or not at all."""

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Give a new table of contents its name: this is the moment of a commit.

        Args:
            oldname: the temporary file.
            newname: the table of contents.
            safe: whether the name must be free.
        """
        folder = Path(self.folder)
        match = TOC_NAME.fullmatch(newname)
        if match is None:
            super().rename_file(oldname, newname, safe)
            return
        sums = {"toc": file_sum(folder / oldname), "segments": self._segment_sums(folder)}
        sync(folder / oldname)
        write_durably(folder / f"_MAIN_{match[1]}.sums", json.dumps(sums))
        super().rename_file(oldname, newname, safe)
        sync(folder)
        self._drop_old_sums(folder, int(match[1]))

    def temp_storage(self, name: str | None = None) -> Any:
        """A folder of its own for each writer: several processes write segments side by side."""
        return super().temp_storage(f"{secrets.token_hex(8)}.tmp")

    def _segment_sums(self, folder: Path) -> dict[str, list[int]]:
        """Sums of all segments; those of an earlier commit never change and are not read again."""
        known = latest_sums(folder).get("segments", {})
        found: dict[str, list[int]] = {}
        for path in folder.iterdir():
            if _SEGMENT_NAME.fullmatch(path.name):
                if path.name not in known:
                    sync(path)
                    found[path.name] = file_sum(path)
                else:
                    found[path.name] = known[path.name]
        return found

    def _drop_old_sums(self, folder: Path, generation: int) -> None:
        for path in folder.iterdir():
            match = _SUMS_NAME.fullmatch(path.name)
            if match and int(match[1]) < generation:
                path.unlink(missing_ok=True)


class ReadingStorage(FileStorage):  # type: ignore[misc]
    """A folder to read from; Whoosh does not close what it could not make sense of."""

    def __init__(self, path: str) -> None:
        super().__init__(path, readonly=True)
        self._opened: list[Any] = []

    def open_file(self, name: str, **options: Any) -> Any:
        """Open, and remember for `opening`."""
        file = super().open_file(name, **options)
        self._opened.append(file)
        return file

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Close what was opened inside if it ends in an exception."""
        try:
            yield
        except BaseException:
            for file in self._opened:
                if not file.is_closed:
                    file.close()
            raise
        finally:
            self._opened.clear()


def generation(folder: Path) -> int:
    """The number of the last commit, -1 without any."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - twice as fast, and done for every search.
    except OSError:
        return -1
    tables = [name for name in names if name.endswith(".toc")]
    return max((int(m[1]) for name in tables if (m := TOC_NAME.fullmatch(name))), default=-1)


def latest_sums(folder: Path) -> dict[str, Any]:
    """What was noted at the last commit; empty where it cannot be read."""
    try:
        found = json.loads((folder / f"_MAIN_{generation(folder)}.sums").read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_sound(folder: Path) -> bool:
    """Whether the last commit is there and every byte of it is as it was written."""
    number = generation(folder)
    sums = latest_sums(folder)
    if number < 0 or not sums:
        return False
    try:
        if file_sum(folder / f"_MAIN_{number}.toc") != sums["toc"]:
            return False
        named = [f"{segment.segment_id()}.seg" for segment in read_toc(folder).segments]
        return all(file_sum(folder / name) == sums["segments"][name] for name in named)
    except (OSError, KeyError):
        return False


def read_toc(folder: Path, schema: Any = None) -> Any:
    """Whoosh's table of contents of the last commit."""
    return TOC.read(FileStorage(str(folder)), "MAIN", schema=schema)


def drop_leftovers(folder: Path) -> None:
    """Remove what a writer that was killed left; only for the holder of the writer's lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif _LEFTOVER.fullmatch(path.name):
            path.unlink(missing_ok=True)


def file_sum(path: Path) -> list[int]:
    """Size and CRC-32 of a file."""
    size = crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
    return [size, crc]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, text: str) -> None:
    """Replace a small file: after a crash it is the old one or the new one."""
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(text, encoding="utf-8")
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def read_text(path: Path) -> str:
    """A small file as `write_durably` leaves it; empty where there is none."""
    # Asked several times for every search, and nearly always there is no such file.
    if not os.path.exists(path):  # noqa: PTH110 - a third of the time of Path.exists.
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def size_of(path: Path) -> int:
    """Bytes of a file; 0 for what is none, or was merged away meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
