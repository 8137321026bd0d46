"""What a Markdown text would cost to render, told beforehand.

Python-Markdown takes seconds on short hostile input: it looks for the end of every bracket by
itself, copies a block for every heading line in it, and recurses for every level of quotes and
lists. The estimate below is measured, in microseconds of a 2-core machine of 2026, and meant to be
too high: a text over the limit is shown as it was typed, which is always possible.
"""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 60_000
"""Longer texts are shown as they were typed."""

MAX_EFFORT: Final = 180_000
"""Estimated microseconds."""

MAX_LEVELS: Final = 12
"""Of quotations and lists, one inside the other."""

_MARKERS = re.compile(r"[ \t]*(?:>|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t]))")
_RULE = re.compile(r"[ \t]*(?:(?:-[ \t]*){3,80}|(?:\*[ \t]*){3,80}|(?:_[ \t]*){3,80})\Z")
_HEADING = re.compile(r"[ \t]*#|[ \t]*\[[^\]]{0,200}\]:|(?:=+|-+)[ \t]*\Z", re.ASCII)
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#!|<>&~:+\x02\x03]|(?<=\n)[ \t]*[-0-9]")
_EMPHASIS = re.compile(r"[*_]")
_BRACKETS = re.compile(r"[\[\]()]")

_PER_CHARACTER = 0.3
_PER_BLOCK = 100.0
_PER_LINE = 90.0
_PER_LEVEL = 100.0
_PER_SPECIAL = 20.0
_PER_BRACKET_STEP = 0.8
_PER_HEADING_STEP = 0.03
_PER_EMPHASIS_STEP = 0.002


def is_tame(text: str) -> bool:
    """Whether a Markdown text can be rendered in a time nobody notices (under 0.2 s)."""
    if len(text) > MAX_CHARACTERS:
        return False
    effort = 0.0
    for block in re.split(r"\n[ \t]*\n", text):
        opened = [levels(line) for line in block.splitlines()]
        if max(opened, default=0) > MAX_LEVELS:
            return False
        effort += block_effort(block) + sum(opened) * _PER_LEVEL
        if effort > MAX_EFFORT:
            return False
    return True


def levels(line: str) -> int:
    """How many quotations and lists a line opens, one inside the other, or is indented for."""
    if _RULE.match(line):
        return 0
    count = position = 0
    while count <= MAX_LEVELS and (found := _MARKERS.match(line, position)):
        count += 1
        position = found.end()
    if count:
        indent = len(line) - len(line.lstrip())
        count += indent // 4
    return count


def block_effort(block: str) -> float:
    """Estimated microseconds for text without blank lines."""
    size = len(block)
    lines = block.splitlines()
    headings = sum(1 for line in lines if _HEADING.match(line))
    return (
        _PER_BLOCK
        + len(lines) * _PER_LINE
        + size * _PER_CHARACTER
        + len(_SPECIAL.findall(block)) * _PER_SPECIAL
        + bracket_steps(block) * _PER_BRACKET_STEP
        + headings * size * _PER_HEADING_STEP
        + len(_EMPHASIS.findall(block)) * size * _PER_EMPHASIS_STEP
    )


def bracket_steps(block: str) -> int:
    """The characters read in search of the ends of all brackets: to the end for an open one."""
    open_at: dict[str, list[int]] = {"[": [], "(": []}
    steps = 0
    for found in _BRACKETS.finditer(block):
        kind = found.group()
        if kind in open_at:
            open_at[kind].append(found.start())
        elif opened := open_at["[" if kind == "]" else "("]:
            steps += found.start() - opened.pop()
    return steps + sum(len(block) - start for opened in open_at.values() for start in opened)
