"""Searches that people keep."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.query import LONGEST_QUERY, parse
from forum.storage.archive import Post
from forum.storage.people import Account
from forum.storage.saved_searches import SavedSearch, Told

MOST: Final = 50
"""Of one account."""


class SearchNotSavedError(ValueError):
    """It asks for nothing, or there are too many."""


def save_search(
    session: Session, account: Account, text: str, told: Told, now: datetime
) -> SavedSearch:
    """Keep a search; one that is kept already is told as is said now.

    New hits are those of posts stored from now on.

    Raises:
        SearchNotSavedError: it asks for nothing, is too long, or there are too many.
    """
    text = " ".join(text.split())
    if len(text) > LONGEST_QUERY or parse(text).root is None:
        raise SearchNotSavedError
    mine = SavedSearch.account_id == account.id
    known = session.scalar(select(SavedSearch).where(mine, SavedSearch.text == text))
    if known is not None:
        known.told = told
        return known
    if (session.scalar(select(func.count(SavedSearch.id)).where(mine)) or 0) >= MOST:
        raise SearchNotSavedError
    saved = SavedSearch(
        account_id=account.id,
        text=text,
        told=told,
        token=secrets.token_urlsafe(32),
        seen_to=session.scalar(select(func.max(Post.id))) or 0,
        told_at=now,
        created_at=now,
    )
    session.add(saved)
    session.flush()
    return saved
