"""The hour of digests, by the clocks of the list's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.digest_schedule import Rhythm, is_time_zone, last_slot

ZONES = ("UTC", "Europe/Paris", "America/Lima", "Asia/Kathmandu", "Pacific/Apia", "Africa/Dakar")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "hour", "slot"),
    [
        ("2010-03-02 06:00", "UTC", 6, "2010-03-02 06:00"),
        ("2010-03-02 05:59:59", "UTC", 6, "2010-03-01 06:00"),
        ("2010-03-02 05:00", "Europe/Paris", 6, "2010-03-02 05:00"),
        ("2010-07-02 04:00", "Europe/Paris", 6, "2010-07-02 04:00"),
        ("2010-03-02 00:30", "America/Lima", 6, "2010-03-01 11:00"),
        # 28 March 2010 has no 02:00 in Paris, 31 October has it twice.
        ("2010-03-28 01:00", "Europe/Paris", 2, "2010-03-28 01:00"),
        ("2010-03-28 00:59", "Europe/Paris", 2, "2010-03-27 01:00"),
        ("2010-10-31 00:00", "Europe/Paris", 2, "2010-10-31 00:00"),
        ("2010-10-31 01:30", "Europe/Paris", 2, "2010-10-31 00:00"),
        ("2010-11-01 00:59", "Europe/Paris", 2, "2010-10-31 00:00"),
        ("2010-03-02 06:00", "No/Such", 6, "2010-03-02 06:00"),
    ],
)
def test_a_day_is_one_of_the_list(now: str, zone: str, hour: int, slot: str) -> None:
    assert last_slot(Rhythm.DAILY, utc(now), zone, hour) == utc(slot)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2010-03-01 05:00", "2010-03-01 05:00"),  # A Monday.
        ("2010-03-01 04:59", "2010-02-22 05:00"),
        ("2010-03-07 23:00", "2010-03-01 05:00"),
        ("2010-03-29 04:00", "2010-03-29 04:00"),  # The clocks went forward on Sunday.
        ("2010-03-29 03:59", "2010-03-22 05:00"),
    ],
)
def test_a_week_begins_on_monday(now: str, slot: str) -> None:
    assert last_slot(Rhythm.WEEKLY, utc(now), "Europe/Paris", 6) == utc(slot)


@given(
    st.integers(631_200_000, 2_145_900_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.sampled_from(Rhythm),
)
def test_the_slot_is_past_and_stays_itself(
    now: datetime, zone: str, hour: int, rhythm: Rhythm
) -> None:
    slot = last_slot(rhythm, now, zone, hour)
    longest = timedelta(days=8 if rhythm == Rhythm.WEEKLY else 1, hours=26)
    assert now - longest < slot <= now
    assert last_slot(rhythm, slot, zone, hour) == slot
    if rhythm == Rhythm.WEEKLY:
        local = slot.astimezone(ZoneInfo(zone))
        assert local.weekday() == 0


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC"])
def test_a_time_zone_is_known_by_its_name(name: str) -> None:
    assert is_time_zone(name)


@pytest.mark.parametrize("name", ["", "Europe", "../etc/passwd", "Paris", "/etc/localtime", "a\0b"])
def test_what_is_no_time_zone_is_told(name: str) -> None:
    assert not is_time_zone(name)
