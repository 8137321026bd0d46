"""Templates that escape what they show without wrapping it first.

A compiled template calls `escape` for each value and joins what that gives. That of markupsafe
wraps each value in a `Markup`, which the join throws away again: a microsecond a value, and pages
have hundreds.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, Final

from flask import Flask
from jinja2 import Environment, Template
from markupsafe import Markup, escape

_NEEDS_ESCAPING: Final = re.compile(r"[&<>'\"]").search


def init_app(app: Flask) -> None:
    """Let every template of the app be one of these; before any is loaded."""
    app.jinja_env.template_class = LeanTemplate


def escaped(value: object) -> str:
    """The same text as `markupsafe.escape` gives, for a page that is being joined."""
    # What only says that it is a text, as proxies do, is none.
    if isinstance(value, str) and (
        type(value) is Markup or (type(value) is str and not _NEEDS_ESCAPING(value))
    ):
        return value
    return escape(value)


class LeanTemplate(Template):
    """A template whose values go through `escaped`."""

    @classmethod
    def _from_namespace(
        cls,
        environment: Environment,
        namespace: MutableMapping[str, Any],
        globals: MutableMapping[str, Any],
    ) -> Template:
        # The names that the compiled code has imported are in here.
        namespace["escape"] = escaped
        return super()._from_namespace(environment, namespace, globals)
