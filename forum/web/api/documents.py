"""Rows as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from flask import abort, request
from sqlalchemy import ColumnElement, select

from forum.domain.masking import mask_addresses_text
from forum.domain.values import Role
from forum.extensions import db
from forum.storage.archive import Post, PostSegment
from forum.storage.browsing import ListRow, ThreadRow
from forum.storage.post_rows import PostRow, posts_where
from forum.storage.visibility import Reader
from forum.web.addresses import absolute, whole_number
from forum.web.filters import iso

Document = dict[str, Any]
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


def post_documents(
    reader: Reader, *conditions: ColumnElement[bool], order: Sequence[Any] = ()
) -> list[Document]:
    """Posts with their segments, in a fixed number of queries."""
    rows = posts_where(db.session(), *conditions, members_html=not reader.is_anonymous, order=order)
    segments = _segments([row.id for row in rows])
    return [post_document(row, segments.get(row.id, ()), reader) for row in rows]


def one_post(reader: Reader, post_id: int) -> Document:
    """One post, which the reader has been found to be allowed to see."""
    found = post_documents(reader, Post.id == post_id)
    document: Document = found[0] if found else abort(404)
    return document


def post_document(row: PostRow, segments: Iterable[Any], reader: Reader) -> Document:
    """A post."""
    hide = hiding(reader)
    parts = [
        {"role": part.role, "language": part.language, "text": hide(part.text)} for part in segments
    ]
    return {
        "id": row.id,
        "thread_id": row.thread_id,
        "parent_id": row.parent_id,
        "message_id": row.message_id,
        "author": {"name": hide(row.author)},
        "subject": hide(row.subject),
        "date": iso(row.date),
        "source": row.source,
        "language": row.language,
        "segments": parts,
        "text": body_text(parts),
        "html": row.html,
        "attachments": [
            {
                "index": part.index,
                "filename": hide(part.filename),
                "content_type": part.content_type,
                "size": part.size,
                "url": absolute(
                    f"/posts/{row.id}/attachments/{part.index}/{quote(hide(part.filename))}"
                ),
            }
            for part in row.attachments
        ],
        "translations": [],
        "url": absolute(f"/posts/{row.id}"),
    }


def body_text(parts: Iterable[Document]) -> str:
    """The whole body as plain text, what is quoted marked with `>`."""
    texts = []
    for part in parts:
        text = part["text"].strip("\n")
        if part["role"] == Role.QUOTATION:
            text = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
        texts.append(text)
    return "\n\n".join(text for text in texts if text.strip())


def hiding(reader: Reader) -> Callable[[str], str]:
    """What makes a text fit for a reader: anonymous ones see no mail address."""
    return mask_addresses_text if reader.is_anonymous else str


def _segments(post_ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(
        select(PostSegment.post_id, PostSegment.role, PostSegment.language, PostSegment.text)
        .where(PostSegment.post_id.in_(post_ids))
        .order_by(PostSegment.post_id, PostSegment.position)
    ):
        found.setdefault(row.post_id, []).append(row)
    return found


def _number(name: str, usual: int, largest: int) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    return whole_number(text, largest) or abort(
        400, f"{name} must be a whole number from 1 to {largest}."
    )
