"""Alembic's entrance: migrations run on the connection of the running app."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import forum.storage.archive
import forum.storage.attachment_text
import forum.storage.audit
import forum.storage.choices
import forum.storage.curation
import forum.storage.drafts
import forum.storage.fetching
import forum.storage.glossary
import forum.storage.imports
import forum.storage.mail
import forum.storage.mirror
import forum.storage.privacy
import forum.storage.reading_marks
import forum.storage.rules
import forum.storage.saved_searches
import forum.storage.sending
import forum.storage.synthesis
import forum.storage.thumbnails
import forum.storage.tokens
import forum.storage.topics
import forum.storage.translations  # noqa: F401  (the tables register themselves)
from forum.storage.base import Base

# What search engines keep in the database is derived: they make and drop it themselves.
DERIVED_PREFIX = "search_"


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Whether autogenerate may look at a table."""
    return not (kind == "table" and (name or "").startswith(DERIVED_PREFIX))


def migrate(connection: Connection) -> None:
    """Run what is asked for, all in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with current_app.extensions["migrate"].db.engine.connect() as fresh:
        migrate(fresh)
        fresh.commit()
