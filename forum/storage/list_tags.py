"""The tags of a list's threads: counted again only when something in the database has changed."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.storage.archive import Thread
from forum.storage.browsing import SHOWN
from forum.storage.list_sizes import kept_values

MOST_TAGS: Final = 60
"""So many are offered; the rarer ones of a list that has more are found by the search."""
_KEPT: Final = "passerelle_list_tags"


def tags_of_list(session: Session, list_id: int) -> tuple[str, ...]:
    """The tags that most threads of a list bear, by name; the reader may see the list."""
    known: dict[int, tuple[str, ...]] = kept_values(session, _KEPT)
    if list_id not in known:
        known[list_id] = _most_used(session, list_id)
    return known[list_id]


def _most_used(session: Session, list_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(Thread.tags, func.count())
        .where(Thread.mailing_list_id == list_id, SHOWN, Thread.tags != "")
        .group_by(Thread.tags)
    )
    threads: Counter[str] = Counter()
    for tags, number in rows:
        for tag in filter(None, tags.split(",")):
            threads[tag] += number
    return tuple(sorted(tag for tag, _number in threads.most_common(MOST_TAGS)))
