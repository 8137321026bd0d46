"""The text of attachments: read in a process of its own, kept, and given to the index."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from forum.domain.file_text import LARGEST_FILE, NotReadableError, kind_of, text_of
from forum.domain.message import attachment_content
from forum.operations.raw import load_raw, newest_raw
from forum.storage.archive import Post, PostAttachment, PostState
from forum.storage.attachment_text import AttachmentText, Outcome
from forum.storage.mail import IndexQueue

SECONDS: Final = 20
MEMORY_BYTES: Final = 1_000_000_000
_NOT_READABLE: Final = 3


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """An attachment whose text was not read yet."""

    post_id: int
    index: int
    filename: str
    content_type: str
    size: int
    """Bytes."""


def files_without(session: Session, after: int, limit: int) -> list[WaitingFile]:
    """Attachments of posts behind one, whose text was not read yet, the oldest first."""
    rows = session.execute(
        select(
            PostAttachment.post_id,
            PostAttachment.index,
            PostAttachment.filename,
            PostAttachment.content_type,
            PostAttachment.size,
        )
        .join(Post, Post.id == PostAttachment.post_id)
        .outerjoin(
            AttachmentText,
            (AttachmentText.post_id == PostAttachment.post_id)
            & (AttachmentText.index == PostAttachment.index),
        )
        .where(
            PostAttachment.post_id > after,
            Post.state != PostState.REMOVED,
            or_(AttachmentText.post_id.is_(None), AttachmentText.size != PostAttachment.size),
        )
        .order_by(PostAttachment.post_id, PostAttachment.index)
        .limit(limit)
    )
    return [WaitingFile(*row) for row in rows]


def content_of(session: Session, post_id: int, index: int) -> bytes | None:
    """The bytes of an attachment; None where they are gone."""
    post = session.get(Post, post_id)
    kept = newest_raw(session, post) if post is not None else None
    if kept is None:
        return None
    try:
        return attachment_content(load_raw(kept), index)[1]
    except LookupError:
        return None


def read_apart(kind: str, content: bytes, seconds: float = SECONDS) -> tuple[Outcome, str]:
    """Read a file in a process of its own, which has so long and so much memory.

    A file that takes more, or that ends the process, has failed; nothing else is harmed.
    """
    if len(content) > LARGEST_FILE:
        return Outcome.TOO_LARGE, ""
    try:
        done = subprocess.run(  # noqa: S603  (our own module, and a word of ours)
            [sys.executable, "-B", "-m", "forum.operations.attachment_text", kind],
            input=content,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome.FAILED, ""
    if done.returncode:
        return Outcome.FAILED, ""
    text = done.stdout.decode("utf-8", "replace")
    return (Outcome.READ, text) if text.strip() else (Outcome.EMPTY, "")


def keep_text(
    session: Session, file: WaitingFile, outcome: Outcome, text: str, now: datetime
) -> None:
    """Keep what was read; the post is indexed again where there is something."""
    if session.get(Post, file.post_id) is None:
        return
    session.merge(
        AttachmentText(
            post_id=file.post_id,
            index=file.index,
            size=file.size,
            outcome=outcome,
            text=text,
            made_at=now,
        )
    )
    if text:
        session.add(IndexQueue(post_id=file.post_id, queued_at=now))
    session.flush()


def main() -> int:
    """Read the file on the standard input, of the kind that is named; its text goes out."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # It writes no file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        text = text_of(sys.argv[1], sys.stdin.buffer.read())
    except (NotReadableError, RecursionError, MemoryError):
        return _NOT_READABLE
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


__all__ = ["content_of", "files_without", "keep_text", "kind_of", "read_apart"]

if __name__ == "__main__":
    sys.exit(main())
