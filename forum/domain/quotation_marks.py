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
    candidates = [index for index, line in enumerate(lines) if ">" in line[:14]]
    for index in candidates:
        line = lines[index]
        if line[0] == ">" or line.lstrip(" \t\xa0")[0] == ">":
            marks[index] = 1
        elif match := _INITIALS.match(line):
            initials.setdefault(match[1], []).append(index)
    for found in initials.values():
        if len(found) > 1:
            for index in found:
                marks[index] = 1
    _correct(lines, marks, candidates)
    return marks


def _correct(lines: Sequence[str], marks: bytearray, candidates: Sequence[int]) -> None:
    """Take back the marks that mean something else; mark the wrapped rest of marked lines."""
    last = len(lines) - 1
    for index in candidates:
        if not marks[index] or index == last:
            continue
        # An mbox writes ">From " where a line began with "From " (RFC 4155).
        alone = not marks[index + 1] and index > 0 and not marks[index - 1]
        if alone and lines[index].startswith(">From "):
            marks[index] = 0
        elif (
            not marks[index + 1]
            and index + 1 < last
            and marks[index + 2]
            and _is_wrapped(lines[index], lines[index + 1])
        ):
            marks[index + 1] = 2


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
