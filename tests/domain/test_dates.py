"""Which dates are believed: the author's, unless it cannot be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forum.domain.message import parse
from forum.domain.values import Flag

WRITTEN = datetime(2009, 4, 8, 10, tzinfo=UTC)
DATE = "Wed, 08 Apr 2009 10:00:00 +0000"
SENSELESS = datetime(1970, 1, 1, tzinfo=UTC)


def mail(date: str, *received: str) -> bytes:
    traces = "".join(f"Received: from a by b; {one}\n" for one in received)
    return f"{traces}From: awa@example.org\nDate: {date}\n\nBonjour\n".encode()


@pytest.mark.parametrize(
    ("arrived_at", "received"),
    [
        (WRITTEN, ()),
        (WRITTEN + timedelta(days=900), ()),
        (WRITTEN - timedelta(hours=20), ()),
        # What stands between the messages of a file may be a constant of the tool.
        (SENSELESS, ()),
        (WRITTEN - timedelta(days=2), ()),
        (SENSELESS, (DATE,)),
        (datetime(2001, 1, 1, tzinfo=UTC), (DATE, "Wed, 08 Apr 2009 09:59:00 +0000")),
    ],
)
def test_a_date_that_can_be_true_is_kept(arrived_at: datetime, received: tuple[str, ...]) -> None:
    submission = parse(mail(DATE, *received), arrived_at)
    assert submission.date == WRITTEN
    assert Flag.BAD_DATE not in submission.flags


def test_a_clock_that_was_years_ahead_is_not_believed() -> None:
    raw = mail("Fri, 08 Apr 2033 10:00:00 +0000", DATE)
    submission = parse(raw, WRITTEN + timedelta(seconds=5))
    assert submission.date == WRITTEN
    assert Flag.BAD_DATE in submission.flags


def test_without_a_trace_a_date_far_after_the_arrival_gives_way_to_it() -> None:
    submission = parse(mail("Fri, 08 Apr 2033 10:00:00 +0000"), WRITTEN)
    assert (submission.date, Flag.BAD_DATE in submission.flags) == (WRITTEN, True)
