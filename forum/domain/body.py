"""Cut a body into segments: own text, quotations, attributions, signatures, footers.

Nothing is deleted: every line with text stands in one segment, in its order. Own text is told
from quoted text by three signs, strongest first: the words stand in the parent post
(`overlap`), the lines bear marks, or an attribution announces them (`attribution`).

What follows an attribution without marks is quoted to the end, but only where the author has
written something above it. A message that opens with a header block and has no own word is a
plain forward: its content is what the author wanted read, so it becomes own text, and the header
block the attribution. In the same way a message of nothing but marked lines, with no attribution,
is its author's text: a post would otherwise show nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forum.domain.attribution import attribution_at
from forum.domain.breaks import find_breaks
from forum.domain.footer import footer_lines
from forum.domain.header_block import Break, Kind, is_forward_end, is_rule
from forum.domain.mirroring import Outside
from forum.domain.mirroring_lines import lists_lines
from forum.domain.overlap import quoted_lines
from forum.domain.quotation_marks import fenced_lines, quotation_marks, without_mark
from forum.domain.signature import (
    MAX_BLOCK,
    MAX_BLOCK_LENGTH,
    device_lines,
    is_delimiter,
    signed_lines,
)
from forum.domain.values import Role, Segment, TextFormat

MAX_SEGMENTS: Final = 1_000
"""Of one body, but for what stands after them: each is rendered by itself."""
_SIGNED_PIECES: Final = 50
"""Pieces of own text, from the end, in which a signature is looked for."""


def segment(
    text: str,
    text_format: TextFormat = TextFormat.PLAIN,
    parent_text: str | None = None,
    outside: Outside | None = None,
) -> tuple[Segment, ...]:
    """Return the segments of a body, in order; their languages are left undetermined.

    Args:
        text: The decoded body, line ends `\\n` or `\\r\\n`.
        text_format: Markdown keeps its fenced blocks as own text.
        parent_text: The body of the message answered, where it is known.
        outside: The list it may have come from, whose own lines are footers.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Body(text, text_format, parent_text, outside).segments()


