"""Parts of pages that look the same whenever they show the same: made once, then kept.

A piece is made of what it is given and of the language, and of nothing else: not of the request,
the account or the time. So nothing ever has to be taken out because something has changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from flask import Flask, current_app
from markupsafe import Markup

from forum.i18n import current_language

MOST_CHARACTERS: Final = 12_000_000
"""Of all pieces of a process together, what they are made of not counted."""
LONGEST: Final = 100_000
"""A longer one is made each time: few pages have it, and it would push many out."""


class Pieces:
    """What was made, by what it was made of."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Markup] = {}
        self._characters = 0

    def find(self, key: Hashable) -> Markup | None:
        """A piece made before, if it is still kept."""
        return self._kept.get(key)

    def keep(self, key: Hashable, made: Markup) -> None:
        """Keep a piece; where there are too many, all go and those that are read come back."""
        if len(made) > LONGEST:
            return
        if self._characters + len(made) > MOST_CHARACTERS:
            self._kept, self._characters = {}, 0
        self._kept[key] = made
        self._characters += len(made)


def init_app(app: Flask) -> None:
    """Let templates show pieces."""
    app.extensions["pieces"] = Pieces()
    app.jinja_env.globals.update(piece=piece)


def piece(template: str, **values: Hashable) -> Markup:
    """A part of a page, by a template of its own that sees nothing but these values.

    Args:
        template: Its name; what it imports must not look at the request either.
        values: Compared as a whole; values that are equal must look the same.
    """
    return each_piece(template, (values,))


def each_piece(template: str, many: Iterable[Mapping[str, Hashable]]) -> Markup:
    """Several pieces by the same template, one after the other.

    Args:
        many: The values of each.
    """
    kept: Pieces = current_app.extensions["pieces"]
    language, made = current_language(), []
    for values in many:
        key = (template, language, *values.items())
        found = kept.find(key)
        if found is None:
            # Our own template, which escapes.
            found = Markup(current_app.jinja_env.get_template(template).render(values))  # noqa: S704
            kept.keep(key, found)
        made.append(found)
    return made[0] if len(made) == 1 else Markup("").join(made)
