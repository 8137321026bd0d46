"""What readers of archives give: messages with their place, and what was odd on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

LARGEST: Final = 96 * 1024 * 1024
"""Bytes of a message above which only its head is kept: an import runs in constant memory."""


class ArchiveError(ValueError):
    """What was given is no archive, or cannot be opened; the text says why in one line."""


class Format(StrEnum):
    """The forms of archives that can be asked for."""

    AUTO = "auto"
    MBOX = "mbox"
    MAILDIR = "maildir"
    EML = "eml"
    PIPERMAIL = "pipermail"
    SYMPA = "sympa"


class Fault(StrEnum):
    """Why a piece of an archive is put aside instead of being stored as a message."""

    EMPTY = "empty"
    NOT_A_MESSAGE = "not-a-message"
    """Text before the first message of a file."""
    TOO_LARGE = "too-large"
    DAMAGED = "damaged-archive"
    """The archive breaks off in the middle of it."""
    CRASH = "crash"
    """Our own code failed on it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of an archive: a message, or what stands where one should be."""

    raw: bytes
    file: str
    """The path, with the names inside of it behind `!`."""
    ordinal: int
    """0-based number in its file."""
    offset: int
    """0-based byte in its file, uncompressed, where it begins."""
    arrived: datetime | None = None
    """From the separator or the file; None where neither tells."""
    fault: Fault | None = None
    alone: bool = False
    """Whether it has a file of its own."""
    old_keys: tuple[str, ...] = ()
    """Its addresses in the archive it comes from; see `mailbridge.archive.old_pages`."""


@dataclass(frozen=True, slots=True)
class OldPage:
    """A page of an old web archive, and the message it showed."""

    key: str
    message_id: str
    """Without angle brackets."""


Item = Found | OldPage


@dataclass(slots=True)
class Reading:
    """What is noticed while reading, for the report at the end."""

    skipped: list[str] = field(default_factory=list)
    """Files among others that hold no mail."""
    damaged: dict[str, str] = field(default_factory=dict)
    """Files that could not be read to their end, with the reason."""
    bytes_read: int = 0
    """Of the files given, as they lie on the disk."""
