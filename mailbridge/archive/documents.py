"""Posts as data: as the JSON API gives them to a member of the list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from forum.storage.archive import Post
from forum.storage.base import reading
from forum.storage.post_documents import (
    Document,
    post_document,
    segments_of,
    translations_of_posts,
)
from forum.storage.post_rows import posts_where


def documents(session: Session, post_ids: Sequence[int], site_url: str) -> list[Document]:
    """Posts with all that is known of them, in the order of the ids; hidden ones are left out."""
    with reading():
        rows = {
            row.id: row for row in posts_where(session, Post.id.in_(post_ids), members_html=True)
        }
        segments = segments_of(session, post_ids)
        translations = translations_of_posts(session, rows.values(), masked=False)
        session.rollback()
    return [
        post_document(
            rows[post_id],
            segments.get(post_id, ()),
            lambda path: f"{site_url}{path}",
            translations=translations.get(post_id, ()),
        )
        for post_id in post_ids
        if post_id in rows
    ]
