"""Find, line by line, every place where the words of somebody else are announced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forum.domain.attribution import attribution_at
from forum.domain.header_block import (
    Break,
    Kind,
    header_block,
    header_kind,
    is_rule,
    separator_kind,
)

_CLOSED_LATE: Final = re.compile(r">\s?(?:[^\W\d]{1,10} ?){0,2}:\s*$")
"""The end of an attribution, wrapped before the `>` of its address, is no quoted line."""
MAX_TRIES: Final = 1_000
"""Lines that may end an attribution and are looked at; no mail written by people has as many."""
_DRAWN: Final = frozenset("-_=*\\ \t")
_UNPOINTED: Final = ("wrote", "----", "crit...", "crit…", "ibió...", "rote...")
"""How attributions end that have no colon."""
_POINTED: Final = frozenset(":：>_*")
_FIRST: Final = _DRAWN | frozenset("0123456789")
_LAST_TWO: Final = frozenset(ending[-2:] for ending in _UNPOINTED)
"""A line with none of these signs, and no colon near its beginning, announces nothing."""


def find_breaks(
    lines: Sequence[str], filled: Sequence[int], marks: bytearray, fenced: frozenset[int]
) -> list[Break]:
    """Return the attributions of a body, in order, none within another.

    Args:
        lines: The body's lines, without white space at their ends.
        filled: The indices of those that are not blank.
        marks: Which bear a quotation mark; the mark of a line that turns out to close an
            attribution (`>:`) is taken back.
        fenced: Lines of code, which announce nothing.
    """
    return _Finder(lines, filled, marks, fenced).find()


class _Finder:
    def __init__(
        self,
        lines: Sequence[str],
        filled: Sequence[int],
        marks: bytearray,
        fenced: frozenset[int],
    ) -> None:
        self.lines = lines
        self.filled = filled
        self.marks = marks
        self.fenced = fenced
        self.tries = 0

    def find(self) -> list[Break]:
        """Find the attributions among the lines without marks, in order, none within another."""
        found: list[Break] = []
        lines, marks, filled = self.lines, self.marks, self.filled
        # Most lines are told off here, which is why it is one expression.
        candidates = [
            position
            for position, index in enumerate(filled)
            if (line := lines[index])[-1] in _POINTED
            or line[0] in _FIRST
            or line[-2:] in _LAST_TWO
            or ":" in line[:34]
        ]
        skip_to = -1
        for position in candidates:
            index = filled[position]
            if index <= skip_to or index in self.fenced:
                continue
            previous = filled[position - 1] if position else -1
            if marks[index] and not self._closes_address(index, previous):
                continue
            block = self._break_at(index, position)
            if block is not None and block.start > skip_to:
                found.append(self._with_rule(block, previous, skip_to))
                skip_to = block.end
        return found

    def _closes_address(self, index: int, previous: int) -> bool:
        """Tell whether a `>` closes the address of an attribution begun on the line before."""
        if self.lines[index][-1] != ":" or not _CLOSED_LATE.match(self.lines[index]):
            return False
        if previous < 0 or self.marks[previous]:
            return False
        before = " ".join([line[-200:] for line in self.lines[max(0, previous - 2) : index]])
        closes = before.count("<") > before.count(">")
        if closes:
            self.marks[index] = 0
        return closes

    def _break_at(self, index: int, position: int) -> Break | None:
        """Find the break that this line belongs to."""
        line = self.lines[index]
        last = line[-1]
        if ":" in line[:34] or line[0] in _DRAWN or last in ":：":
            block = self._block_at(index, position)
            if block is not None:
                return block
        if not line[0].isdigit() and last not in _POINTED and not line.endswith(_UNPOINTED):
            return None
        self.tries += 1
        if self.tries > MAX_TRIES or is_rule(line):
            return None
        following = self.filled[position + 1] if position + 1 < len(self.filled) else -1
        quoted = following > 0 and bool(self.marks[following] or self.lines[following][0] == "|")
        return attribution_at(self.lines, index, quoted)

    def _block_at(self, index: int, position: int) -> Break | None:
        """Find a header block, or a line that announces one, at this line."""
        lines = self.lines
        line = lines[index]
        if header_kind(line) is not None:
            ruled = position > 0 and is_rule(lines[self.filled[position - 1]])
            end = header_block(lines, index, announced=ruled)
            return Break(index, end, Kind.HEADERS) if end is not None else None
        kind = separator_kind(line)
        if kind is None:
            return None
        end = None
        if position + 1 < len(self.filled):
            following = self.filled[position + 1]
            if following - index <= 3 and header_kind(lines[following]) is not None:
                end = header_block(lines, following, announced=True)
        dashed = line.lstrip(" >*_").startswith(("--", "==", "\\-"))
        named = kind is Kind.FORWARD and line.rstrip(" *_")[-1] == ":"
        if end is None and not dashed and not named:
            return None
        return Break(index, index if end is None else end, kind)

    def _with_rule(self, block: Break, previous: int, skip_to: int) -> Break:
        """Take in the rule that a program draws above a header block."""
        if block.kind is Kind.WROTE or previous <= skip_to or not is_rule(self.lines[previous]):
            return block
        return Break(previous, block.end, block.kind, block.anchored)
