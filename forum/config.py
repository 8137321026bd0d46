"""The settings of the running app, for code that works inside its context."""

from __future__ import annotations

from flask import current_app

from forum.settings import Settings


def settings() -> Settings:
    """The settings the current app was made with."""
    found: Settings = current_app.extensions["passerelle_settings"]
    return found
