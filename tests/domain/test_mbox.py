"""Messages in mbox files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from forum.domain.mbox import mbox_entry

WHEN = datetime(2010, 3, 1, 9, 5, 7, tzinfo=UTC)


def test_the_separator_is_that_of_rfc_4155() -> None:
    entry = mbox_entry(b"Subject: x\n\nbody\n", WHEN, "awa@example.org")
    assert entry == b"From awa@example.org Mon Mar  1 09:05:07 2010\nSubject: x\n\nbody\n\n"


def test_times_are_written_in_utc() -> None:
    there = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert b" Mon Mar  1 09:05:07 2010\n" in mbox_entry(b"x\n", there)


def test_a_path_that_would_break_the_line_is_not_written() -> None:
    for path in ("", "a\nFrom b", "é@example.org", "\x00"):
        assert mbox_entry(b"x\n", WHEN, path).startswith(b"From MAILER-DAEMON Mon")


@given(st.lists(st.sampled_from([b"From ", b">From ", b">>From x", b"a", b"\n", b"\r\n"])))
def test_every_line_comes_back(parts: list[bytes]) -> None:
    raw = b"Subject: x\n\n" + b"".join(parts)
    entry = mbox_entry(raw, WHEN)
    _separator, _, rest = entry.partition(b"\n")
    assert not re.search(rb"^From ", rest, re.MULTILINE)
    back = re.sub(rb"^>(>*From )", rb"\1", rest, flags=re.MULTILINE)
    assert back.startswith(raw)
    assert back[len(raw) :] in (b"\n", b"\n\n")
