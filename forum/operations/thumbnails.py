"""Making small pictures of attached ones, a few at a time and each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from forum.domain.message import attachment_content
from forum.domain.pictures import LARGEST_FILE, PICTURE_TYPES, Thumbnail
from forum.operations.raw import load_raw
from forum.storage.archive import Post, PostAttachment
from forum.storage.thumbnails import PostThumbnail

SECONDS: Final = 30.0
"""By the clock; the child's own limit is of processor time."""
LARGEST_ANSWER: Final = 1_000_000


def pictures_without(session: Session, after: int, limit: int) -> list[tuple[int, int]]:
    """Attached pictures that nothing was made of yet, as post and index, the oldest posts first.

    Args:
        after: The key of a post: later ones are looked at.
    """
    made = and_(
        PostThumbnail.post_id == PostAttachment.post_id, PostThumbnail.index == PostAttachment.index
    )
    rows = session.execute(
        select(PostAttachment.post_id, PostAttachment.index)
        .outerjoin(PostThumbnail, made)
        .where(
            PostAttachment.post_id > after,
            PostAttachment.content_type.in_(PICTURE_TYPES),
            PostThumbnail.post_id.is_(None),
        )
        .order_by(PostAttachment.post_id, PostAttachment.index)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def picture_of(session: Session, post_id: int, index: int) -> bytes | None:
    """The bytes of an attached picture; None where they are gone or too many."""
    post = session.get(Post, post_id)
    row = session.get(PostAttachment, (post_id, index))
    if post is None or row is None or post.raw is None or row.size > LARGEST_FILE:
        return None
    try:
        return attachment_content(load_raw(post.raw), index)[1]
    except LookupError:
        return None


def make_thumbnail(content: bytes) -> Thumbnail | None:
    """A small picture, made by a child that may use little memory and time."""
    try:
        done = subprocess.run(
            (sys.executable, "-m", "forum.picture_child"),
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    head, _line_end, webp = done.stdout.partition(b"\n")
    width, height = (int(number) for number in head.split())
    return Thumbnail(width, height, webp) if len(webp) <= LARGEST_ANSWER else None


def keep_thumbnail(session: Session, post_id: int, index: int, made: Thumbnail | None) -> None:
    """Store what was made, or that nothing could be; nothing where the file is gone meanwhile."""
    if session.get(PostAttachment, (post_id, index)) is None:
        return
    row = session.get(PostThumbnail, (post_id, index))
    if row is None:
        row = PostThumbnail(post_id=post_id, index=index)
        session.add(row)
    row.width, row.height = (made.width, made.height) if made else (0, 0)
    row.webp = made.webp if made else b""
    session.flush()
