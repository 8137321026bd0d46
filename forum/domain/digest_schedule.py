"""When digests are due: at the hour of the list's time zone, each day or each Monday."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

MONDAY: Final = 0
_DAYS: Final = 7


class Rhythm(StrEnum):
    """How often a digest leaves."""

    DAILY = "daily"
    WEEKLY = "weekly"


def last_slot(rhythm: Rhythm, now: datetime, zone_name: str, hour: int) -> datetime:
    """The last time at or before `now` at which digests leave, in UTC.

    What was ready by then and is in no digest yet is due, however late it has become. An hour
    that a change of the clocks leaves out is where it would have been; of one that comes twice,
    the first counts.

    Args:
        now: aware.
        zone_name: an IANA name; an unknown one is read as UTC.
        hour: 0 to 23, by the clocks of that zone.
    """
    zone = time_zone(zone_name)
    day = now.astimezone(zone).date()
    if rhythm == Rhythm.WEEKLY:
        day -= timedelta(days=(day.weekday() - MONDAY) % _DAYS)
    step = timedelta(days=_DAYS if rhythm == Rhythm.WEEKLY else 1)
    slot = _at(day, hour, zone)
    # Compared in UTC: within one zone datetimes are compared by the clock on the wall.
    while slot > now.astimezone(UTC):
        day -= step
        slot = _at(day, hour, zone)
    return slot


def is_time_zone(name: str) -> bool:
    """Whether a name is that of a time zone."""
    return _zone(name) is not None


def time_zone(name: str) -> ZoneInfo:
    """The zone of that name; UTC where there is none."""
    return _zone(name) or ZoneInfo("UTC")


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


@lru_cache(64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # A directory of zones is an OSError.
        return None
