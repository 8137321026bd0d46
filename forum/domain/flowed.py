"""format=flowed: paragraphs wrapped for the way, and unwrapped again (RFC 3676)."""

from __future__ import annotations

import re
from typing import Final

WIDTH: Final = 72
"""Characters of a wrapped line, its soft space included; RFC 3676, section 4.2 wants 78 at most."""

_DEPTH: Final = re.compile(">*")
_MARKS: Final = re.compile(r"(?:> ?)+")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")
_LAID_OUT: Final = re.compile(r"(?: {4}|\t|\|)")
"""Code and tables: their line ends are theirs."""


def unflow(text: str, delete_space: bool = False) -> str:
    """Join the flowed lines of a text; quoted lines keep their `>` marks.

    `delete_space` is the DelSp parameter: the space that marks a soft line end is not part of the
    text. Line ends are `\\n`. Source: RFC 3676, section 4.
    """
    lines: list[str] = []
    pending: list[str] = []
    pending_depth = 0
    for line in text.split("\n"):
        depth = len(_DEPTH.match(line)[0])  # type: ignore[index]  # `*` always matches.
        content = line[depth:].removeprefix(" ")  # Space-stuffing, section 4.4.
        signature = content == "-- "
        if pending and (depth != pending_depth or signature):
            lines.append(_quoted("".join(pending), pending_depth))
            pending = []
        pending_depth = depth
        if content.endswith(" ") and not signature:
            pending.append(content[:-1] if delete_space else content)
            continue
        lines.append(_quoted("".join(pending) + content, depth))
        pending = []
    if pending:
        lines.append(_quoted("".join(pending), pending_depth))
    return "\n".join(lines)


def flow(text: str) -> str:
    """Wrap long lines of a text, so that programs which know flowed text can undo it.

    The other way of `unflow` without DelSp: French, English and Spanish are wrapped at spaces,
    which stay, so that a program which does not know flowed text shows the same words. Code,
    tables and words longer than a line are left alone; spaces at line ends, which would mean a
    soft one, go. Line ends are `\\n`. Source: RFC 3676, section 4.2.
    """
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        marks = _MARKS.match(line)
        depth = marks[0].count(">") if marks else 0
        content = line[marks.end() :] if marks else line
        if _FENCE.match(content):
            is_code = not is_code
        content = content if content == "-- " else content.rstrip(" ")
        whole = is_code or _LAID_OUT.match(content) is not None
        pieces = [content] if whole else _pieces(content, WIDTH - depth - 1)
        lines += [_stuffed(piece, depth) for piece in pieces]
    return "\n".join(lines)


def _pieces(content: str, width: int) -> list[str]:
    """A line cut behind spaces, which end all pieces but the last."""
    pieces: list[str] = []
    start = 0
    while len(content) - start > width:
        cut = content.rfind(" ", start + 1, start + width) + 1
        if cut <= start:
            cut = content.find(" ", start + width) + 1
        if cut <= start or not content[start:cut].strip():
            break
        while content[cut : cut + 1] == " ":
            cut += 1
        if content[start:cut] == "-- ":
            break  # It would announce a signature.
        pieces.append(content[start:cut])
        start = cut
    return [*pieces, content[start:]]


def _stuffed(line: str, depth: int) -> str:
    """RFC 3676, section 4.4: a space before what would be read as something else."""
    if depth:
        return ">" * depth + (" " + line if line else "")
    return " " + line if line.startswith((" ", ">", "From ")) else line


def _quoted(content: str, depth: int) -> str:
    if not depth:
        return content
    return ">" * depth + (" " + content if content else "")
