"""Messages without their attachments, as a digest holds them, and without their HTML."""

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


def without_html(raw: bytes) -> bytes | None:
    """A message with its plain text alone, line ends `\\r\\n`; of HTML alone a text is made.

    What was sent in two forms keeps the plain one. Attachments stay; signed and encrypted messages
    are not touched.

    Returns:
        None where the bytes are too irregular to be passed on so.
    """
    raw = _LINE_ENDS.sub(b"\r\n", raw)
    structure = take_apart(raw)
    pieces: list[bytes] = []
    at = 0
    waiting: list[tuple[Part, Part | None]] = [(structure.root, None)]
    while waiting:
        part, parent = waiting.pop()
        plain = _plain_form(part)
        if part.type in _SEALED or (plain is None and not _is_html_text(part)):
            waiting.extend((child, part) for child in reversed(part.children))
            continue
        if parent is None:
            return _root_as(structure, plain)
        place = _place(structure, part, parent)
        inner = _place(structure, plain, part) if plain else place
        if place is None or inner is None or place[0] < at:
            return None
        pieces += [raw[at : place[0]], _plain_part(raw[inner[0] : inner[1]], plain is None)]
        at = place[1]
    return b"".join((*pieces, raw[at:]))


def as_text(raw: bytes, text: str) -> bytes:
    """A message with the headers of another and a plain text for its body."""
    raw = _LINE_ENDS.sub(b"\r\n", raw)
    content = text_content(text, "plain")
    head = _kept_fields(raw)
    return b"".join((head, b"MIME-Version: 1.0\r\n", content.fields, b"\r\n", content.body))


def _plain_form(part: Part) -> Part | None:
    """The plain text among the forms of one thing."""
    if part.type != "multipart/alternative":
        return None
    return next((child for child in part.children if child.type == "text/plain"), None)


def _is_html_text(part: Part) -> bool:
    disposition = (part.value(b"content-disposition") or b"").strip().lower()
    return part.type == "text/html" and not disposition.startswith(b"attachment")


def _root_as(structure: Structure, plain: Part | None) -> bytes | None:
    """The whole message as its plain form, or as the text of its HTML."""
    if plain is None:
        return as_text(structure.raw, read(structure.raw, False, structure).text)
    place = _place(structure, plain, structure.root)
    if place is None:
        return None
    head = _kept_fields(structure.raw)
    return head + b"MIME-Version: 1.0\r\n" + structure.raw[place[0] : place[1]]


def _plain_part(part: bytes, is_html: bool) -> bytes:
    if not is_html:
        return part
    content = text_content(read(part, False).text, "plain")
    return content.fields + b"\r\n" + content.body


def _kept_fields(raw: bytes) -> bytes:
    """The header without what describes the body."""
    return b"".join(
        name + b":" + value + b"\r\n"
        for name, value in split_headers(raw, 0, len(raw))[0]
        if not name.startswith((b"content-", b"mime-version"))
    )


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
