"""When a message came, where the file that holds it does not tell."""

from __future__ import annotations

from datetime import datetime

from forum.domain.dates import LATEST_AHEAD, LATEST_AHEAD_UNSEEN, parse_date
from forum.domain.headers import Headers


def later_than_said(raw: bytes, said: datetime, now: datetime) -> datetime | None:
    """The Date of a message that is much later than a file says of this and of other messages.

    Args:
        said: When it came, by the file.
        now: No message is from later.

    Returns:
        None where there is no such Date, or where a Received header tells better.
    """
    headers = Headers.of(raw)
    if headers.raw_all("received"):
        return None
    written = parse_date(headers.get("date"))
    latest = now + LATEST_AHEAD
    return written if written and said + LATEST_AHEAD_UNSEEN < written <= latest else None
