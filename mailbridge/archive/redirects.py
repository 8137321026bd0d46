"""Files that say which old address showed which message."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mailbridge.archive.found import ArchiveError

_LINE = re.compile(r"^(\S+?)(?:\s*[,;\t]\s*|\s+)<?([^<>\s]+@[^<>\s]+?)>?\s*$")


def read_redirects(path: Path) -> dict[str, str]:
    """Message-ID by old path; a line holds both, parted by white space, a comma or a semicolon.

    The address is a path or a whole URL, of which path and query count. Empty lines, lines that
    begin with `#` and a heading are passed over.

    Raises:
        ArchiveError: the file cannot be read, or a line is neither.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: {error}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            if number == 1:
                continue
            raise ArchiveError(f"{path}, line {number}: an address and a Message-ID are needed")
        try:
            found[path_key(match[1])] = match[2]
        except ValueError as error:
            raise ArchiveError(
                f"{path}, line {number}: {match[1]} is no address: {error}"
            ) from None
    return found


def path_key(address: str) -> str:
    """The path and query of an address, as they are compared."""
    parts = urlsplit(address)
    path = "/" + unquote(parts.path).strip("/")
    return f"{path}?{parts.query}" if parts.query else path
