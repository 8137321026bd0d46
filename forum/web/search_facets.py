"""The counts beside what was found: each a link that narrows the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from flask_babel import gettext
from markupsafe import Markup

from forum.domain.masking import mask_addresses_text
from forum.domain.values import LANGUAGES
from forum.i18n import current_language, language_name
from forum.search import SearchHits
from forum.storage.visibility import Reader
from forum.web.filters import number
from forum.web.lean_templates import escaped
from forum.web.search_operators import narrowing

VALUES_SHOWN: Final = 12
"""Of a facet on the page."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet as the page shows it."""

    title: str
    rows: Markup
    """A line of the list for each value: its name, which leads to it, and its number."""


def shown_facets(hits: SearchHits, reader: Reader) -> dict[str, dict[str, int]]:
    """The facets with what this reader may see of them: an author's name may be an address."""
    return {
        facet: {value: hits.facets[facet][value] for value in _shown(facet, hits, reader)}
        for facet in hits.facets
    }


def _shown(facet: str, hits: SearchHits, reader: Reader) -> Iterator[str]:
    hides = facet == "author" and reader.is_anonymous
    for value in hits.facets[facet]:
        if value and not (hides and mask_addresses_text(value) != value):
            yield value


def facets_of_page(
    hits: SearchHits, reader: Reader, titles: dict[str, str], address_of: Callable[[str], str]
) -> list[Facet]:
    """The facets that have something to choose from.

    Args:
        titles: of the lists that the reader sees, by slug.
        address_of: where a search leads that is narrowed by these operators.
    """
    found = []
    for facet, counts in hits.facets.items():
        wanted = (v for v in _shown(facet, hits, reader) if facet != "language" or v in LANGUAGES)
        shown = list(islice(wanted, VALUES_SHOWN))
        if len(shown) > 1 or (facet == "tag" and shown):
            # Each row is made of escaped parts.
            rows = "".join(
                [
                    _row(address_of(narrowing(facet, v)), _name(facet, v, titles), counts[v])
                    for v in shown
                ]
            )
            found.append(Facet(_titles(current_language())[facet], Markup(rows)))  # noqa: S704
    return found


def _row(address: str, name: str, count: int) -> str:
    # A page has some fifty of these, and a template takes each apart into seven pieces.
    counted = f'<span class="count">{number(count)}</span>'
    return f'<li><a href="{escaped(address)}">{escaped(name)} {counted}</a></li>\n'


def _name(facet: str, value: str, titles: dict[str, str]) -> str:
    if facet == "language":
        return language_name(value)
    return titles.get(value, value) if facet == "list" else value


@lru_cache(maxsize=8)
def _titles(language: str) -> dict[str, str]:
    """In the language of the page; the catalogues do not change while we run."""
    return {
        "language": str(gettext("Language")),
        "year": str(gettext("Year")),
        "author": str(gettext("Author")),
        "list": str(gettext("List")),
        "tag": str(gettext("Tag")),
    }
