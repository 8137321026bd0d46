"""Topics as an iCalendar document (RFC 5545): one event of whole days each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from forum.domain.masking import mask_addresses_text

LINE_BYTES: Final = 75
"""RFC 5545, section 3.1: a line is at most so long, without its end."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Whole days with a title."""

    key: str
    """The same for the same event for ever, and no other's."""
    starts_on: date
    ends_on: date
    """The last day."""
    title: str
    description: str
    address: str
    """Of a page."""
    changed_at: datetime


def calendar(name: str, events: Iterable[CalendarEvent]) -> str:
    """The document, addresses of people masked; lines end with CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Passerelle//Topics//EN",
        # RFC 7986, section 5.1; older programs know the second one alone.
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(event: CalendarEvent) -> list[str]:
    # Section 3.6.1: the end of an event of whole days is the day after its last one.
    end = event.ends_on + timedelta(days=1)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.key}",
        f"DTSTAMP:{event.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{event.starts_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{end:%Y%m%d}",
        f"SUMMARY:{_text(event.title)}",
        f"DESCRIPTION:{_text(event.description)}" if event.description else "",
        f"URL:{event.address}",
        # Section 3.8.2.7: nobody is busy for weeks because of it.
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]
    return [line for line in lines if line]


def _text(text: str) -> str:
    """Section 3.3.11: what has a meaning in lines is escaped."""
    plain = "".join(c for c in mask_addresses_text(text) if c == "\n" or c.isprintable())
    escaped = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Lines cut where they are too long in UTF-8, never inside a character."""
    parts, used = [""], 0
    for character in line:
        size = len(character.encode())
        if used + size > LINE_BYTES:
            parts.append(" ")
            used = 1
        parts[-1] += character
        used += size
    return "\r\n".join(parts)
