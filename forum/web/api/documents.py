"""Rows as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from flask import abort, request
from sqlalchemy import ColumnElement

from forum.domain.masking import mask_addresses_text
from forum.domain.synthesis import renumbered
from forum.extensions import db
from forum.operations.synthesis import numbers_of
from forum.storage.archive import Post
from forum.storage.browsing import ThreadRow
from forum.storage.list_sizes import ListRow
from forum.storage.post_documents import Document as Document
from forum.storage.post_documents import post_document, segments_of, translations_of_posts
from forum.storage.post_rows import posts_where
from forum.storage.synthesis import SynthesisVersion, current_versions, posts_since
from forum.storage.visibility import Reader
from forum.web.addresses import absolute, whole_number
from forum.web.filters import iso

LARGEST_PAGE: Final = 100
USUAL_PAGE: Final = 20


def page_and_size() -> tuple[int, int]:
    """The `page` and `per_page` parameters.

    Raises:
        BadRequest: one is not a number in its range.
    """
    return _number("page", 1, 1_000_000), _number("per_page", USUAL_PAGE, LARGEST_PAGE)


def page_of(items: Sequence[Document], total: int, page: int, per_page: int) -> Document:
    """A page of a longer answer."""
    return {"items": list(items), "total": total, "page": page, "per_page": per_page}


def list_document(row: ListRow) -> Document:
    """A list."""
    shown = row.mailing_list
    return {
        "slug": shown.slug,
        "address": shown.address,
        "title": {language: shown.title(language) for language in ("fr", "en", "es")},
        "mode": shown.mode,
        "visibility": shown.visibility,
        "threads": row.threads,
        "posts": row.posts,
    }


def thread_document(row: ThreadRow, reader: Reader) -> Document:
    """A thread, its posts as a number."""
    return {
        "id": row.id,
        "list": row.list_slug,
        "subject": hiding(reader)(row.subject),
        "posts": row.post_count,
        "languages": list(row.languages),
        "titles": {code: hiding(reader)(title) for code, title in row.titles.items()},
        "tags": list(row.tags),
        "labels": list(row.labels),
        "started_at": iso(row.started_at),
        "last_post_at": iso(row.last_post_at),
        "state": row.state,
    }


def synthesis_documents(thread_id: int, reader: Reader) -> list[Document]:
    """A thread's synthesis in the languages there are, the original first."""
    versions = current_versions(db.session(), thread_id)
    shown = sorted(versions.values(), key=lambda one: (one.source_id is not None, one.id))
    return [_synthesis_document(one, reader) for one in shown]


def _synthesis_document(version: SynthesisVersion, reader: Reader) -> Document:
    return {
        "language": version.language,
        "text": hiding(reader)(version.text),
        "html": renumbered(
            version.html_for(masked=reader.is_anonymous), numbers_of(db.session(), version)
        ),
        "author": {"name": hiding(reader)(version.author)},
        "written_at": iso(version.written_at),
        "translated_from": version.source.language if version.source else None,
        "posts_since": posts_since(db.session(), version),
    }


def post_documents(
    reader: Reader, *conditions: ColumnElement[bool], order: Sequence[Any] = ()
) -> list[Document]:
    """Posts with their segments, in a fixed number of queries."""
    rows = posts_where(db.session(), *conditions, members_html=not reader.is_anonymous, order=order)
    segments = segments_of(db.session(), [row.id for row in rows])
    translations = translations_of_posts(db.session(), rows, masked=reader.is_anonymous)
    hide = hiding(reader)
    return [
        post_document(row, segments.get(row.id, ()), absolute, hide, translations.get(row.id, ()))
        for row in rows
    ]


def one_post(reader: Reader, post_id: int) -> Document:
    """One post, which the reader has been found to be allowed to see."""
    found = post_documents(reader, Post.id == post_id)
    document: Document = found[0] if found else abort(404)
    return document


def hiding(reader: Reader) -> Callable[[str], str]:
    """What makes a text fit for a reader: anonymous ones see no mail address."""
    return mask_addresses_text if reader.is_anonymous else str


def _number(name: str, usual: int, largest: int) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    return whole_number(text, largest) or abort(
        400, f"{name} must be a whole number from 1 to {largest}."
    )
