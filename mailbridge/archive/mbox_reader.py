"""Files of the mbox family, read message by message as a stream in constant memory.

mboxo and mboxrd quote lines that begin with `From ` with `>`; mboxcl and mboxcl2 give each
message's length in Content-Length, the latter without quoting. Which one a file is, is seen from
its beginning: where every message there has a length that ends at a separator, lengths are
believed, else they are what some program wrote once about another form of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from forum.clock import utcnow
from mailbridge.archive.arrival import later_than_said
from mailbridge.archive.found import LARGEST, Fault, Found, Reading
from mailbridge.archive.separators import Separator, separator
from mailbridge.archive.window import LONGEST_LINE, Readable, Window

BOM: Final = b"\xef\xbb\xbf"
_SAMPLE: Final = 1 << 18
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_FROM: Final = re.compile(rb"^From ", re.MULTILINE)
_CONTENT_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_HEADER_END: Final = re.compile(rb"\n\r?\n")
_OBSCURED_AUTHOR: Final = re.compile(
    rb"^(From:[ \t]*)([^\s<>()@]+) at ([^\s<>()@]+)", re.MULTILINE | re.IGNORECASE
)


class MboxReader:
    """The messages of one mbox file."""

    def __init__(
        self, stream: Readable, file: str, reading: Reading, *, largest: int = LARGEST
    ) -> None:
        self.window = Window(stream, bytearray())
        self.file = file
        self.reading = reading
        self.largest = largest
        self.ordinal = 0
        self.by_length = False
        self.unquoted_seen = False
        self.before: datetime | None = None

    def __iter__(self) -> Iterator[Found]:
        window = self.window
        window.grow_to(_SAMPLE)
        if window.data.startswith(BOM):
            window.cut(len(BOM))
        self.by_length = self._lengths_are_true()
        head = self._separator_at(0, after_blank=True)
        if head is None:
            head, begin = self._next_separator(0)
            yield from self._junk(begin)
        while head is not None:
            found, head = self._message(head)
            yield found
        if window.damage:
            self.reading.damaged[self.file] = window.damage

    def _junk(self, size: int) -> Iterator[Found]:
        """What stands before the first separator."""
        content = bytes(self.window.data[:size])
        if content.strip():
            yield self._found(content, None, self.window.offset, Fault.NOT_A_MESSAGE)
        self.window.cut(size)

    def _message(self, head: Separator) -> tuple[Found, Separator | None]:
        """The message behind the separator at the window's beginning; the next separator."""
        window = self.window
        offset = window.offset
        line_end = window.line(0)[1]
        returns = window.data[max(0, line_end - 2) : line_end] == b"\r\n"
        window.cut(min(line_end, len(window.data)))
        end = self._end_by_length() if self.by_length else None
        if end is None:
            following, end = self._next_separator(0)
            begin = end
            raw = _without_blank_end(bytes(window.data[: min(end, self.largest)]), returns=returns)
        else:
            begin = self._skip_blank(end)
            following = self._separator_at(begin, after_blank=True)
            raw = bytes(window.data[:end])
        too_large = end > self.largest
        window.cut(begin)
        raw = self._restored(raw, head)
        fault = Fault.TOO_LARGE if too_large else None if raw.strip() else Fault.EMPTY
        if following is None and window.damage and fault is None:
            fault = Fault.DAMAGED
        arrived = self._arrived(raw, head, following)
        return self._found(raw, arrived, offset, fault), following

    def _arrived(self, raw: bytes, head: Separator, following: Separator | None) -> datetime | None:
        """When a message came, as the line before it tells.

        Some tools write one and the same day before all; a message that is younger came when it
        says, for nothing else is known.
        """
        others = (self.before, following.arrived if following else None)
        self.before = head.arrived
        if head.arrived is None or head.arrived not in others:
            return head.arrived
        return later_than_said(raw, head.arrived, utcnow()) or head.arrived

    def _restored(self, raw: bytes, head: Separator) -> bytes:
        """Without what writing it into the file has added."""
        if self.by_length and _FROM.search(raw):
            self.unquoted_seen = True
        if b">From " in raw and not self.unquoted_seen:
            raw = _QUOTED.sub(rb"\1", raw)
        if head.obscured:
            end = _HEADER_END.search(raw)
            size = end.start() if end else len(raw)
            raw = _OBSCURED_AUTHOR.sub(rb"\1\2@\3", raw[:size], count=1) + raw[size:]
        return raw

    def _found(
        self, raw: bytes, arrived: datetime | None, offset: int, fault: Fault | None
    ) -> Found:
        found = Found(raw, self.file, self.ordinal, offset, arrived, fault)
        self.ordinal += 1
        return found

    def _separator_at(self, start: int, *, after_blank: bool | None = None) -> Separator | None:
        window = self.window
        if not window.data.startswith(b"From ", start):
            return None
        line, behind = window.line(start)
        if after_blank is None:
            after_blank = self._blank_before(start)
        window.grow_to(behind + 1)
        following = window.line(behind)[0] if behind < len(window.data) else None
        return separator(line, following, after_blank=after_blank)

    def _blank_before(self, start: int) -> bool:
        before = bytes(self.window.data[max(0, start - 4) : start])
        return before in (b"\n", b"\r\n") or before.endswith((b"\n\n", b"\n\r\n"))

    def _next_separator(self, start: int) -> tuple[Separator | None, int]:
        """The next separator from a place on, and where it begins; or the end of the file."""
        window = self.window
        window.grow_to(start + 5)
        found = self._separator_at(start)
        if found is not None:
            return found, start
        place = start
        while True:
            place = window.data.find(b"\nFrom ", place)
            if place >= 0:
                window.grow_to(place + 6)
                found = self._separator_at(place + 1)
                if found is not None:
                    return found, place + 1
                place += 1
            elif window.at_end:
                return None, len(window.data)
            else:
                window.give_up_behind(self.largest)
                place = max(start, len(window.data) - 6)
                window.grow()

    def _end_by_length(self) -> int | None:
        """Where the message at the window's beginning ends by its Content-Length, if that is so."""
        window = self.window
        window.grow_to(_SAMPLE)
        head = _HEADER_END.search(window.data, 0, _SAMPLE)
        if head is None:
            return None
        given = _CONTENT_LENGTH.search(window.data, 0, head.end())
        if given is None or int(given[1]) > self.largest:
            return None
        end = head.end() + int(given[1])
        window.grow_to(end + 2 * LONGEST_LINE)
        if end > len(window.data):
            return None
        begin = self._skip_blank(end)
        if begin >= len(window.data) or (
            window.data[begin - 1 : begin] == b"\n" and window.data[begin : begin + 5] == b"From "
        ):
            return end
        return None

    def _skip_blank(self, start: int) -> int:
        data = self.window.data
        while start < len(data) and data[start] in b"\r\n":
            start += 1
        return start

    def _lengths_are_true(self) -> bool:
        """Whether each message of the file's beginning ends where its Content-Length says."""
        data = self.window.data
        start = count = 0
        while start < min(len(data), _SAMPLE) and count < 20:
            line_end = data.find(b"\n", start) + 1
            head = _HEADER_END.search(data, line_end)
            if not data.startswith(b"From ", start) or not line_end or head is None:
                break
            given = _CONTENT_LENGTH.search(data, line_end, head.end())
            if given is None:
                return False
            start = head.end() + int(given[1])
            if start > len(data):
                break
            start = self._skip_blank(start)
            if start < len(data) and not data.startswith(b"From ", start):
                return False
            count += 1
        return count > 0


def _without_blank_end(raw: bytes, *, returns: bool) -> bytes:
    """Without the empty line that stands before the next separator."""
    if returns and raw.endswith(b"\r\n\r\n"):
        return raw[:-2]
    if raw.endswith(b"\n\n"):
        return raw[:-1]
    return raw[:-2] if raw.endswith(b"\n\r\n") else raw
