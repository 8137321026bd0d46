"""Messages without their attachments, as a digest holds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from forum.domain.headers import split_headers
from forum.domain.mime import Part, Structure, take_apart, walk
from forum.domain.reading import read
from mailbridge.mime_edit import text_content

_LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_SEALED: Final = ("multipart/signed", "multipart/encrypted", "multipart/report")
"""A change inside would undo what they are for."""
_UNSENDABLE: Final = re.compile(rb"[^\n]{999}|\0")
"""RFC 5322, section 2.1.1; a message within another cannot be encoded again (RFC 2046, 5.2.1)."""

Describe = Callable[[int], str]
"""What stands in the place of an attachment, by its number."""


def without_attachments(raw: bytes, describe: Describe) -> bytes | None:
    """A message with a line of text in the place of each attachment, line ends `\\r\\n`.

    Signed and encrypted messages stay as they are.

    Returns:
        None where the bytes are too irregular to be passed on so.
    """
    raw = _LINE_ENDS.sub(b"\r\n", raw)
    structure = take_apart(raw)
    parents = {id(child): part for part in walk(structure.root) for child in part.children}
    pieces: list[bytes] = []
    at = 0
    for number, item in enumerate(read(raw, False, structure).items):
        if _is_sealed(item.part, parents) or structure.root.type in _SEALED:
            continue
        place = _place(structure, item.part, parents.get(id(item.part)))
        if item.span is not None or place is None or place[0] < at:
            return None
        content = text_content(describe(number), "plain")
        pieces += [raw[at : place[0]], content.fields, b"\r\n", content.body]
        at = place[1]
    light = b"".join((*pieces, raw[at:]))
    return None if _UNSENDABLE.search(light) else light


def as_text(raw: bytes, text: str) -> bytes:
    """A message with the headers of another and a plain text for its body."""
    raw = _LINE_ENDS.sub(b"\r\n", raw)
    kept = [
        name + b":" + value + b"\r\n"
        for name, value in split_headers(raw, 0, len(raw))[0]
        if not name.startswith((b"content-", b"mime-version"))
    ]
    content = text_content(text, "plain")
    return b"".join((*kept, b"MIME-Version: 1.0\r\n", content.fields, b"\r\n", content.body))


def _is_sealed(part: Part, parents: dict[int, Part]) -> bool:
    above = parents.get(id(part))
    while above is not None:
        if above.type in _SEALED:
            return True
        above = parents.get(id(above))
    return False


def _place(structure: Structure, part: Part, parent: Part | None) -> tuple[int, int] | None:
    """Where a part stands with its fields: behind the delimiter line that opens it."""
    boundary = (parent.parameters.get("boundary") or "").rstrip() if parent else ""
    if parent is None or not boundary:
        return None
    delimiter = b"--" + boundary.encode("utf-8", "replace")
    opened = structure.raw.rfind(delimiter, parent.start, part.start)
    start = structure.raw.find(b"\n", opened, part.start) + 1
    return (start, part.end) if opened >= 0 and start > 0 else None
