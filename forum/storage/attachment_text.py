"""The text inside attachments, for the search."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from forum.storage.base import Base, Short


class Outcome(StrEnum):
    """What became of reading a file."""

    READ = "read"
    EMPTY = "empty"
    """No text in it: a scanned page."""
    TOO_LARGE = "too-large"
    FAILED = "failed"


class AttachmentText(Base):
    """What was read in an attachment; derived from the stored bytes, made by the worker."""

    __tablename__ = "attachment_text"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True)
    """0-based: the n of the attachment's address."""
    size: Mapped[int]
    """Of the file that was read, bytes: another one is read anew."""
    outcome: Mapped[Short]
    text: Mapped[str]
    made_at: Mapped[datetime]
