"""The marks that mail programs put before quoted lines, and what they do to long ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_INITIALS: Final = re.compile(r"\s?([A-Za-z]{1,12})>+(?: |$)")
"""The marks of older programs: `JD> as you said`."""
_WRAPPED: Final = 64
"""Characters of a marked line that a program may have wrapped without marking the rest."""


def without_mark(line: str) -> str:
    """Take one level of quotation marks off a line."""
    core = line.lstrip(" \t\xa0")
    if core[:1] not in ">|":
        if not _INITIALS.match(line):
            return line.rstrip()
        core = core[core.find(">") :]
    return core[1:].removeprefix(" ").rstrip()


def quotation_marks(lines: Sequence[str]) -> bytearray:
    """Tell which lines bear a quotation mark."""
    marks = bytearray(len(lines))
    initials: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        if line[:1] == ">":
            marks[index] = 1
        elif ">" in line[:14]:
            if line.lstrip(" \t\xa0")[:1] == ">":
                marks[index] = 1
            elif match := _INITIALS.match(line):
                initials.setdefault(match[1], []).append(index)
    for found in initials.values():
        if len(found) > 1:
            for index in found:
                marks[index] = 1
    if 1 not in marks:
        return marks
    for index in range(1, len(lines) - 1):
        if marks[index]:
            # An mbox writes ">From " where a line began with "From " (RFC 4155).
            if lines[index].startswith(">From ") and not marks[index - 1] and not marks[index + 1]:
                marks[index] = 0
        elif marks[index - 1] and marks[index + 1] and _is_wrapped(lines[index - 1], lines[index]):
            marks[index] = 2
    return marks


def _is_wrapped(before: str, line: str) -> bool:
    """Tell whether a line is the unmarked rest of the long marked line before it."""
    return (
        len(before) >= _WRAPPED
        and 0 < len(line.strip()) <= len(before)
        and (line[0].islower() or before.rstrip()[-1] not in ".?!:>")
        and before.rstrip()[-1] not in ".?!"
    )


def fenced_lines(lines: Sequence[str]) -> frozenset[int]:
    """Return the lines of closed ``` blocks, whose content is nobody's signature."""
    found: set[int] = set()
    opened: int | None = None
    for index, line in enumerate(lines):
        if line.startswith("```"):
            if opened is None:
                opened = index
            else:
                found.update(range(opened, index + 1))
                opened = None
    return frozenset(found)
