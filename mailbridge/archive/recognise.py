"""What a file is, from its first bytes and its name."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from mailbridge.archive.mbox_reader import BOM
from mailbridge.archive.separators import looks_like_header, separator

_FIRST_LINES: Final = 40
_HEADER_LINE: Final = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]|>?From ")
_EMLX: Final = re.compile(rb"^\d{1,10} *\r?\n[!-9;-~]+:")
_MAILDIR_NAME: Final = re.compile(r"^(\d{9,11})\.")


class Kind(StrEnum):
    """How a file is to be read."""

    MBOX = "mbox"
    MMDF = "mmdf"
    MESSAGE = "message"
    """One message."""
    EMLX = "emlx"
    """One message of Apple Mail: its length, the message, a property list."""
    PAGE = "page"
    """An HTML page of an old archive."""


def recognise(head: bytes, path: PurePosixPath) -> Kind | None:
    """The kind of a file; None where it holds no mail that we know how to read.

    Args:
        head: Its first 64 KiB.
        path: Its name, which tells the files of a Maildir and of Sympa.
    """
    if head.startswith(b"\x01\x01\x01\x01"):
        return Kind.MMDF
    text = head.removeprefix(BOM).lstrip(b"\r\n")
    if path.suffix.lower() in (".html", ".htm", ".shtml") or _is_html(text):
        return Kind.PAGE if not _has_header(text) else Kind.MESSAGE
    if b"\x00\x00\x00\x00" in head[:64]:
        return None
    if is_maildir_file(path):
        return Kind.MESSAGE
    if _EMLX.match(text):
        return Kind.EMLX
    if text.startswith(b"From ") and _separated(text):
        return Kind.MBOX
    if _has_header(text):
        return Kind.MESSAGE
    return Kind.MBOX if _separated(text) else None


def is_maildir_file(path: PurePosixPath) -> bool:
    """Whether a file lies where a Maildir keeps its messages."""
    return path.parent.name in ("cur", "new")


def maildir_seconds(path: PurePosixPath) -> int | None:
    """When a Maildir's message was delivered, from its name: seconds since 1970."""
    found = _MAILDIR_NAME.match(path.name)
    return int(found[1]) if found else None


def _is_html(text: bytes) -> bool:
    return text[:200].lstrip().lower().startswith((b"<!doctype html", b"<html", b"<!--", b"<?xml"))


def _has_header(text: bytes) -> bool:
    """Whether a text begins with a header that mail has."""
    known = False
    for line in text.split(b"\n", _FIRST_LINES)[:_FIRST_LINES]:
        line = line.rstrip(b"\r")
        if not line:
            break
        if not _HEADER_LINE.match(line):
            # Headers that are not ASCII, or bent: one known before them is enough.
            return known
        known = known or looks_like_header(line)
    return known and not text.startswith(b"From ")


def _separated(text: bytes) -> bool:
    """Whether some line of a text separates messages."""
    lines = text.split(b"\n")
    before = b""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        if line.startswith(b"From"):
            after_blank = not before.strip()
            if separator(line.rstrip(b"\r"), following, after_blank=after_blank):
                return True
        before = line
    return False
