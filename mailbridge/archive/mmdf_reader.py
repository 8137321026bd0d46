"""MMDF files, read message by message as a stream in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from mailbridge.archive.found import LARGEST, Fault, Found, Reading
from mailbridge.archive.separators import separator
from mailbridge.archive.window import LONGEST_LINE, Readable, Window

_MMDF: Final = b"\x01\x01\x01\x01\n"


def read_mmdf(
    stream: Readable, file: str, reading: Reading, *, largest: int = LARGEST
) -> Iterator[Found]:
    """The messages of one MMDF file, between lines of four control-A."""
    window = Window(stream, bytearray())
    ordinal = 0
    while True:
        offset = window.offset
        end = _next_mark(window, largest)
        size = len(window.data) if end < 0 else end
        raw = bytes(window.data[: min(size, largest)])
        if raw.strip():
            fault = Fault.TOO_LARGE if size > largest else None
            if end < 0 and window.damage:
                fault = Fault.DAMAGED
            arrived, raw = _without_separator(raw)
            yield Found(raw, file, ordinal, offset, arrived, fault)
            ordinal += 1
        window.cut(size + (len(_MMDF) if end >= 0 else 0))
        if end < 0:
            break
    if window.damage:
        reading.damaged[file] = window.damage


def _next_mark(window: Window, largest: int) -> int:
    """Where the next line of four control-A begins; below zero where the file ends before."""
    place = 0
    while True:
        place = window.data.find(_MMDF, place)
        if place == 0 or (place > 0 and window.data[place - 1 : place] == b"\n"):
            return place
        if place > 0:
            place += 1
        elif window.at_end:
            return -1
        else:
            window.give_up_behind(largest)
            place = max(0, len(window.data) - len(_MMDF) + 1)
            window.grow()


def _without_separator(raw: bytes) -> tuple[datetime | None, bytes]:
    """A message of an MMDF file may begin with a line as in mbox."""
    line, _, rest = raw.partition(b"\n")
    found = None
    if line.startswith(b"From "):
        found = separator(line, rest[:LONGEST_LINE].partition(b"\n")[0], after_blank=True)
    return (None, raw) if found is None else (found.arrived, rest)
