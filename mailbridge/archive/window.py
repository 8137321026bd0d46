"""A stream of bytes looked at piece by piece, in constant memory."""

from __future__ import annotations

import errno
import gzip
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final, Protocol

import zstandard

CHUNK: Final = 1 << 20
LONGEST_LINE: Final = 2_000
"""Bytes looked at where a line is asked for."""
DAMAGE: Final = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    tarfile.TarError,
    zstandard.ZstdError,
)
"""What reading raises where a file is cut off or spoiled."""
_OF_THE_MACHINE: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}
)


def as_damage(error: Exception) -> str:
    """What is wrong with a file that cannot be read on.

    Raises:
        OSError: nothing is: the machine has no room, or its disk fails. An import stops then.
    """
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        raise error
    return str(error) or type(error).__name__


class Readable(Protocol):
    """A stream of bytes, read once from its beginning to its end."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


@dataclass(slots=True)
class Window:
    """The part of a stream that is looked at: grown at its end, cut at its beginning."""

    stream: Readable
    data: bytearray
    offset: int = 0
    """Of the window's first byte in the stream."""
    at_end: bool = False
    damage: str = ""

    def grow(self) -> None:
        """Read one chunk more; a spoiled stream ends where it is spoiled."""
        try:
            chunk = self.stream.read(CHUNK)
        except DAMAGE as error:
            chunk = b""
            self.damage = as_damage(error)
        if chunk:
            self.data += chunk
        else:
            self.at_end = True

    def grow_to(self, size: int) -> None:
        """Read on until the window has a size, or the stream ends."""
        while len(self.data) < size and not self.at_end:
            self.grow()

    def give_up_behind(self, largest: int) -> None:
        """Of a message that is too large keep the head, and the end that is needed to go on."""
        surplus = len(self.data) - largest - 2 * CHUNK
        if surplus > 2 * CHUNK:
            begin = largest + CHUNK
            del self.data[begin : begin + surplus]
            self.offset += surplus

    def cut(self, size: int) -> None:
        """Forget the first bytes."""
        del self.data[:size]
        self.offset += size

    def line(self, start: int) -> tuple[bytes, int]:
        """The line at a place without its end, and where the next one begins."""
        end = self.data.find(b"\n", start, start + LONGEST_LINE)
        while end < 0 and not self.at_end and len(self.data) < start + LONGEST_LINE:
            self.grow()
            end = self.data.find(b"\n", start, start + LONGEST_LINE)
        if end < 0:
            end = min(len(self.data), start + LONGEST_LINE)
        return bytes(self.data[start:end]).rstrip(b"\r"), end + 1
