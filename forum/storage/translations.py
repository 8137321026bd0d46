"""Translations of posts: what people wrote of a post in another language, each version kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post
from forum.storage.base import Base
from forum.storage.browsing import read_columns
from forum.storage.people import Account, Author
from forum.storage.versions import Version, newest_by_language


class PostTranslation(Version, Base):
    """A post's own text in another language, as somebody left it."""

    __tablename__ = "post_translation"
    __table_args__ = (Index("ix_post_translation_post", "post_id", "language"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    corrections: Mapped[int] = mapped_column(default=0)
    """`Post.corrections` of the text that was translated: a higher one was changed since."""

    post: Mapped[Post] = relationship()

    @property
    def translator(self) -> str:
        """The name of who wrote it; empty where that is not known any more."""
        return self.author


@dataclass(frozen=True, slots=True)
class TranslationRow:
    """A translation as pages, the API and exports show it."""

    post_id: int
    language: str
    text: str
    html: str
    translator: str
    """Empty where it is not known any more."""
    written_at: datetime
    corrections: int


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
    standing: dict[int, list[PostTranslation]] = {}
    for row in rows:
        standing.setdefault(row.post_id, []).append(row)
    found = {post_id: newest_by_language(some) for post_id, some in standing.items()}
    return {post_id: shown for post_id, shown in found.items() if shown}


def translations_of(session: Session, post_id: int, language: str) -> list[PostTranslation]:
    """All versions in a language, newest first, also those that were taken back."""
    return list(
        session.scalars(
            select(PostTranslation)
            .where(PostTranslation.post_id == post_id, PostTranslation.language == language)
            .order_by(PostTranslation.id.desc())
        )
    )


def translation_rows(
    session: Session, post_ids: Sequence[int], languages: Collection[str], *, masked: bool
) -> dict[int, list[TranslationRow]]:
    """What is shown of posts in some languages, by post; asks nothing where there is no post.

    Args:
        masked: Whether mail addresses in the HTML are hidden from the reader.
    """
    found: dict[int, list[TranslationRow]] = {}
    if not post_ids:
        return found
    values = {"posts": list(post_ids), "languages": sorted(languages)}
    for row in read_columns(session, _rows(masked), **values):
        found.setdefault(row[0], []).append(TranslationRow(*row))
    return found


@cache
def _rows(masked: bool) -> Select[*tuple[Any, ...]]:
    html = PostTranslation.html
    newest = (
        select(func.max(PostTranslation.id))
        .where(
            PostTranslation.post_id.in_(bindparam("posts", expanding=True)),
            PostTranslation.language.in_(bindparam("languages", expanding=True)),
            PostTranslation.stands,
        )
        .group_by(PostTranslation.post_id, PostTranslation.language)
    )
    return (
        select(
            PostTranslation.post_id,
            PostTranslation.language,
            PostTranslation.text,
            func.coalesce(PostTranslation.public_html, html) if masked else html,
            func.coalesce(Author.name, ""),
            PostTranslation.written_at,
            PostTranslation.corrections,
        )
        .outerjoin(Account, Account.id == PostTranslation.account_id)
        .outerjoin(Author, Author.id == Account.author_id)
        .where(PostTranslation.id.in_(newest), PostTranslation.text != "")
        .order_by(PostTranslation.post_id, PostTranslation.language)
    )
