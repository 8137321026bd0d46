"""Everything that waits for a moderator: held messages and reported posts, in one order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from forum.storage.archive import Post, PostState
from forum.storage.curation import PostReport
from forum.storage.mail import HeldMessage, HeldState

REPORTED: Final = "reported"
"""The reason by which reported posts are found."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a queue is shown."""

    list_ids: frozenset[int]
    reason: str = ""
    """A code of `forum.domain.rules.Reason`, or `REPORTED`; empty: any."""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the queue."""

    held_id: int | None
    report_id: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What somebody has sent to lists before."""

    posts: int = 0
    waiting: int = 0
    refused: int = 0


def waiting(session: Session, wanted: Wanted, limit: int, offset: int = 0) -> list[Item]:
    """What waits, oldest first."""
    both = _both(wanted).subquery()
    rows = session.execute(
        select(both.c.held_id, both.c.report_id, both.c.since)
        .order_by(both.c.since, both.c.report_id, both.c.held_id)
        .limit(limit)
        .offset(offset)
    )
    return [Item(row.held_id or None, row.report_id or None, row.since) for row in rows]


def count_waiting(session: Session, wanted: Wanted) -> int:
    """How much waits."""
    return session.scalar(select(func.count()).select_from(_both(wanted).subquery())) or 0


def languages_waiting(session: Session, list_ids: Collection[int]) -> list[str]:
    """The languages of the held messages that wait."""
    rows = session.scalars(
        select(HeldMessage.language)
        .where(HeldMessage.mailing_list_id.in_(list_ids), HeldMessage.state == HeldState.HELD)
        .distinct()
        .order_by(HeldMessage.language)
    )
    return list(rows)


def histories(
    session: Session, author_ids: Collection[int], list_ids: Collection[int]
) -> dict[int, History]:
    """What authors have sent to the lists of a moderator."""
    written = session.execute(
        select(Post.author_id, func.count())
        .where(
            Post.author_id.in_(author_ids),
            Post.mailing_list_id.in_(list_ids),
            Post.state == PostState.VISIBLE,
        )
        .group_by(Post.author_id)
    )
    posts = {row[0]: row[1] for row in written}
    held = session.execute(
        select(HeldMessage.author_id, HeldMessage.state, func.count())
        .where(HeldMessage.author_id.in_(author_ids), HeldMessage.mailing_list_id.in_(list_ids))
        .group_by(HeldMessage.author_id, HeldMessage.state)
    )
    counts = {(author, state): number for author, state, number in held}
    return {
        author: History(
            posts=posts.get(author, 0),
            waiting=counts.get((author, HeldState.HELD), 0),
            refused=counts.get((author, HeldState.REJECTED), 0)
            + counts.get((author, HeldState.DISCARDED), 0),
        )
        for author in author_ids
    }


def _both(wanted: Wanted) -> Any:
    held = select(
        HeldMessage.id.label("held_id"),
        literal(0).label("report_id"),
        HeldMessage.held_at.label("since"),
    ).where(HeldMessage.mailing_list_id.in_(wanted.list_ids), HeldMessage.state == HeldState.HELD)
    reports = (
        select(
            literal(0).label("held_id"),
            PostReport.id.label("report_id"),
            PostReport.reported_at.label("since"),
        )
        .join(Post, Post.id == PostReport.post_id)
        .where(
            PostReport.settled_at.is_(None),
            Post.mailing_list_id.in_(wanted.list_ids),
            Post.state != PostState.REMOVED,
        )
    )
    if wanted.language:
        held = held.where(HeldMessage.language == wanted.language)
        reports = reports.where(Post.language == wanted.language)
    if wanted.reason == REPORTED:
        return reports
    if wanted.reason:
        # A code in the JSON array of reasons; codes hold neither quotes nor wildcards.
        return held.where(cast(HeldMessage.reasons, String).contains(f'"{wanted.reason}"'))
    return union_all(held, reports)
