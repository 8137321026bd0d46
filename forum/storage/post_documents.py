"""A post as data: one form for the JSON API and for exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import LANGUAGES, Role
from forum.storage.archive import PostSegment
from forum.storage.post_rows import PostRow
from forum.storage.translations import TranslationRow, translation_rows

Document = dict[str, Any]


def segments_of(session: Session, post_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The segments of posts in their order, by post."""
    found: dict[int, list[Any]] = {}
    for row in session.execute(
        select(PostSegment.post_id, PostSegment.role, PostSegment.language, PostSegment.text)
        .where(PostSegment.post_id.in_(post_ids))
        .order_by(PostSegment.post_id, PostSegment.position)
    ):
        found.setdefault(row.post_id, []).append(row)
    return found


def translations_of_posts(
    session: Session, rows: Iterable[PostRow], *, masked: bool
) -> dict[int, list[TranslationRow]]:
    """What people translated of posts, by post; asks once, and not where nobody did.

    Args:
        masked: Whether mail addresses in the HTML are hidden from the reader.
    """
    translated = [row.id for row in rows if row.translated_into]
    return translation_rows(session, translated, LANGUAGES, masked=masked)


def post_document(
    row: PostRow,
    segments: Iterable[Any],
    absolute: Callable[[str], str],
    hide: Callable[[str], str] = str,
    translations: Iterable[TranslationRow] = (),
) -> Document:
    """A post with all that is known of it.

    Args:
        absolute: Makes an address of a path of this site.
        hide: Makes a text fit for the reader.
        translations: As `translations_of_posts` gives them.
    """
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
        "translations": [
            {
                "language": one.language,
                "text": hide(one.text),
                "html": one.html,
                "translator": {"name": hide(one.translator)},
                "date": iso(one.written_at),
                "url": absolute(f"/posts/{row.id}?translation={one.language}"),
            }
            for one in translations
        ],
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


def iso(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
