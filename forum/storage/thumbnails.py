"""Small pictures of attached ones, made by the worker and never while somebody reads."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from forum.storage.base import Base


class PostThumbnail(Base):
    """A small picture of an attachment; without one where none could be made of it."""

    __tablename__ = "thumbnail"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True)
    """0-based: the n of the attachment's address."""
    width: Mapped[int]
    """Pixels; 0 where there is no picture."""
    height: Mapped[int]
    webp: Mapped[bytes] = mapped_column(deferred=True)
