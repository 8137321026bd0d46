"""Translations of posts: what people wrote of a post in another language, each version kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post
from forum.storage.base import Base, Key, Short
from forum.storage.people import Account


class PostTranslation(Base):
    """A post's own text in another language, as somebody left it.

    Of a language the newest version that stands is shown; one without text takes it away.
    """

    __tablename__ = "post_translation"
    __table_args__ = (Index("ix_post_translation_post", "post_id", "language"),)

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    language: Mapped[Short]
    """fr, en or es."""
    text: Mapped[str]
    """Markdown."""
    html: Mapped[str]
    """As members read it; safe, made once."""
    public_html: Mapped[str | None]
    """As anonymous readers read it, addresses masked; None where it is the same."""
    corrections: Mapped[int] = mapped_column(default=0)
    """`Post.corrections` of the text that was translated: a higher one was changed since."""
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    written_at: Mapped[datetime]
    stands: Mapped[bool] = mapped_column(default=True)
    """False once it was taken back."""

    post: Mapped[Post] = relationship()
    account: Mapped[Account | None] = relationship()

    @property
    def translator(self) -> str:
        """The name of who wrote it; empty where that is not known any more."""
        return self.account.name if self.account else ""


def current_translations(
    session: Session, post_ids: Collection[int]
) -> dict[int, dict[str, PostTranslation]]:
    """What is shown of posts in other languages, by post and language."""
    if not post_ids:
        return {}
    rows = session.scalars(
        select(PostTranslation)
        .where(PostTranslation.post_id.in_(sorted(post_ids)), PostTranslation.stands)
        .order_by(PostTranslation.id)
    )
    newest = {(row.post_id, row.language): row for row in rows}
    found: dict[int, dict[str, PostTranslation]] = {}
    for (post_id, language), row in newest.items():
        if row.text:
            found.setdefault(post_id, {})[language] = row
    return found


def translations_of(session: Session, post_id: int, language: str) -> list[PostTranslation]:
    """All versions in a language, newest first, also those that were taken back."""
    return list(
        session.scalars(
            select(PostTranslation)
            .where(PostTranslation.post_id == post_id, PostTranslation.language == language)
            .order_by(PostTranslation.id.desc())
        )
    )
