"""Addresses of our own pages: with changed parameters, safe to go back to, with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

from flask import abort, current_app, request, url_for

from forum.config import settings

LAST_PAGE: Final = 1_000_000
LARGEST_KEY: Final = 999_999_999
"""Of a row: what `forum.web.converters` reads, and every database takes."""
_THIS_PAGE: Final = "passerelle.this_page"
SAFE_IN_PATH: Final = "@:+,;=!$&'()*~"
"""What stands for itself in a part of a path (RFC 3986, section 3.3)."""


def safe_path(path: str, default: str = "/") -> str:
    """A path on this site, or the default where following it would leave the site."""
    # Browsers read a backslash as a slash, and skip control characters.
    # Two slashes name another host, and what follows them need not even be readable as one.
    if not path.startswith("/") or path.startswith("//"):
        return default
    return default if "\\" in path or not path.isprintable() else path


def own_path() -> str:
    """The path and query of this page, to come back to; the home page after a POST."""
    if request.method not in ("GET", "HEAD"):
        return url_for("reading.home")
    return address_with()


def address_with(**changes: object) -> str:
    """The address of this page with some parameters changed; None takes one away."""
    path, given = _this_page()
    pairs = [pair for name, pair in given if name not in changes]
    changed = {name: str(value) for name, value in changes.items() if value is not None}
    if changed:
        pairs.append(urlencode(changed))
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def addresses_narrowing(parameter: str, text: str) -> Callable[[str], str]:
    """Addresses of this page, each with some more words in one parameter, on its first page.

    Args:
        text: The value of the parameter before the words.
    """
    # A page of results has a hundred of them: what is the same in all is written once.
    start = address_with(**{parameter: None, "page": None})
    start += f"{'&' if '?' in start else '?'}{quote_plus(parameter)}={quote_plus(text)}+"
    return lambda words: start + _quoted(words)


_quoted = lru_cache(maxsize=8192)(quote_plus)
"""The same years, authors and languages narrow every search."""


def _this_page() -> tuple[str, list[tuple[str, str]]]:
    """The path of this page and its parameters, each with its encoded form; once a request."""
    found: tuple[str, list[tuple[str, str]]] | None = request.environ.get(_THIS_PAGE)
    if found is None:
        rule = request.url_rule
        if rule is not None and rule.methods is not None and "GET" not in rule.methods:
            path = url_for("reading.home")
        else:
            path = request.root_path + quote(request.path, safe="/" + SAFE_IN_PATH)
        given = [
            (name, urlencode(((name, value),)))
            for name, value in request.args.items(multi=True)
            # The language has been kept in a cookie by now.
            if name != "lang"
        ]
        found = request.environ[_THIS_PAGE] = path, given
    return found


def page_number() -> int:
    """The `page` parameter, from 1; anything else is no page of ours (404)."""
    return whole_number(request.args.get("page", "1"), LAST_PAGE) or abort(404)


def whole_number(text: str, largest: int, least: int = 1) -> int | None:
    """A number as it stands in addresses and forms: plain digits; None for anything else.

    Args:
        text: Of any length: one with more digits than `largest` has is not read.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest))):
        return None
    number = int(text)
    return number if least <= number <= largest else None


def absolute(path: str) -> str:
    """The address of a path under SITE_URL, whatever name the reader used."""
    return settings().site_url + path


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so it may be kept for good."""
    return f"{current_app.static_url_path}/{_dated(str(current_app.static_folder), name)}"


@lru_cache(maxsize=1024)
def list_path(slug: str) -> str:
    """The path of a list's page; `url_for` would cost pages of many rows a millisecond."""
    return f"/lists/{quote(slug, safe=SAFE_IN_PATH)}/"


@cache
def _dated(folder: str, name: str) -> str:
    digest = hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
    return f"{quote(name)}?v={digest}"
