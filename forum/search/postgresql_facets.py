"""What all hits of a search have in common, counted by PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    text,
    union_all,
)

from forum.domain.values import MULTIPLE
from forum.search.postgresql_tables import documents
from forum.search.protocol import FACET_VALUES, MOST_MONTHS, MOST_YEARS

MONTH: Final = "month"


def facets_of(connection: Any, where: ColumnElement[bool]) -> dict[str, dict[str, int]]:
    """How many hits have which value, by facet; and by month and language."""
    # Nothing but what is counted: with their vectors the rows would not stay in memory.
    counted = (documents.c[name] for name in ("languages", "posted", "author", "list_slug", "tags"))
    found = select(*counted).where(where).cte("found").prefix_with("MATERIALIZED")
    year = func.extract("year", found.c.posted.op("AT TIME ZONE")("UTC"))
    values = {
        "language": func.unnest(found.c.languages),
        "year": cast(cast(year, Integer), Text),
        "author": found.c.author,
        "list": found.c.list_slug,
        "tag": func.unnest(found.c.tags),
        MONTH: func.to_char(found.c.posted.op("AT TIME ZONE")("UTC"), "YYYY-MM ")
        + case((func.cardinality(found.c.languages) == 1, found.c.languages[1]), else_=MULTIPLE),
    }
    rows = union_all(
        *(
            select(literal(name).label("name"), value.label("value"), func.count().label("n"))
            .select_from(found)
            .group_by(text("2"))
            for name, value in values.items()
        )
    )
    counts: dict[str, dict[str, int]] = {name: {} for name in values}
    for name, value, number in connection.execute(rows):
        if value:
            counts[name][value] = number
    for name, unordered in counts.items():
        if name == MONTH:
            continue
        by_value = sorted(unordered.items(), reverse=True)
        by_number = sorted(unordered.items(), key=lambda item: (-item[1], item[0]))
        counts[name] = dict(by_value if name == "year" else by_number[:FACET_VALUES])
    return counts


def months_of(values: Mapping[str, int]) -> dict[tuple[int, int], dict[str, int]]:
    """`2009-04 fr` and its number, taken apart."""
    found: dict[tuple[int, int], dict[str, int]] = {}
    for value, number in values.items():
        month, _, language = value.partition(" ")
        year, _, in_year = month.partition("-")
        found.setdefault((int(year), int(in_year)), {})[language] = number
    if len(found) <= MOST_MONTHS or len({year for year, _ in found}) <= MOST_YEARS:
        return found
    years: dict[tuple[int, int], dict[str, int]] = {}
    for (number_of_year, _), languages in found.items():
        of_year = years.setdefault((number_of_year, 0), {})
        for language, number in languages.items():
            of_year[language] = of_year.get(language, 0) + number
    return years
