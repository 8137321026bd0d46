"""What people write beside posts and threads in versions: each is kept, one stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from forum.storage.base import Key, Short
from forum.storage.people import Account


class Version:
    """A text in one language, as somebody left it.

    Of a language the newest version that stands is shown; one without text takes it away.
    """

    id: Mapped[Key]
    language: Mapped[Short]
    """fr, en or es."""
    text: Mapped[str]
    """Markdown."""
    html: Mapped[str]
    """As members read it; safe, made once."""
    public_html: Mapped[str | None]
    """As anonymous readers read it, addresses masked; None where it is the same."""
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    written_at: Mapped[datetime]
    stands: Mapped[bool] = mapped_column(default=True)
    """False once it was taken back."""

    @declared_attr
    @classmethod
    def account(cls) -> Mapped[Account | None]:
        """Who wrote it; None where that is not known any more."""
        return relationship(Account)

    @property
    def author(self) -> str:
        """The name of who wrote it; empty where that is not known any more."""
        return self.account.name if self.account else ""

    def html_for(self, *, masked: bool) -> str:
        """As a reader sees it.

        Args:
            masked: Whether mail addresses are hidden from them.
        """
        return self.public_html if masked and self.public_html is not None else self.html


V = TypeVar("V", bound=Version)


def newest_by_language(rows: Iterable[V]) -> dict[str, V]:
    """What is shown, by language.

    Args:
        rows: Those that stand of one thing, the oldest first.
    """
    newest = {row.language: row for row in rows}
    return {language: row for language, row in newest.items() if row.text}
