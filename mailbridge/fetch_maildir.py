"""Reading a Maildir without changing anything in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailbridge.fetch_imap import FetchError


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a Maildir."""

    name: str
    """Without what stands behind the colon: that changes with the message's flags."""
    path: Path
    modified: float


def listing(directory: Path) -> list[Found]:
    """The messages of a Maildir, oldest first.

    Raises:
        FetchError: it is none, or cannot be read.
    """
    found: dict[str, Found] = {}
    try:
        # `new` first: what is moved to `cur` meanwhile is in one listing at least.
        for part in ("new", "cur"):
            for entry in _files(directory / part):
                base = _unchanging(entry.name)
                modified = entry.stat(follow_symlinks=False).st_mtime
                found[base] = Found(base, Path(entry.path), modified)
    except FileNotFoundError:
        raise FetchError("there is no Maildir with new and cur at this path") from None
    except OSError as error:
        raise FetchError(f"the Maildir cannot be read: {error.strerror or error}") from None
    return sorted(found.values(), key=lambda one: (one.modified, one.name))


def _unchanging(name: str) -> str:
    """A file's name without its flags; as hexadecimal digits where it is no text."""
    base = name.partition(":")[0]
    return base if base.isprintable() else os.fsencode(base).hex()


def _files(directory: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    yield entry
            except FileNotFoundError:  # Moved on between the two looks.
                continue


def content(found: Found, most: int) -> bytes | None:
    """The bytes of a message; None where it is larger than `most`.

    Raises:
        FileNotFoundError: another program moved it; it is there under its new name next time.
        FetchError: it cannot be read.
    """
    try:
        descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FetchError(f"a message cannot be read: {error.strerror or error}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FetchError("a message is no file")
        read = file.read(most + 1)
    return None if len(read) > most else read
