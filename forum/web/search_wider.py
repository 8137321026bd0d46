"""A search made wider by the glossaries of the lists that the reader sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

from forum.domain.analysis import fold
from forum.domain.glossary import Expansion
from forum.domain.query import SearchQuery, parse
from forum.extensions import db
from forum.search.widening import widened
from forum.storage.visibility import NamedList, Reader, visible_list_names
from forum.web.addresses import address_with

WITHOUT: Final = "without"
"""The parameter that names a term not to be looked for; it may come several times."""

AS_TYPED: Final = "expand"
"""The parameter whose value `no` keeps a search as it was typed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was typed and as it is carried out."""

    query: SearchQuery
    wide: SearchQuery
    expansions: tuple[Expansion, ...]
    lists: tuple[NamedList, ...]
    """Those that the reader sees."""

    @property
    def list_ids(self) -> frozenset[int]:
        """The ids of those lists."""
        return frozenset(one.id for one in self.lists)


@dataclass(frozen=True, slots=True)
class Offer:
    """An expansion, and where the same search without it is."""

    expansion: Expansion
    address: str


def asked(reader: Reader, text: str) -> Asked:
    """A search with what the glossaries add to it, unless the request says no."""
    query, lists = parse(text), visible_list_names(db.session(), reader)
    glossaries = [one.id for one in lists if one.has_glossary]
    if not glossaries or query.root is None or request.args.get(AS_TYPED) == "no":
        return Asked(query, query, (), lists)
    without = frozenset(map(fold, request.args.getlist(WITHOUT)))
    return Asked(query, *widened(db.session(), query, glossaries, without), lists)


def offers(expansions: tuple[Expansion, ...]) -> list[Offer]:
    """The expansions of this page's search, each with the way to take it off."""
    off = request.args.getlist(WITHOUT)
    return [Offer(one, _address([*off, one.term.text])) for one in expansions]


def _address(off: list[str]) -> str:
    base = address_with(**{WITHOUT: None, "page": None})
    mark = "&" if "?" in base else "?"
    return f"{base}{mark}{urlencode([(WITHOUT, one) for one in off])}"


def as_typed_address() -> str:
    """This page's search without any expansion."""
    return address_with(**{WITHOUT: None, AS_TYPED: "no", "page": None})


def all_address() -> str | None:
    """This page's search with every expansion, where some were taken off."""
    if WITHOUT not in request.args and AS_TYPED not in request.args:
        return None
    return address_with(**{WITHOUT: None, AS_TYPED: None, "page": None})
