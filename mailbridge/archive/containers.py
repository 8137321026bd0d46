"""Files as they lie on a disk, in folders, compressed, or packed into one another.

Everything is read as a stream; only a zip inside of something else must be put down on the disk,
because its table of contents stands at its end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

import zstandard

from mailbridge.archive.found import ArchiveError, Reading
from mailbridge.archive.window import DAMAGE, Readable, as_damage

HEAD: Final = 1 << 16
"""Bytes of a file that are looked at to recognise it."""
DEEPEST: Final = 4
"""Containers within containers."""

_SPOOL: Final = 1 << 24
_TAR_MAGIC: Final = slice(257, 262)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_PIECES: Final = re.compile(r"(\d+)")


class Head:
    """A stream whose beginning has been looked at and is read again."""

    def __init__(self, stream: Readable, reading: Reading | None = None) -> None:
        self.stream = stream
        self.reading = reading
        self.damage: Exception | None = None
        pieces: list[bytes] = []
        size = 0
        try:
            while size < HEAD and (piece := stream.read(HEAD - size)):
                pieces.append(piece)
                size += len(piece)
        except DAMAGE as error:
            as_damage(error)
            self.damage = error
        self.head = b"".join(pieces)
        self._count(size)
        self.waiting = self.head

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; all of it where the size is negative."""
        if self.waiting:
            piece = self.waiting if size < 0 else self.waiting[:size]
            self.waiting = self.waiting[len(piece) :]
            return piece + self.read() if size < 0 else piece
        if self.damage is not None:
            raise self.damage
        piece = self.stream.read(size)
        self._count(len(piece))
        return piece

    def _count(self, size: int) -> None:
        if self.reading is not None:
            self.reading.bytes_read += size


@dataclass(frozen=True, slots=True)
class Member:
    """A file that is no container."""

    name: str
    """The path given, and the names inside of it behind `!`."""
    content: Head
    modified: datetime | None

    @property
    def path(self) -> PurePosixPath:
        """The innermost name."""
        return PurePosixPath(self.name.replace("!", "/"))


def natural_key(name: str) -> tuple[object, ...]:
    """Orders names as people do: `9` before `10`, and `2009-April` before `2009-May`."""
    lowered = name.lower()
    for number, month in enumerate(_MONTHS, 1):
        if month in lowered:
            lowered = re.sub(rf"(?<=\d-){month}", f"{number:02d}", lowered)
    return tuple(int(piece) if piece.isdigit() else piece for piece in _PIECES.split(lowered))


def files_below(path: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, in natural order; hidden and unfinished ones not.

    A folder whose name begins with a dot is one of a Maildir++ where it holds `cur`.
    """
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if not current.is_dir():
            yield current
            continue
        entries = [
            entry
            for entry in current.iterdir()
            if not (entry.name.startswith(".") and not (entry / "cur").is_dir())
            and not (entry.name == "tmp" and (current / "cur").is_dir())
            and (entry.is_file() or entry.is_dir())
        ]
        waiting += sorted(entries, key=lambda entry: natural_key(entry.name), reverse=True)


def members(path: Path, reading: Reading) -> Iterator[Member]:
    """All files of a path, in order, with what is packed in them.

    Args:
        path: A file, a folder, or `-` for the standard input.
        reading: Where damage is noted.

    Raises:
        ArchiveError: there is no such file, or it may not be read.
    """
    if str(path) == "-":
        yield from _unpacked("-", Head(sys.stdin.buffer, reading), None, reading, 0)
        return
    if not path.exists():
        raise ArchiveError(f"there is no {path}")
    for file in files_below(path):
        try:
            stream = file.open("rb")
        except OSError as error:
            as_damage(error)
            if file == path:
                raise ArchiveError(f"{path}: {error.strerror}") from None
            reading.damaged[str(file)] = error.strerror or "unreadable"
            continue
        with stream:
            state = file.stat()
            modified = datetime.fromtimestamp(state.st_mtime, UTC)
            behind = reading.bytes_read + state.st_size
            yield from _unpacked(str(file), Head(stream, reading), modified, reading, 0)
            # A zip is read here and there.
            reading.bytes_read = behind


def _unpacked(
    name: str, content: Head, modified: datetime | None, reading: Reading, depth: int
) -> Iterator[Member]:
    """A file, or where it is a container the files in it.

    This calls itself, to a fixed depth: containers in containers are the work of people.
    """
    head = content.head
    inner = _decompressed(content)
    is_tar = head[_TAR_MAGIC] == b"ustar" or (name.endswith(".tar") and inner is None)
    is_zip = head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
    if not (inner or is_tar or is_zip):
        yield Member(name, content, modified)
    elif depth >= DEEPEST:
        reading.skipped.append(name)
    elif inner is not None:
        yield from _unpacked(_shorter(name), Head(inner), modified, reading, depth + 1)
    else:
        try:
            packed = _in_tar(content) if is_tar else _in_zip(content)
            for inner_name, stream, moment in packed:
                yield from _unpacked(
                    f"{name}!{inner_name}", Head(stream), moment, reading, depth + 1
                )
        except (*DAMAGE, RuntimeError, NotImplementedError) as error:
            # RuntimeError: a zip that asks for a password.
            reading.damaged[name] = as_damage(error)


def _decompressed(content: Head) -> Readable | None:
    head = content.head
    stream = cast("IO[bytes]", content)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(stream)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    return None


def _shorter(name: str) -> str:
    """The name of what was compressed."""
    for ending in (".gz", ".bz2", ".xz", ".zst"):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name[:-3] + "tar" if name.lower().endswith(".tgz") else name


Packed = Iterator[tuple[str, Readable, datetime | None]]


def _in_tar(content: Head) -> Packed:
    with tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|") as archive:
        for entry in archive:
            if not entry.isfile() or _is_hidden(entry.name):
                continue
            stream = archive.extractfile(entry)
            if stream is not None:
                yield entry.name, stream, datetime.fromtimestamp(entry.mtime, UTC)


def _in_zip(content: Head) -> Packed:
    with ExitStack() as stack:
        given = content.stream
        # A file that was opened by its name; streams inside of others only claim to seek.
        stream: IO[bytes]
        if type(given) is io.BufferedReader and given.seekable():
            stream = given
        else:
            stream = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL))
            shutil.copyfileobj(cast("IO[bytes]", content), stream)
        archive = stack.enter_context(zipfile.ZipFile(stream))
        for entry in sorted(archive.infolist(), key=lambda entry: natural_key(entry.filename)):
            if entry.is_dir() or _is_hidden(entry.filename):
                continue
            with archive.open(entry) as member:
                yield entry.filename, member, _zip_time(entry)


def _zip_time(entry: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return None


def _is_hidden(name: str) -> bool:
    """Whether a member is what systems add for themselves, or a Maildir's unfinished file."""
    parts = PurePosixPath(name).parts
    return (
        parts[-1].startswith(".") or "__MACOSX" in parts or (len(parts) > 1 and parts[-2] == "tmp")
    )
