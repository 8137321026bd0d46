"""The lines between the messages of an mbox file, also where programs or people have bent them.

The form is `From sender date` (RFC 4155, appendix A), but there are senders written `a at b`,
dates of any shape, missing senders, missing dates and missing empty lines before. And there are
sentences that begin with `From`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

MONTHS: Final = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
OBSCURED: Final = re.compile(rb"^From +([^\s<>()]+) at ([^\s<>()]+\.[^\s<>()]+) ")
"""Mailman's pipermail hides the address in its text archives."""

_TIME: Final = re.compile(rb"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])")
_MONTH: Final = re.compile(
    rb"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b\.?", re.IGNORECASE
)
_ISO: Final = re.compile(rb"\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b")
_MONTH_DAY: Final = re.compile(
    rb"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ ,]+(\d{1,2})(?!\d)",
    re.IGNORECASE,
)
_DAY_MONTH: Final = re.compile(
    rb"(?<!\d)(\d{1,2})[ -]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE
)
_YEAR: Final = re.compile(rb"(?<![\d:+-])((?:19|20)\d\d)(?![\d:])")
_ZONE: Final = re.compile(rb"(?<![\w])([+-])(\d\d)(\d\d)(?!\d)")
_WEEKDAY: Final = re.compile(rb"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)
_ASCTIME: Final = re.compile(
    rb"^From \S+(?: at \S+)? +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d)?"
    rb"(?: [A-Z]{2,4}| [+-]\d{4})? \d{4}(?: [+-]\d{4})?$"
)
_HEADER: Final = re.compile(rb">?From |[!-9;-~]{1,76}[ \t]*:")
_KNOWN_HEADER: Final = re.compile(
    rb"(?:return-path|received|from|to|cc|date|subject|message-id|reply-to|sender|mime-version"
    rb"|content-type|content-transfer-encoding|delivered-to|envelope-to|in-reply-to|references"
    rb"|status|arc-[a-z-]+|dkim-[a-z-]+|authentication-results|list-[a-z-]+|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)
_SENDER: Final = re.compile(
    rb"From +(?:-|MAILER-DAEMON|\?\?\?@\?\?\?|[^\s@]+@[^\s@]+|\S+ at \S+\.\S+"
    rb"|.{0,80}<[^<>@]*@[^<>]*>)(?: |$)"
)


@dataclass(frozen=True, slots=True)
class Separator:
    """A line that begins a message."""

    arrived: datetime | None
    """As the line tells, UTC where it names no zone."""
    obscured: bool
    """Whether the sender is written with ` at `, as in pipermail's text archives."""


def separator(line: bytes, following: bytes | None, *, after_blank: bool) -> Separator | None:
    """What a line that begins with `From ` is: a separator, or None for a sentence.

    Args:
        line: Without its end.
        following: The next line without its end; None at the end of the file.
        after_blank: Whether it stands at the file's beginning or after an empty line.
    """
    line = line.strip()
    dated = has_date(line)
    if dated and (following is not None and _HEADER.match(following)):
        return _made(line)
    if not after_blank:
        return None
    if dated and (line.startswith(b"From MAILER-DAEMON ") or not (following or b"").strip()):
        return _made(line) if _ASCTIME.search(line) else None
    if following is None or not _KNOWN_HEADER.match(following):
        return None
    return _made(line) if line == b"From" or _SENDER.match(line) else None


def has_date(line: bytes) -> bool:
    """Whether a line ends in something like a date with a time."""
    if not _TIME.search(line):
        return False
    return bool(_ISO.search(line) or (_MONTH.search(line) and _WEEKDAY.search(line)))


def looks_like_header(line: bytes) -> bool:
    """Whether a line is a header field that mail has."""
    return _KNOWN_HEADER.match(line) is not None


def _made(line: bytes) -> Separator:
    return Separator(read_date(line), OBSCURED.match(line) is not None)


def read_date(line: bytes) -> datetime | None:
    """The date in a separator; None where it makes no sense."""
    time = _TIME.search(line)
    if time is None:
        return None
    hour, minute, second = (int(part or 0) for part in time.groups())
    iso = _ISO.search(line)
    if iso is not None:
        year, month, day = (int(part) for part in iso.groups())
    else:
        # The sender may hold figures, so only what stands around the time is looked at.
        near = line[max(0, time.start() - 24) :]
        first, last = _DAY_MONTH.search(near), _MONTH_DAY.search(near)
        wanted = _YEAR.search(near)
        if wanted is None or not (first or last):
            return None
        if first is not None:
            digits, name = first[1], first[2]
        else:
            assert last is not None
            digits, name = last[2], last[1]
        year, month, day = int(wanted[1]), MONTHS.index(name.lower()) + 1, int(digits)
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(line, time))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(line: bytes, time: re.Match[bytes]) -> timezone:
    found = _ZONE.search(line, time.end())
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return UTC
    shift = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-shift if found[1] == b"-" else shift)