class _Body:
    """The lines of one body and what is known of each: a role, and whether a mark comes off."""

    def __init__(
        self, text: str, text_format: TextFormat, parent: str | None, outside: Outside | None
    ) -> None:
        written = text.split("\n")
        # Without white space at their ends: what is empty then is blank to every rule.
        self.lines = lines = [line.rstrip() for line in written]
        self.underlines = (
            frozenset(index for index, line in enumerate(written) if line == "--")
            if text_format is TextFormat.MARKDOWN
            else frozenset()
        )
        self.parent = parent
        self.outside = outside
        self.marks = quotation_marks(lines)
        self.filled = [index for index, line in enumerate(lines) if line]
        self.fenced = fenced_lines(lines) if "```" in text else frozenset()
        self.roles: list[Role | None] = []
        self.deeper: set[int] = set()

    def segments(self) -> tuple[Segment, ...]:
        breaks = find_breaks(self.lines, self.filled, self.marks, self.fenced)
        self.roles = [
            None if not line else Role.QUOTATION if mark else Role.REPLY
            for line, mark in zip(self.lines, self.marks, strict=True)
        ]
        tail = self._assign(breaks)
        self._append_footers()
        self._sign()
        if self.parent:
            self._compare(self.parent, tail)
        self._give_back_lonely_text(breaks)
        return self._assemble()

    def _assign(self, breaks: Sequence[Break]) -> int:
        """Give attributions and what they announce their role.

        Returns where a quoted tail without marks begins.
        """
        start, own = 0, False
        for block in breaks:
            own = own or self._has_own(start, block.start)
            for index in range(block.start, block.end + 1):
                self.roles[index] = Role.ATTRIBUTION
            start = block.end + 1
            if own and not self._marked_after(start) and block.anchored:
                return self._assign_tail(start)
        return len(self.lines)

    def _marked_after(self, start: int) -> bool:
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if line:
                return bool(self.marks[index]) or self._bars(index)
        return False

    def _bars(self, index: int) -> bool:
        """Take the lines that begin with `|` after an attribution for marked ones."""
        start = index
        while index < len(self.lines) and self.lines[index].lstrip(" ").startswith("|"):
            self.marks[index] = 1
            self.roles[index] = Role.QUOTATION
            index += 1
        return index > start

    def _has_own(self, start: int, end: int) -> bool:
        """Tell whether the author wrote something between two lines."""
        return any(
            self.roles[index] is Role.REPLY and not is_rule(self.lines[index])
            for index in range(start, end)
        )

    def _assign_tail(self, start: int) -> int:
        """Quote all from here on, or to the line that closes a forwarded message."""
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if line and is_forward_end(line):
                self.roles[index] = Role.ATTRIBUTION
                return start
            if line:
                self.roles[index] = Role.QUOTATION
                self.deeper.add(index)
        return start

    def _append_footers(self) -> None:
        roles, marks, fenced = self.roles, self.marks, self.fenced
        plain = [
            index
            for index in self.filled
            if not marks[index] and roles[index] is not Role.ATTRIBUTION
        ]
        if fenced:
            plain = [index for index in plain if index not in fenced]
        found = footer_lines(self.lines, plain)
        if self.outside is not None:
            found |= lists_lines(self.lines, plain, self.outside)
        if found and any(self.roles[i] is not Role.REPLY or i not in found for i in self.filled):
            for index in found:
                self.roles[index] = Role.FOOTER

    def _sign(self) -> None:
        """Find the signatures in each piece of own text."""
        for piece in self._pieces()[-_SIGNED_PIECES:]:
            piece = self._delimited(piece)
            found = device_lines(self.lines, piece)
            rest = [index for index in piece if index not in found] if found else piece
            found |= signed_lines(self.lines, rest)
            for index in found:
                self.roles[index] = Role.SIGNATURE

    def _pieces(self) -> list[list[int]]:
        """Return the runs of own lines between the other roles."""
        roles, fenced = self.roles, self.fenced
        pieces: list[list[int]] = []
        piece: list[int] | None = None
        for index in self.filled:
            if roles[index] is not Role.REPLY or index in fenced:
                piece = None
            elif piece is None:
                piece = [index]
                pieces.append(piece)
            else:
                piece.append(index)
        return pieces

    def _delimited(self, piece: list[int]) -> list[int]:
        """Take off the block under a `-- `; return what stands before it."""
        first = max(0, len(piece) - MAX_BLOCK - 1)
        for position in range(first, len(piece)):
            index = piece[position]
            line = self.lines[index]
            if line[0] not in " -—–\\―\t\xa0" or not is_delimiter(line):
                continue
            if index in self.underlines and index and self.lines[index - 1]:
                continue  # Of a Markdown heading.
            block = piece[position:]
            if sum(len(self.lines[i]) for i in block) <= MAX_BLOCK_LENGTH:
                for i in block:
                    self.roles[i] = Role.SIGNATURE
                return piece[:position]
        return piece

    def _compare(self, parent: str, tail: int) -> None:
        """Correct the roles by the words that stand in the parent."""
        own = [i for i in self.filled if self.roles[i] is Role.REPLY and i not in self.fenced]
        for index in quoted_lines(self.lines, own, parent):
            self.roles[index] = Role.QUOTATION
            self.deeper.add(index)
        quoted = [i for i in self.filled if i >= tail and self.roles[i] is Role.QUOTATION]
        if quoted:
            self._answers_within(quoted, quoted_lines(self.lines, quoted, parent))

    def _answers_within(self, tail: Sequence[int], found: set[int]) -> None:
        """Give back the paragraphs written between the quoted lines of a tail without marks."""
        if 5 * len(found) < 3 * len(tail) or not found:
            return
        last = max(found)
        paragraph: list[int] = []
        for index in tail:
            if index > last:
                break
            if paragraph and index != paragraph[-1] + 1:
                paragraph = self._judge_answer(paragraph, found)
            paragraph.append(index)

    def _judge_answer(self, paragraph: Sequence[int], found: set[int]) -> list[int]:
        strange = not found.intersection(paragraph)
        words = sum(len(self.lines[index].split()) for index in paragraph)
        if strange and words >= 4 and not self.marks[paragraph[0]]:
            for index in paragraph:
                self.roles[index] = Role.REPLY
        return []

    def _give_back_lonely_text(self, breaks: Sequence[Break]) -> None:
        """Make marked lines own text where nothing else would be left to read."""
        if Role.REPLY in self.roles or self.parent or Role.QUOTATION not in self.roles:
            return
        if any(block.kind is Kind.WROTE for block in breaks):
            return
        first = next(i for i in self.filled if self.roles[i] is Role.QUOTATION)
        if attribution_at([self.lines[first].lstrip("> ")], 0, True) is not None:
            return
        for index, role in enumerate(self.roles):
            if role is Role.QUOTATION:
                self.roles[index] = Role.REPLY

    def _assemble(self) -> tuple[Segment, ...]:
        """Join the lines of each run of one role; blank lines within it stay.

        Where roles change more often than in any mail of people, the rest is kept as written.
        """
        result: list[Segment] = []
        roles = self.roles
        role: Role | None = None
        first = last = -1
        for index in self.filled:
            if roles[index] is not role:
                self._close(result, role, first, last)
                role, first = roles[index], index
                if len(result) >= MAX_SEGMENTS:
                    role, last = Role.REPLY, self.filled[-1]
                    break
            last = index
        self._close(result, role, first, last)
        return tuple(result)

    def _close(self, result: list[Segment], role: Role | None, first: int, last: int) -> None:
        if role is None:
            return
        lines: Sequence[str] = self.lines[first : last + 1]
        if role is Role.QUOTATION:
            lines = self._unmarked(lines, first)
        text = "\n".join(lines).strip("\n")
        if text.strip(" \t>|"):
            result.append(Segment(role, text))

    def _unmarked(self, lines: Sequence[str], first: int) -> list[str]:
        """Take one level of marks off the lines that are quoted by their marks."""
        marks, deeper = self.marks, self.deeper
        return [
            line
            if not marks[index] or index in deeper
            else line[2:]
            if line[:2] == "> "
            else without_mark(line)
            for index, line in enumerate(lines, first)
        ]
