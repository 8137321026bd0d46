"""The tables of the engine for PostgreSQL; it makes them itself, for they are derived."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

metadata = MetaData()
documents = Table(
    "search_document",
    metadata,
    Column("post_id", BigInteger, primary_key=True, autoincrement=False),
    Column("list_id", BigInteger, nullable=False, index=True),
    Column("thread_id", BigInteger, nullable=False),
    Column("list_slug", Text, nullable=False),
    Column("posted", DateTime(timezone=True), nullable=False, index=True),
    Column("author", Text, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("has_attachment", Boolean, nullable=False),
    Column("build", Integer, nullable=False),
    Column("terms", TSVECTOR, nullable=False),
    # A list of what is pending would be read through by every search until a vacuum comes by.
    Index(
        "ix_search_document_terms",
        "terms",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
)
words = Table("search_word", metadata, Column("word", Text(collation="C"), primary_key=True))
state = Table(
    "search_state",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
