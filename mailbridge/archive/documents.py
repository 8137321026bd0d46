"""Posts as data: as the JSON API gives them to a member of the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Role
from forum.storage.archive import Post, PostSegment
from forum.storage.base import reading
from forum.storage.post_rows import PostRow, posts_where

Document = dict[str, Any]


def documents(session: Session, post_ids: Sequence[int], site_url: str) -> list[Document]:
    """Posts with all that is known of them, in the order of the ids; hidden ones are left out."""
    with reading():
        rows = {
            row.id: row for row in posts_where(session, Post.id.in_(post_ids), members_html=True)
        }
        segments: dict[int, list[Any]] = {}
        for part in session.execute(
            select(PostSegment.post_id, PostSegment.role, PostSegment.language, PostSegment.text)
            .where(PostSegment.post_id.in_(post_ids))
            .order_by(PostSegment.post_id, PostSegment.position)
        ):
            segments.setdefault(part.post_id, []).append(part)
        session.rollback()
    return [
        _document(rows[post_id], segments.get(post_id, ()), site_url)
        for post_id in post_ids
        if post_id in rows
    ]


def _document(row: PostRow, segments: Iterable[Any], site_url: str) -> Document:
    parts = [{"role": part.role, "language": part.language, "text": part.text} for part in segments]
    return {
        "id": row.id,
        "thread_id": row.thread_id,
        "parent_id": row.parent_id,
        "message_id": row.message_id,
        "author": {"name": row.author},
        "subject": row.subject,
        "date": iso(row.date),
        "source": row.source,
        "language": row.language,
        "segments": parts,
        "text": body_text(parts),
        "html": row.html,
        "attachments": [
            {
                "index": part.index,
                "filename": part.filename,
                "content_type": part.content_type,
                "size": part.size,
                "url": f"{site_url}/posts/{row.id}/attachments/{part.index}/{quote(part.filename)}",
            }
            for part in row.attachments
        ],
        "translations": [],
        "url": f"{site_url}/posts/{row.id}",
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


def iso(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
