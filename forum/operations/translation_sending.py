"""Translations of posts are mailed to those who read their language and not the post's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from forum.domain.recipients import Recipient, recipients
from forum.domain.values import Source
from forum.operations.deliveries import queue_copies
from forum.operations.publishing import add_alias
from forum.operations.recipients import candidates_of, occasion_of
from forum.operations.translated import message_id_of
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, DigestItem, SendState
from forum.storage.people import Account, Address, Subscription
from forum.storage.post_rows import languages_of_post
from forum.storage.translations import PostTranslation

MAILED_FOR: Final = timedelta(days=30)
"""Of a post that came earlier a translation is not mailed: it stands on the site."""


def count_for_translation(
    session: Session, post: Post, language: str, now: datetime, account: Account | None
) -> int:
    """To how many people a first translation of a post into a language would be mailed.

    Args:
        account: Of who translates, and gets none.
    """
    if _was_kept(session, post.id, language, but=0):
        return 0
    return len(_chosen(session, post, language, now, account))


def queue_translation(
    session: Session,
    translation: PostTranslation,
    now: datetime,
    *,
    delay: timedelta = timedelta(0),
) -> int:
    """Queue a post's translation for who reads its language; gives to how many people it goes.

    The first of a language alone: what is written anew later is not mailed again. Whatever is
    newest when the mail leaves is sent. On mirrored lists it goes to this site's subscribers.

    Args:
        translation: Flushed.
        delay: How long its mailing waits, so that it can be undone.
    """
    post, language = translation.post, translation.language
    if not translation.text or _was_kept(session, post.id, language, but=translation.id):
        return 0
    chosen = _chosen(session, post, language, now, translation.account)
    if chosen:
        # An answer to the translation is an answer to the post.
        add_alias(session, post, message_id_of(session, post, language))
        queue_copies(session, post, chosen, now, delay=delay, translation=language)
    return len(chosen)


def cancel_translation(session: Session, translation: PostTranslation) -> bool:
    """Take back what waits of a translation that was undone; False where some has left already.

    Where an earlier one stands in its place that is sent instead. An answer to what has left is
    an answer to the post all the same.
    """
    post_id, language = translation.post_id, translation.language
    if _stands_without(session, translation):
        return True
    # Deleted and not marked, so that a translation that is written later goes to the same people.
    session.execute(
        delete(Delivery)
        .where(
            Delivery.post_id == post_id,
            Delivery.translation == language,
            Delivery.state.in_((SendState.QUEUED, SendState.CANCELLED)),
        )
        .execution_options(synchronize_session=False)
    )
    unsent = select(DigestDelivery.id).where(DigestDelivery.state == SendState.QUEUED)
    session.execute(
        delete(DigestItem)
        .where(
            DigestItem.post_id == post_id,
            DigestItem.translation == language,
            or_(DigestItem.digest_id.is_(None), DigestItem.digest_id.in_(unsent)),
        )
        .execution_options(synchronize_session=False)
    )
    return not has_left(session, post_id, language)


def _chosen(
    session: Session, post: Post, language: str, now: datetime, account: Account | None
) -> list[Recipient]:
    """Whom a translation is mailed to: by the rule for posts, person by person."""
    own = frozenset(languages_of_post(session, post))
    if language in own or not _is_recent(post, now):
        return []
    needs_none = _have_one(session, post.id) | ({account.author_id} if account else frozenset())
    occasion = replace(
        occasion_of(session, post, ()),
        has_copy=needs_none, translation=language, own_languages=own,
    )  # fmt: skip
    here = candidates_of(session, post.mailing_list, now)
    outside = _addresses_outside(post.mailing_list)
    return recipients([one for one in here if one.email not in outside], occasion)


def _addresses_outside(mailing_list: MailingList) -> frozenset[str]:
    """Those of an outside list, which may be subscribed here and is sent no translations."""
    both = (mailing_list.upstream_address, mailing_list.bridge_address)
    return frozenset(one.lower() for one in both if one)


def _is_recent(post: Post, now: datetime) -> bool:
    """Whether a post was mailed itself, and not long ago: nobody wants mail about old archives."""
    is_mailed = post.state == PostState.VISIBLE and post.source != Source.IMPORT
    return is_mailed and post.arrived_at > now - MAILED_FOR


def _was_kept(session: Session, post_id: int, language: str, *, but: int) -> bool:
    """Whether there was a translation into a language before that was not taken back."""
    earlier = select(PostTranslation.id).where(
        PostTranslation.post_id == post_id,
        PostTranslation.language == language,
        PostTranslation.stands,
        PostTranslation.text != "",
        PostTranslation.id != but,
    )
    return session.scalar(earlier.limit(1)) is not None


def _stands_without(session: Session, translation: PostTranslation) -> bool:
    """Whether another version is shown once this one is taken back."""
    newest = session.scalar(
        select(PostTranslation.text)
        .where(
            PostTranslation.post_id == translation.post_id,
            PostTranslation.language == translation.language,
            PostTranslation.stands,
            PostTranslation.id != translation.id,
        )
        .order_by(PostTranslation.id.desc())
        .limit(1)
    )
    return bool(newest)


def _have_one(session: Session, post_id: int) -> frozenset[int]:
    """The people to whom some translation of a post was sent, or is to be."""
    found: set[int] = set()
    for kind in (Delivery, DigestItem):
        query = (
            select(Address.author_id)
            .join(Subscription, Subscription.address_id == Address.id)
            .join(kind, kind.subscription_id == Subscription.id)
            .where(kind.post_id == post_id, kind.translation != "")
        )
        found |= set(session.scalars(query))
    return frozenset(found)


def has_left(session: Session, post_id: int, language: str) -> bool:
    """Whether somebody was sent a post's translation into a language, or is being sent it."""
    waits = (SendState.QUEUED, SendState.CANCELLED)
    alone = select(Delivery.id).where(
        Delivery.post_id == post_id,
        Delivery.translation == language,
        Delivery.state.not_in(waits),
    )
    in_digest = (
        select(DigestItem.id)
        .join(DigestDelivery, DigestDelivery.id == DigestItem.digest_id)
        .where(
            DigestItem.post_id == post_id,
            DigestItem.translation == language,
            DigestDelivery.state.not_in(waits),
        )
    )
    return any(session.scalar(query.limit(1)) is not None for query in (alone, in_digest))
