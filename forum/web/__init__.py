"""The pages and the API: a blueprint a topic, joined to the app by `register`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from flask import Flask

from forum.web import (
    api,
    caching,
    cleaning,
    converters,
    errors,
    file_words,
    filters,
    lean_templates,
    page_parts,
    pieces,
    reader,
    security,
    text_form,
    translated,
)

BLUEPRINTS: Final = (
    "forum.web.reading",
    "forum.web.people",
    "forum.web.unread",
    "forum.web.downloads",
    "forum.web.citing",
    "forum.web.feeds",
    "forum.web.old_addresses",
    "forum.web.searching",
    "forum.web.pages",
    "forum.web.api_help",
    "forum.web.metadata",
    "forum.web.languages",
    "forum.web.health",
    "forum.web.session",
    "forum.web.account",
    "forum.web.own_addresses",
    "forum.web.privacy",
    "forum.web.saved_searches",
    "forum.web.subscribing",
    "forum.web.confirming",
    "forum.web.choices",
    "forum.web.following",
    "forum.web.list_settings",
    "forum.web.ruling",
    "forum.web.members",
    "forum.web.inviting",
    "forum.web.glossary",
    "forum.web.synthesis",
    "forum.web.translating",
    "forum.web.topics",
    "forum.web.writing",
    "forum.web.drafts",
    "forum.web.moderating",
    "forum.web.curating",
    "forum.web.curating_audit",
    "forum.web.curating_own",
    "forum.web.outgoing",
    "forum.web.mirroring",
    "forum.web.administration",
)
"""Modules that each have a `blueprint`."""


def register(app: Flask) -> None:
    """Join every page, the API, the error pages and the headers to the app."""
    converters.init_app(app)
    # The reader's transaction must be chosen before anything asks the database.
    reader.init_app(app)
    cleaning.init_app(app)
    lean_templates.init_app(app)
    filters.init_app(app)
    file_words.init_app(app)
    pieces.init_app(app)
    page_parts.init_app(app)
    translated.init_app(app)
    text_form.init_app(app)
    errors.init_app(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).blueprint)
    api.init_app(app)
    # Functions after a request run in reverse: the headers come last, on what was sent before.
    security.init_app(app)
    caching.init_app(app)
