"""Tags in subjects, the day of the reminder, and topics as an iCalendar document."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from forum.domain.calendar_file import CalendarEvent, calendar
from forum.domain.topics import is_reminder_due, tag_key, tags_in_subject

MARCH, APRIL = date(2010, 3, 1), date(2010, 4, 30)


@pytest.mark.parametrize(
    ("subject", "keys"),
    [
        ("[monnaies] Le fondant", ("monnaies",)),
        ("[MONNAIES]Le fondant", ("monnaies",)),
        ("[Écoles  rurales] [eau] La place", ("ecoles rurales", "eau")),
        ("[eau] [EAU] La place", ("eau",)),
        ("[eau]", ("eau",)),
        ("La place [eau]", ()),
        ("La place", ()),
        ("[] La place", ()),
        ("[" * 500, ()),
    ],
)
def test_tags_stand_at_the_front_of_a_subject(subject: str, keys: tuple[str, ...]) -> None:
    assert tags_in_subject(subject) == keys


def test_case_and_accents_do_not_matter() -> None:
    assert tag_key("Économie  LOCALE") == tag_key("economie locale")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2010, 4, 23, 3, 59, tzinfo=UTC), False),
        # Six o'clock in Paris, in summer.
        (datetime(2010, 4, 23, 4, 0, tzinfo=UTC), True),
        (datetime(2010, 4, 24, 1, 0, tzinfo=UTC), True),
        (datetime(2010, 4, 30, 21, 59, tzinfo=UTC), True),
        (datetime(2010, 4, 30, 22, 0, tzinfo=UTC), False),
    ],
)
def test_a_reminder_is_due_from_its_hour_to_the_end(now: datetime, due: bool) -> None:
    assert is_reminder_due(now, "Europe/Paris", 6, MARCH, APRIL, 7) is due


def test_a_short_topic_is_told_of_when_it_begins_and_zero_days_never() -> None:
    begins = datetime(2010, 4, 29, 8, 0, tzinfo=UTC)
    assert is_reminder_due(begins, "UTC", 6, date(2010, 4, 29), APRIL, 7)
    assert not is_reminder_due(begins, "UTC", 6, date(2010, 4, 30), APRIL, 7)
    assert not is_reminder_due(begins, "UTC", 6, MARCH, APRIL, 0)


def event(**changes: str) -> CalendarEvent:
    values = {"title": "Monnaies", "description": "", "address": "http://f.example.org/"}
    values |= changes
    return CalendarEvent(
        key="k-1", starts_on=MARCH, ends_on=APRIL, changed_at=datetime(2010, 2, 1, tzinfo=UTC),
        **values,
    )  # fmt: skip


def test_an_event_has_whole_days_and_ends_the_day_after() -> None:
    lines = calendar("Ancrage", [event()]).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert {"UID:k-1", "DTSTAMP:20100201T000000Z", "DTSTART;VALUE=DATE:20100301"} <= set(lines)
    assert "DTEND;VALUE=DATE:20100501" in lines
    assert not any(line.startswith("DESCRIPTION") for line in lines)


def test_texts_are_escaped_addresses_masked_and_lines_folded() -> None:
    title = "Eau; \\ place, awa@example.org\r\nEND:VCALENDAR"
    text = calendar("Ancrage", [event(title=title, description="é" * 200)])
    assert "awa@example.org" not in text
    assert "SUMMARY:Eau\\; \\\\ place\\, " in text
    assert text.count("\r\nEND:VCALENDAR") == 1
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "é" * 200 in text.replace("\r\n ", "")
