"""The chart of posts over time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.web.charts import Chart, Month, chart
from tests.factories import Make

Draw = Callable[[dict[Month, dict[str, int]]], Chart]


@pytest.fixture
def draw(app: Flask) -> Draw:
    """Draw a chart as a page in English does."""

    def drawn(counts: dict[Month, dict[str, int]]) -> Chart:
        with app.test_request_context("/?lang=en"):
            found = chart(counts, lambda when: f"/?year={when[0]}&month={when[1]}")
        assert found is not None
        return found

    return drawn


def heights(drawn: Chart, language: str) -> list[float]:
    """Of a language's rectangles, in the order of time."""
    found = re.findall(rf'class="l-{language}"[^>]* height="([\d.]+)"', drawn.svg)
    return [float(one) for one in found]


def test_each_month_is_a_bar_as_high_as_what_was_written_in_it(draw: Draw) -> None:
    drawn = draw({(2010, 3): {"fr": 6, "es": 2}, (2010, 5): {"fr": 2, "pt": 2}})
    assert heights(drawn, "fr") == [36.0, 12.0]
    assert heights(drawn, "es") == [12.0]
    assert heights(drawn, "other") == [12.0]
    assert drawn.languages == ("fr", "es", "other")
    assert "<title>March 2010: 8</title>" in drawn.svg
    assert 'href="/?year=2010&amp;month=5"' in drawn.svg


def test_a_long_archive_has_a_bar_a_year(draw: Draw) -> None:
    drawn = draw({(year, 2): {"en": 1} for year in range(1995, 2026)})
    assert len(heights(drawn, "en")) == 31
    assert "<title>1995: 1</title>" in drawn.svg
    assert drawn.labels[:5] == ("1995", "", "", "", "1999")


def test_a_mail_of_a_wrong_year_does_not_crush_the_rest(draw: Draw) -> None:
    drawn = draw({(1970, 1): {"en": 1}, (2010, 1): {"en": 1}, (2010, 2): {"en": 1}})
    assert drawn.labels == ("1970", "2010")


def test_a_single_bar_compares_nothing() -> None:
    assert chart({(2010, 1): {"en": 7}}, lambda when: "/") is None


def test_the_list_page_shows_new_posts_in_its_chart_at_once(
    client: FlaskClient, make: Make
) -> None:
    ancrage = make.mailing_list("ancrage")
    for month in (1, 2):
        make.post(ancrage, subject=f"Objet {month}", date=datetime(2010, month, 5, tzinfo=UTC))
    make.commit()
    assert "January 2010: 1" in client.get("/lists/ancrage/").text
    make.post(ancrage, subject="Objet 3", date=datetime(2010, 1, 20, tzinfo=UTC))
    make.commit()
    page = client.get("/lists/ancrage/").text
    assert "January 2010: 2" in page
    assert 'href="/lists/ancrage/months"' in page
    # What is asked for has no chart of everything.
    assert "January 2010: 2" not in client.get("/lists/ancrage/?unanswered=1").text
