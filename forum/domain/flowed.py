"""format=flowed: paragraphs that were wrapped for the way, unwrapped again (RFC 3676)."""

from __future__ import annotations

import re
from typing import Final

_DEPTH: Final = re.compile(">*")


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


def _quoted(content: str, depth: int) -> str:
    if not depth:
        return content
    return ">" * depth + (" " + content if content else "")
