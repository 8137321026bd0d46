"""Dates of mail in every form found in archives, and which of them to believe (RFC 5322, 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""A message that says it is older was written by a clock that was not set."""

LATEST_AHEAD: Final = timedelta(days=1)
"""How far a Date may lie after arrival: time zones are mistaken by hours, not by days."""

LATEST_AHEAD_UNSEEN: Final = timedelta(days=31)
"""The same where no server wrote into the message when it passed: the arrival is then what a file
says, and tools write the day of an export, or one and the same day, between the messages."""

_MONTHS: Final = (
    ("jan", "ene", "gen"), ("feb", "fev", "fév"), ("mar", "mär", "maa", "mrz"),
    ("apr", "avr", "abr"), ("may", "mai", "mag", "mei"), ("jun", "juin", "giu"),
    ("jul", "juil", "lug"), ("aug", "aoû", "aou", "ago"), ("sep", "set"),
    ("oct", "okt", "ott", "out"), ("nov",), ("dec", "déc", "dez", "dic"),
)  # fmt: skip
_MONTH_OF: Final = {name: n for n, names in enumerate(_MONTHS, 1) for name in names}

_ZONES: Final = {
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "cet": 1, "met": 1, "mez": 1, "hec": 2, "mewt": 1, "cest": 2, "mest": 2, "mesz": 2,
    "eet": 2, "eest": 3, "bst": 1, "wet": 0, "west": 1, "ist": 5.5, "jst": 9, "msk": 3,
    "art": -3, "brt": -3, "clt": -4, "aest": 10, "aedt": 11,
}  # fmt: skip

_USUAL: Final = re.compile(
    r"(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) "
    r"(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\b"
)
_ISO: Final = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_MONTH: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s\-/.,]*(?:de\s+)?([^\W\d_]{3,10})\.?,?"
    r"[\s\-/.]*(?:de\s+)?(\d{2,4})(?![\d:])"
)
_DAY_MONTH_TIME: Final = re.compile(r"(?<!\d)(\d{1,2})[\s\-/.,]+([^\W\d_]{3,10})\.?(?=\s)")
_MONTH_DAY: Final = re.compile(r"([^\W\d_]{3,10})\.?[\s\-]+(\d{1,2})(?:st|nd|rd|th)?(?![\d:])")
_YEAR: Final = re.compile(r"(?<![\d:+\-])(\d{4})(?![\d:])")
_NUMBERS: Final = re.compile(
    r"(?<!\d)(\d{1,2})([-/.]|\s+)(\d{1,2})(?:[-/.]|\s+)(\d{4}|\d{2})(?![\d:])"
)
_TIME: Final = re.compile(
    r"(?<![\d+\-])(\d{1,2})[:.hH](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?(?!\d)\s*([AaPp]\.?\s?[Mm]\b)?"
)
_OFFSET: Final = re.compile(r"(?:GMT|UTC|UT)?\s*([+\-\u2212])\s?(\d{1,2}):?(\d{2})?(?!\d)")
_WORD: Final = re.compile(r"[A-Za-z]{2,5}")


def parse_date(value: str | None) -> datetime | None:
    """Read a Date header in any form known from mail; aware, in UTC; None where there is none.

    Reads RFC 5322 and its obsolete forms, ctime, ISO 8601, `3/14/02`, month names in French,
    Spanish, German, Italian and Portuguese. An absurd offset counts as none. Never raises.
    """
    if not value:
        return None
    usual = _USUAL.match(value)
    if usual is not None:
        month = _MONTH_OF.get(usual[2].lower())
        if month is not None:
            offset = _offset(usual[7], usual[8], usual[9])
            return _instant(
                (int(usual[3]), month, int(usual[1])),
                (int(usual[4]), int(usual[5]), int(usual[6])),
                offset,
            )
    return _parse_broken(without_comments(value[:300]).strip())


def _parse_broken(value: str) -> datetime | None:
    if ";" in value:  # A Received header's date stands after its last semicolon.
        value = value.rsplit(";", 1)[1].strip() or value
    day = _day(value)
    if day is None:
        return None
    date, rest = day
    time, zone = (0, 0, 0), rest
    found = _TIME.search(rest)
    if found is not None:
        hour = int(found[1])
        half = (found[4] or "").lower()[:1]
        hour = hour % 12 + (12 if half == "p" else 0) if half else hour
        time = (hour, int(found[2]), int(found[3] or 0))
        zone = rest[found.end() :]
    return _instant(date, time, _zone(zone))


