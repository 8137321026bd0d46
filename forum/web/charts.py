"""A small bar chart of posts over time by language: an inline SVG whose bars are links.

It is for those who see it: beside it stands a link to the same figures as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import current_app
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from forum.domain.values import LANGUAGES
from forum.i18n import current_language
from forum.search.protocol import MOST_YEARS
from forum.storage import browsing, list_sizes
from forum.web.filters import month_name, number

Month = tuple[int, int]
"""A year, and a month from 1; 0 for the whole year."""

ByMonth = Mapping[Month, Mapping[str, int]]
"""How many posts, by language."""

MOST_LABELS: Final = 10
HEIGHT: Final = 48
SLOT: Final = 10
GAP: Final = 2
OTHER: Final = "other"
LISTS_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, drawn."""

    svg: Markup
    labels: tuple[str, ...]
    """What to write below it, at equal distances; empty where there is no room for all."""
    languages: tuple[str, ...]
    """Whose colours stand in it; `other` for all that are not of the interface."""


def chart(counts: ByMonth, address_of: Callable[[Month], str]) -> Chart | None:
    """Draw what was written when; None where there is nothing to compare.

    Years without a post are left out: a mail with a wrong date stands far from the others.

    Args:
        counts: By month, as `months_of_list` gives them.
        address_of: Where a bar leads.
    """
    years = tuple(sorted({year for year, _ in counts}))
    # A longer archive has a bar a year.
    by_month = len(years) <= MOST_YEARS
    columns = _columns(counts, by_month)
    if len(columns) < 2:
        return None
    months = range(1, 13) if by_month else (0,)
    slots = {when: place for place, when in enumerate((y, m) for y in years for m in months)}
    highest = max(sum(column.values()) for column in columns.values())
    bars = "".join(
        _bar(when, columns[when], slots[when] * SLOT, HEIGHT / highest, address_of(when))
        for when in sorted(columns)
    )
    svg = (
        f'<svg class="timeline" viewBox="0 0 {len(slots) * SLOT} {HEIGHT}" aria-hidden="true"'
        f' preserveAspectRatio="none" focusable="false">{bars}</svg>'
    )
    present = {_group(code) for column in columns.values() for code in column}
    languages = tuple(code for code in (*LANGUAGES, OTHER) if code in present)
    step = -(-len(years) // MOST_LABELS)
    labels = tuple("" if place % step else str(year) for place, year in enumerate(years))
    return Chart(Markup(svg), labels, languages)  # noqa: S704  (numbers and escaped text only)


def counts_of_list(session: Session, list_id: int, size: list_sizes.ListSize) -> ByMonth:
    """A list's posts by month and language, counted again only when its size has changed.

    Args:
        size: As it is now: what was counted under another size is out of date.
    """
    kept: dict[int, tuple[list_sizes.ListSize, ByMonth]]
    kept = current_app.extensions.setdefault("month_counts", {})
    known = kept.get(list_id)
    if known is None or known[0] != size:
        if len(kept) >= LISTS_KEPT:
            kept.clear()
        known = kept[list_id] = size, browsing.months_of_list(session, list_id)
    return known[1]


def chart_of_list(
    session: Session, list_id: int, size: list_sizes.ListSize, address_of: Callable[[Month], str]
) -> Chart | None:
    """The chart of a list's posts, drawn again only when its size has changed.

    Args:
        size: As it is now.
        address_of: Where a bar leads; the same for the list whenever it is asked.
    """
    kept: dict[tuple[int, str], tuple[list_sizes.ListSize, Chart | None]]
    kept = current_app.extensions.setdefault("charts", {})
    key = list_id, current_language()
    known = kept.get(key)
    if known is None or known[0] != size:
        if len(kept) >= LISTS_KEPT:
            kept.clear()
        known = kept[key] = size, chart(counts_of_list(session, list_id, size), address_of)
    return known[1]


def _columns(counts: ByMonth, by_month: bool) -> dict[Month, dict[str, int]]:
    """What each bar stands for."""
    if by_month:
        return {when: dict(of_month) for when, of_month in counts.items()}
    found: dict[Month, dict[str, int]] = {}
    for (year, _), of_month in counts.items():
        column = found.setdefault((year, 0), {})
        for code, posts in of_month.items():
            column[code] = column.get(code, 0) + posts
    return found


def _bar(when: Month, column: Mapping[str, int], left: int, scale: float, address: str) -> str:
    """A link with a stack of rectangles, the languages of the interface from below."""
    sums: dict[str, int] = {}
    for code, posts in column.items():
        sums[_group(code)] = sums.get(_group(code), 0) + posts
    parts, top = [], float(HEIGHT)
    for code in (*LANGUAGES, OTHER):
        if posts := sums.get(code, 0):
            height = max(posts * scale, 1.0)
            top -= height
            parts.append(
                f'<rect class="l-{code}" x="{left}" y="{top:.1f}" width="{SLOT - GAP}"'
                f' height="{height:.1f}"/>'
            )
    year, month = when
    title = escape(f"{month_name(month or None, year)}: {number(sum(column.values()))}")
    # Reached by pointing only: with the keyboard the table is the shorter way.
    return (
        f'<a href="{escape(address)}" tabindex="-1"><title>{title}</title>'
        f'<rect class="slot" x="{left}" y="0" width="{SLOT}" height="{HEIGHT}"/>'
        f"{''.join(parts)}</a>"
    )


def _group(code: str) -> str:
    return code if code in LANGUAGES else OTHER
