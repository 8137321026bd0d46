"""Both sides of a mirrored list compared: what is seen on both, what waits, what is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from forum.domain.thread_index import INDEX_PREFIX
from forum.domain.values import Source
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, SendState
from forum.storage.mirror import MirrorDelivery, MirrorNotice, MirrorSighting

WAITED_FOR: Final = timedelta(hours=1)
"""How long a post may be on its way before people are told that it has not come back."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the two sides stand to one another, in posts."""

    both: int
    """Seen on both sides: they came from there, or came back from there."""
    waiting: int
    """Ours, that have not come back yet."""
    missing: int
    """Of the outside list, that we do not hold."""
    duplicates: int
    """Copies that were recognised and are one post."""

    def as_dict(self) -> dict[str, int]:
        """By name, for JSON."""
        return {
            "both": self.both,
            "waiting": self.waiting,
            "missing": self.missing,
            "duplicates": self.duplicates,
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post that has not come back from the outside list, and what is known of why."""

    delivery: MirrorDelivery
    post: Post
    notices: tuple[MirrorNotice, ...]
    """What the outside list or a mail server said about it, oldest first."""


def status(
    session: Session,
    mailing_list: MailingList,
    *,
    also_both: Collection[int] = (),
    also_missing: Collection[str] = (),
    also_duplicates: int = 0,
) -> Status:
    """Compare both sides.

    Args:
        also_both: Posts that an archive of the outside list holds too.
        also_missing: Message-IDs that stand in it and not here.
        also_duplicates: Copies in it of what it holds already.
    """
    seen = _seen(session, mailing_list, also_both)
    sightings, posts = session.execute(
        select(
            func.count(MirrorSighting.id), func.count(func.distinct(MirrorSighting.post_id))
        ).where(MirrorSighting.mailing_list_id == mailing_list.id)
    ).one()
    return Status(
        both=seen,
        waiting=session.scalar(select(func.count()).where(_is_waiting(mailing_list))) or 0,
        missing=len({*missing_ids(session, mailing_list), *also_missing}),
        duplicates=sightings - posts + also_duplicates,
    )


def missing_ids(session: Session, mailing_list: MailingList) -> list[str]:
    """Message-IDs that posts refer to and none here bears."""
    found = session.scalars(
        select(MessageLink.message_id)
        .where(
            MessageLink.mailing_list_id == mailing_list.id,
            MessageLink.post_id.is_(None),
            # What Outlook numbers its answers by is no Message-ID.
            MessageLink.message_id.not_like(f"{INDEX_PREFIX}%"),
        )
        .order_by(MessageLink.message_id)
    )
    return list(found)


def held_number(session: Session, mailing_list: MailingList) -> int:
    """How many messages of a list await a moderator: they are on neither count of `status`."""
    held = (HeldMessage.mailing_list_id == mailing_list.id) & (HeldMessage.state == HeldState.HELD)
    return session.scalar(select(func.count(HeldMessage.id)).where(held)) or 0


def waiting(
    session: Session, mailing_list: MailingList, now: datetime, limit: int = 100
) -> list[Waiting]:
    """Posts that went out more than an hour ago, or were given up, and have not come back."""
    rows = session.scalars(
        select(MirrorDelivery)
        .where(_is_waiting(mailing_list), _is_late(now))
        .options(joinedload(MirrorDelivery.post))
        .order_by(MirrorDelivery.queued_at, MirrorDelivery.id)
        .limit(limit)
    ).all()
    notices = notices_about(session, [row.post_id for row in rows if row.post_id])
    return [
        Waiting(row, row.post, tuple(notices.get(row.post.id, ())))
        for row in rows
        if row.post is not None
    ]


def deliveries_of(session: Session, post_ids: Sequence[int]) -> dict[int, MirrorDelivery]:
    """How posts went out to an outside list, by post; those that did not are left out."""
    rows = session.scalars(
        select(MirrorDelivery).where(
            MirrorDelivery.post_id.in_(post_ids), MirrorDelivery.state != SendState.CANCELLED
        )
    )
    return {row.post_id: row for row in rows if row.post_id is not None}


def notices_about(session: Session, post_ids: Sequence[int]) -> dict[int, list[MirrorNotice]]:
    """What the outside list said about posts, oldest first."""
    found: dict[int, list[MirrorNotice]] = {}
    rows = session.scalars(
        select(MirrorNotice)
        .where(MirrorNotice.post_id.in_(post_ids))
        .options(joinedload(MirrorNotice.incoming))
        .order_by(MirrorNotice.id)
    )
    for row in rows:
        if row.post_id is not None:
            found.setdefault(row.post_id, []).append(row)
    return found


def is_late(delivery: MirrorDelivery, now: datetime) -> bool:
    """Whether people are to be told that a post has not come back."""
    if delivery.came_back_at is not None:
        return False
    return delivery.state == SendState.FAILED or delivery.queued_at <= now - WAITED_FOR


def _is_late(now: datetime) -> ColumnElement[bool]:
    return or_(
        MirrorDelivery.state == SendState.FAILED, MirrorDelivery.queued_at <= now - WAITED_FOR
    )


def _is_waiting(mailing_list: MailingList) -> Any:
    return (
        (MirrorDelivery.mailing_list_id == mailing_list.id)
        & MirrorDelivery.post_id.is_not(None)
        & MirrorDelivery.came_back_at.is_(None)
        & (MirrorDelivery.state != SendState.CANCELLED)
    )


def _seen(session: Session, mailing_list: MailingList, also: Collection[int]) -> int:
    """How many posts are seen on both sides; what was imported came from the outside archive."""
    rows = session.scalars(
        select(Post.id)
        .outerjoin(MirrorSighting, MirrorSighting.post_id == Post.id)
        .where(
            Post.mailing_list_id == mailing_list.id,
            or_(MirrorSighting.id.is_not(None), Post.source == Source.IMPORT),
        )
        .distinct()
    )
    return len({*rows, *also})
