"""What the running app was made with, for code that works inside its context."""

from __future__ import annotations

from flask import current_app

from forum.extensions import db
from forum.search import SearchIndex, open_index
from forum.settings import Settings

SETTINGS = "passerelle_settings"
INDEX = "passerelle_index"


def settings() -> Settings:
    """The settings the current app was made with."""
    found: Settings = current_app.extensions[SETTINGS]
    return found


def search_index() -> SearchIndex:
    """The search index of the current app, opened once and kept."""
    if INDEX not in current_app.extensions:
        current_app.extensions[INDEX] = open_index(settings(), db.engine)
    found: SearchIndex = current_app.extensions[INDEX]
    return found