def _day(value: str) -> tuple[tuple[int, int, int], str] | None:
    """Year, month and day, and the value without them; None where there is no date."""
    iso = _ISO.search(value)
    if iso is not None:
        rest = value[: iso.start()] + " " + value[iso.end() :].lstrip("Tt")
        return (int(iso[1]), int(iso[2]), int(iso[3])), rest
    for found in _DAY_MONTH.finditer(value):
        month = _month(found[2])
        if month:
            rest = value[: found.start()] + " " + value[found.end() :]
            return (_year(found[3]), month, int(found[1])), rest
    for found in (*_MONTH_DAY.finditer(value), *_DAY_MONTH_TIME.finditer(value)):
        name, number = (found[1], found[2]) if found[2].isdigit() else (found[2], found[1])
        month = _month(name)
        rest = value[: found.start()] + " " + value[found.end() :]
        year = _YEAR.search(rest)
        if month and year is not None:
            rest = rest[: year.start()] + " " + rest[year.end() :]
            return (int(year[1]), month, int(number)), rest
    numbers = _NUMBERS.search(value)
    if numbers is None:
        return None
    first, second = int(numbers[1]), int(numbers[3])
    month, number = (first, second) if second > 12 else (second, first)
    rest = value[: numbers.start()] + " " + value[numbers.end() :]
    return (_year(numbers[4]), month, number), rest


def _month(name: str) -> int | None:
    name = name.lower()
    return _MONTH_OF.get(name[:4]) or _MONTH_OF.get(name[:3])


def _year(digits: str) -> int:
    # RFC 5322, section 4.3: two digits below 50 are of this century; three count from 1900.
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _zone(rest: str) -> timedelta:
    found = _OFFSET.search(rest)
    if found is not None:
        return _offset(found[1], found[2], found[3] or "0")
    for word in _WORD.findall(rest):
        hours_east = _ZONES.get(word.lower())
        if hours_east is not None:
            return timedelta(hours=hours_east)
        if word[:3].lower() in ("est", "cst", "mst", "pst"):  # EST5EDT
            return timedelta(hours=_ZONES[word[:3].lower()])
    return timedelta(0)


@lru_cache(maxsize=256)
def _offset(sign: str, hours: str, minutes: str) -> timedelta:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > timedelta(hours=15):
        return timedelta(0)
    return offset if sign == "+" else -offset


def _instant(
    date: tuple[int, int, int], time: tuple[int, int, int], offset: timedelta
) -> datetime | None:
    hour, minute, second = time
    try:
        local = datetime(*date, hour % 24, minute, min(second, 59), tzinfo=UTC)
        if hour == 24:
            local += timedelta(days=1)
        return local - offset
    except (ValueError, OverflowError):
        return None


def without_comments(value: str) -> str:
    """A structured header without its comments, nested ones included (RFC 5322, 3.2.2)."""
    if "(" not in value:
        return value
    kept: list[str] = []
    depth = 0
    for char in value:
        if char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(char)
    return "".join(kept) if not depth else value.partition("(")[0]


def latest_date(received: Sequence[str], arrived_at: datetime) -> datetime | None:
    """The last moment at which a message can have been written; None where nothing tells.

    Args:
        received: The Received headers, in the order of the message: the newest first.
        arrived_at: When it came; of an archive, what its file says, which may be senseless.
    """
    newest = parse_date(_after_semicolon(received[0])) if received else None
    if newest is not None:
        return max(newest, arrived_at) + LATEST_AHEAD
    return arrived_at + LATEST_AHEAD_UNSEEN if arrived_at >= EARLIEST else None


def believable(date: datetime, latest: datetime | None) -> bool:
    """Whether a Date can be true: not before 1990, not after what `latest_date` tells."""
    return date >= EARLIEST and (latest is None or date <= latest)


def received_date(values: Iterable[str], arrived_at: datetime) -> datetime | None:
    """The newest believable date among Received headers (values in the order of the message)."""
    dates = [date for value in values if (date := parse_date(_after_semicolon(value)))]
    latest = arrived_at + LATEST_AHEAD
    return max((date for date in dates if believable(date, latest)), default=None)


def _after_semicolon(value: str) -> str:
    return value.rpartition(";")[2]
