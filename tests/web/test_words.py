"""Dates, numbers and names of languages, as the readers of each language write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from forum.i18n import language_name
from forum.web.filters import file_size, full_date, month_name, number, short_date

FIRST = datetime(2010, 3, 1, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "short", "full"),
    [
        ("fr", "1er mars 2010", "lundi 1er mars 2010, 09:05 UTC"),
        ("en", "1 March 2010", "Monday, 1 March 2010, 09:05 UTC"),
        ("es", "1 de marzo de 2010", "lunes, 1 de marzo de 2010, 9:05 UTC"),
    ],
)
def test_the_first_of_a_month(app: Flask, language: str, short: str, full: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert short_date(FIRST) == short
        assert full_date(FIRST) == full


def test_only_the_first_is_ranked_in_french(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        days = [short_date(FIRST.replace(day=day)) for day in (2, 11, 21, 31)]
    assert days == ["2 mars 2010", "11 mars 2010", "21 mars 2010", "31 mars 2010"]


@pytest.mark.parametrize(
    ("language", "thousands", "size", "month"),
    [
        ("fr", "12\u202f345", "1,4\u202fMo", "mars 2010"),
        ("en", "12,345", "1.4 MB", "March 2010"),
        ("es", "12.345", "1,4 MB", "marzo de 2010"),
    ],
)
def test_numbers_and_months(
    app: Flask, language: str, thousands: str, size: str, month: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert number(12_345) == thousands
        assert file_size(1_400_000) == size
        assert month_name(3, 2010) == month
        assert month_name(3) == month.split()[0]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("fr", ["français", "multilingue", "xx-none"]),
        ("en", ["French", "Multiple languages", "xx-none"]),
        ("es", ["francés", "varios idiomas", "xx-none"]),
    ],
)
def test_languages_are_named_in_the_reader_s_own(
    app: Flask, language: str, names: list[str]
) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert [language_name(code) for code in ("fr", "mul", "xx-none")] == names
