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

_SIGNED_PIECES: Final = 50
"""Pieces of own text, from the end, in which a signature is looked for."""


def segment(
    text: str, text_format: TextFormat = TextFormat.PLAIN, parent_text: str | None = None
) -> tuple[Segment, ...]:
    """Return the segments of a body, in order; their languages are left undetermined.

    Args:
        text: The decoded body, line ends `\\n` or `\\r\\n`.
        text_format: Markdown keeps its fenced blocks as own text.
        parent_text: The body of the message answered, where it is known.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _Body(lines, text_format, parent_text, "```" in text).segments()


class _Body:
    """The lines of one body and what is known of each: a role, and whether a mark comes off."""

    def __init__(
        self, lines: list[str], text_format: TextFormat, parent: str | None, has_fences: bool
    ) -> None:
        self.lines = lines
        self.markdown = text_format is TextFormat.MARKDOWN
        self.parent = parent
        self.marks = quotation_marks(lines)
        self.filled = [index for index, line in enumerate(lines) if line and not line.isspace()]
        self.filled_at = bytearray(len(lines))
        for index in self.filled:
            self.filled_at[index] = 1
        self.fenced = fenced_lines(lines) if has_fences else frozenset()
        self.roles: list[Role | None] = [None] * len(lines)
        self.deeper: set[int] = set()

    def segments(self) -> tuple[Segment, ...]:
        breaks = find_breaks(self.lines, self.filled, self.marks, self.fenced)
        tail = self._assign(breaks)
        self._append_footers()
        self._sign()
        if self.parent:
            self._compare(self.parent, tail)
        self._give_back_lonely_text(breaks)
        return self._assemble()

    def _assign(self, breaks: Sequence[Break]) -> int:
        """Give each line its role; return where a quoted tail without marks begins."""
        roles, lines = self.roles, self.lines
        limit, start, own = len(lines), 0, False
        for block in breaks:
            own = self._assign_plain(start, block.start) or own
            for index in range(block.start, block.end + 1):
                roles[index] = Role.ATTRIBUTION
            start = block.end + 1
            if own and not self._marked_after(start) and block.anchored:
                return self._assign_tail(start)
        self._assign_plain(start, limit)
        return limit

    def _marked_after(self, start: int) -> bool:
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if line and not line.isspace():
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

    def _assign_plain(self, start: int, end: int) -> bool:
        """Part lines into marked and own ones; tell whether there are own ones."""
        own = False
        for index in range(start, end):
            if self.marks[index]:
                self.roles[index] = Role.QUOTATION
            elif self.filled_at[index]:
                self.roles[index] = Role.REPLY
                own = own or not is_rule(self.lines[index])
        return own

    def _assign_tail(self, start: int) -> int:
        """Quote all from here on, or to the line that closes a forwarded message."""
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if line and is_forward_end(line):
                self.roles[index] = Role.ATTRIBUTION
                self._assign_plain(index + 1, len(self.lines))
                return start
            if line and not line.isspace():
                self.roles[index] = Role.QUOTATION
                self.deeper.add(index)
        return start

    def _append_footers(self) -> None:
        plain = [
            index
            for index in self.filled
            if not self.marks[index]
            and index not in self.fenced
            and self.roles[index] is not Role.ATTRIBUTION
        ]
        found = footer_lines(self.lines, plain)
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
        pieces: list[list[int]] = []
        last: Role | None = None
        for index in self.filled:
            role = self.roles[index]
            if role is Role.REPLY and index not in self.fenced:
                if last is not Role.REPLY:
                    pieces.append([])
                pieces[-1].append(index)
                last = role
            else:
                last = None
        return pieces

    def _delimited(self, piece: list[int]) -> list[int]:
        """Take off the block under a `-- `; return what stands before it."""
        first = max(0, len(piece) - MAX_BLOCK - 1)
        for position in range(first, len(piece)):
            index = piece[position]
            line = self.lines[index]
            if line[0] not in " -—–\\―\t\xa0" or not is_delimiter(line):
                continue
            if self.markdown and line == "--" and index and self.lines[index - 1].strip():
                continue  # The underline of a Markdown heading.
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
        result: list[Segment] = []
        current: list[str] = []
        role: Role | None = None
        before = -1
        roles, marks, deeper = self.roles, self.marks, self.deeper
        for index in self.filled:
            own = roles[index]
            line = self.lines[index]
            if own is not role:
                _close(result, role, current)
                role, current = own, []
            elif index - before > 1:
                current.extend([""] * (index - before - 1))
            before = index
            if own is Role.QUOTATION and marks[index] and index not in deeper:
                line = line[2:] if line[:2] == "> " else without_mark(line)
            current.append(line.rstrip())
        _close(result, role, current)
        return tuple(result)


def _close(result: list[Segment], role: Role | None, lines: Sequence[str]) -> None:
    text = "\n".join(lines).strip("\n")
    if role is not None and text.strip(" \t>|"):
        result.append(Segment(role, text))
