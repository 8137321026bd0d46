"""Correcting a person's name wherever it is shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.operations.accounts import check_name
from forum.operations.audit import record
from forum.storage.archive import Post
from forum.storage.mail import IndexQueue
from forum.storage.people import Account, Author


def rename(
    session: Session, author: Author, name: str, now: datetime, account: Account | None = None
) -> int:
    """Correct a person's name wherever they wrote; gives on how many posts.

    The stored messages stay as they came; a name that is corrected is not taken from mail again.

    Raises:
        AccountError: it is no name.
    """
    author.name, author.named_at = check_name(name), now
    author.name_is_corrected = True
    keys = session.scalars(select(Post.id).where(Post.author_id == author.id)).all()
    session.execute(update(Post).where(Post.author_id == author.id).values(author_name=author.name))
    session.add_all(IndexQueue(post_id=key, queued_at=now) for key in keys)
    # Not the name: it may be what was wrong.
    record(session, "rename", f"person {author.id}", now, account=account)
    session.flush()
    return len(keys)
