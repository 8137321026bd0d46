"""Messages one after another in one file: the mboxrd form of the mbox format (RFC 4155)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_FROM_LINE: Final = re.compile(rb"^(>*From )", re.MULTILINE)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def mbox_entry(raw: bytes, date: datetime, reverse_path: str = "") -> bytes:
    """A message as one entry of an mbox file, to be written behind the others.

    Args:
        raw: The message; its lines that begin with `From ` get one `>` more, which readers of
            mboxrd take away again, so that every byte of it comes back.
        date: Of its arrival or its own; written in UTC.
        reverse_path: The envelope's; empty for the null path or where it is not known.
    """
    moment = date.astimezone(UTC)
    sender = reverse_path if reverse_path.isascii() and reverse_path.isprintable() else ""
    sender = "".join(sender.split()) or "MAILER-DAEMON"
    # The form of asctime, whatever the locale (RFC 4155, appendix A).
    stamp = (
        f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment.day:2d} "
        f"{moment:%H:%M:%S} {moment.year:04d}"
    )
    body = _FROM_LINE.sub(rb">\1", raw)
    end = b"\n" if body.endswith(b"\n") else b"\n\n"
    return f"From {sender} {stamp}\n".encode("ascii") + body + end
