"""The hits of a search over time: a chart whose bars narrow it, and the same as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forum.search.protocol import MOST_MONTHS, Months
from forum.web.charts import Chart, chart


@dataclass(frozen=True, slots=True)
class Row:
    """A month or a year of the table."""

    year: int
    month: int
    """0 for the whole year."""
    languages: Mapping[str, int]
    posts: int
    address: str


@dataclass(frozen=True, slots=True)
class OverTime:
    """The chart and its table."""

    chart: Chart
    rows: tuple[Row, ...]


def over_time(months: Months, address_of: Callable[[str], str]) -> OverTime | None:
    """Draw when hits were written; None where there is nothing to compare.

    Args:
        address_of: where a search leads that is narrowed by these words.
    """

    def address(when: tuple[int, int]) -> str:
        return address_of(operators(*when))

    drawn = chart(months, address)
    if drawn is None:
        return None
    # A longer time has a row a year, and a year leads to its months.
    table = months if len(months) <= MOST_MONTHS else _by_year(months)
    rows = tuple(
        Row(*when, languages, sum(languages.values()), address(when))
        for when, languages in sorted(table.items())
    )
    return OverTime(drawn, rows)


def operators(year: int, month: int) -> str:
    """`after:2009-03 before:2009-05`: a month, or a year where the month is 0."""
    if not month:
        return f"after:{year - 1:04d} before:{year + 1:04d}"
    before, after = divmod(year * 12 + month - 2, 12), divmod(year * 12 + month, 12)
    return f"after:{before[0]:04d}-{before[1] + 1:02d} before:{after[0]:04d}-{after[1] + 1:02d}"


def _by_year(months: Months) -> dict[tuple[int, int], dict[str, int]]:
    found: dict[tuple[int, int], dict[str, int]] = {}
    for (year, _), languages in months.items():
        of_year = found.setdefault((year, 0), {})
        for language, posts in languages.items():
            of_year[language] = of_year.get(language, 0) + posts
    return found
