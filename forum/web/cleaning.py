"""Control characters in addresses: nobody types them, no text of ours holds them."""

from __future__ import annotations

import re
from typing import Final

from flask import Flask, abort, request
from werkzeug.datastructures import ImmutableMultiDict

_IN_PATHS: Final = re.compile("[\x00-\x1f\x7f]")
_IN_QUERIES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Tabs and line ends part words there."""


def init_app(app: Flask) -> None:
    """Look at the address of every request before anything else asks the database."""
    app.before_request(clean_address)


def clean_address() -> None:
    """Leave control characters out of the query.

    PostgreSQL holds no NUL, so it could not even be asked about one.

    Raises:
        NotFound: the path holds one, and so is none of ours.
    """
    if _IN_PATHS.search(request.path):
        abort(404)
    if any(_IN_QUERIES.search(part) for pair in request.args.items(multi=True) for part in pair):
        request.args = ImmutableMultiDict(
            (_IN_QUERIES.sub("", name), _IN_QUERIES.sub("", value))
            for name, value in request.args.items(multi=True)
        )
