"""Which posts go into whose digest, and when one is made of those that wait.

A post that is published writes an item for each subscription that reads digests. A digest takes
the items that wait, in one transaction with its own row in the queue: a killed process leaves
either both or neither, so nothing is missed and nothing goes out twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from forum.domain.digest_schedule import Rhythm, last_slot
from forum.operations.translated import Mailed, translated_posts
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import DigestDelivery, DigestItem, SendState
from forum.storage.people import DeliveryMode, Subscription, receives

POSTS_PER_DIGEST: Final = 100
"""What is more goes into a second mail."""

SUBSCRIPTIONS_AT_ONCE: Final = 200

SHOWN: Final = and_(
    Post.state == PostState.VISIBLE,
    # A post may have been moved to a list that the subscriber may not read.
    Post.mailing_list_id == Subscription.mailing_list_id,
    # Empty for the post itself, which every text holds.
    Post.translated_into.contains(DigestItem.translation),
)
"""Which items may stand in a mail to a subscription."""


def queue_digests(
    session: Session,
    now: datetime,
    *,
    mailing_list: MailingList | None = None,
    everything: bool = False,
) -> list[int]:
    """Make a digest, to be sent, of what waits for each subscription that is due.

    Who reads each post by now gets what still waits from before at once; for who wants bursts as
    one mail, `forum.operations.bursts` decides.

    Args:
        mailing_list: Of this list alone.
        everything: Without waiting for the hour.

    Returns:
        The numbers of the digests.
    """
    made: list[int] = []
    for found in _lists_with_waiting(session, mailing_list):
        for mode in (DeliveryMode.DAILY, DeliveryMode.WEEKLY, DeliveryMode.EACH):
            ready_by = now if everything else _ready_by(mode, now, found)
            due = _due_subscriptions(session, found, mode, ready_by, now)
            for start in range(0, len(due), SUBSCRIPTIONS_AT_ONCE):
                made += _fill(session, due[start : start + SUBSCRIPTIONS_AT_ONCE], now)
    return made


def keep_shown(session: Session, digest_ids: Sequence[int]) -> list[int]:
    """Take out of digests what was hidden, moved or taken back since; gives those that hold some.

    What was taken out waits again, for it may be restored. An empty digest is cancelled.
    """
    gone = (
        select(DigestItem.id)
        .join(Post)
        .join(Subscription, Subscription.id == DigestItem.subscription_id)
        .where(DigestItem.digest_id.in_(digest_ids), ~SHOWN)
    )
    session.execute(
        update(DigestItem)
        .where(DigestItem.id.in_(list(session.scalars(gone))))
        .values(digest_id=None)
        .execution_options(synchronize_session=False)
    )
    held = select(DigestItem.digest_id).where(DigestItem.digest_id.in_(digest_ids)).distinct()
    kept = set(session.scalars(held))
    session.execute(
        update(DigestDelivery)
        .where(DigestDelivery.id.in_([key for key in digest_ids if key not in kept]))
        .values(state=SendState.CANCELLED, claimed_until=None)
        .execution_options(synchronize_session=False)
    )
    return [key for key in digest_ids if key in kept]


def posts_of(session: Session, digest_id: int) -> list[Mailed]:
    """What a digest holds that may be shown: thread by thread, the oldest first.

    A translation stands where its post would, or behind it.
    """
    query = (
        select(Post, DigestItem.translation)
        .join(DigestItem, DigestItem.post_id == Post.id)
        .join(Subscription, Subscription.id == DigestItem.subscription_id)
        .where(DigestItem.digest_id == digest_id, SHOWN)
        .options(
            joinedload(Post.mailing_list), joinedload(Post.thread), joinedload(Post.raw),
            joinedload(Post.author), selectinload(Post.attachments),
        )
        .order_by(Post.date, Post.id)
    )  # fmt: skip
    rows: list[tuple[Post, str]] = [(post, language) for post, language in session.execute(query)]
    threads = {post.thread_id: place for place, (post, _) in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: (threads[row[0].thread_id], row[0].position, row[1]))
    translated = translated_posts(session, [(post, code) for post, code in rows if code])
    found = [translated.get((post.id, code)) if code else post for post, code in rows]
    return [one for one in found if one is not None]


def cancel_digests(session: Session, subscription: Subscription) -> None:
    """Forget what waits for a subscription: its holder wants no mail."""
    session.execute(
        delete(DigestItem).where(
            DigestItem.subscription_id == subscription.id, DigestItem.digest_id.is_(None)
        )
    )
    session.execute(
        update(DigestDelivery)
        .where(
            DigestDelivery.subscription_id == subscription.id,
            DigestDelivery.state == SendState.QUEUED,
        )
        .values(state=SendState.CANCELLED)
    )


def _lists_with_waiting(session: Session, only: MailingList | None) -> Sequence[MailingList]:
    waiting = (
        select(Subscription.mailing_list_id)
        .join(DigestItem, DigestItem.subscription_id == Subscription.id)
        .where(DigestItem.digest_id.is_(None))
    )
    query = select(MailingList).where(
        MailingList.id.in_(waiting), MailingList.outgoing_stopped.is_(False)
    )
    if only is not None:
        query = query.where(MailingList.id == only.id)
    return session.scalars(query.order_by(MailingList.id)).all()


def _ready_by(mode: DeliveryMode, now: datetime, mailing_list: MailingList) -> datetime:
    if mode == DeliveryMode.EACH:
        return now
    return last_slot(Rhythm(mode), now, mailing_list.time_zone, mailing_list.digest_hour)


def _waiting(ready_by: datetime) -> ColumnElement[bool]:
    return and_(DigestItem.digest_id.is_(None), DigestItem.ready_at <= ready_by)


def _due_subscriptions(
    session: Session, mailing_list: MailingList, mode: str, ready_by: datetime, now: datetime
) -> Sequence[int]:
    """Those with something that was ready by then; locked, so that two workers share them."""
    something = (
        select(DigestItem.id)
        .join(Post)
        .where(DigestItem.subscription_id == Subscription.id, _waiting(ready_by), SHOWN)
        .correlate(Subscription)
        .exists()
    )
    query = (
        select(Subscription.id)
        .where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.delivery == mode,
            or_(Subscription.delivery != DeliveryMode.EACH, Subscription.bursts.is_(False)),
            receives(now),
            something,
        )
        .order_by(Subscription.id)
        # PostgreSQL: posts may be published meanwhile, but no other worker makes these digests.
        .with_for_update(skip_locked=True, key_share=True, of=Subscription)
    )
    return session.scalars(query).all()


def _fill(session: Session, subscription_ids: Sequence[int], now: datetime) -> list[int]:
    """Put all that is ready into digests; read after the lock, so that none is taken twice."""
    query = (
        select(DigestItem.subscription_id, DigestItem.id)
        .join(Post)
        .join(Subscription, Subscription.id == DigestItem.subscription_id)
        .where(Subscription.id.in_(subscription_ids), _waiting(now), SHOWN)
        .order_by(DigestItem.subscription_id, Post.date, Post.id)
    )
    filled: list[tuple[DigestDelivery, list[int]]] = []
    for key, rows in groupby(session.execute(query), key=lambda row: row[0]):
        items = [row[1] for row in rows]
        for start in range(0, len(items), POSTS_PER_DIGEST):
            digest = DigestDelivery(subscription_id=key, due_at=now, queued_at=now)
            filled.append((digest, items[start : start + POSTS_PER_DIGEST]))
    session.add_all(digest for digest, _ in filled)
    session.flush()
    values = [{"id": item, "digest_id": digest.id} for digest, some in filled for item in some]
    if values:
        session.execute(update(DigestItem), values)
    return [digest.id for digest, _ in filled]
