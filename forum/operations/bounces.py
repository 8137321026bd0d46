"""Addresses whose mail comes back: counted, warned, stopped, and started again.

Nothing is lost: what a stopped address missed stands in the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from forum.domain.bounce_score import Standing, Step, after_bounce
from forum.domain.bounce_words import Failure
from forum.operations.audit import record
from forum.operations.deliveries import cancel_queued
from forum.operations.digests import cancel_digests
from forum.operations.notices import NoticeKind, notify
from forum.operations.tokens import new_secret
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList, RoleName
from forum.storage.mail import Notice, SendState
from forum.storage.people import (
    Account,
    Address,
    Subscription,
    SubscriptionState,
    administrators,
    in_charge,
)
from forum.storage.sending import BounceStanding

OWNERS_TOLD_AFTER: Final = timedelta(minutes=15)
"""What stops meanwhile goes into the same mail."""


def count_bounce(
    session: Session, subscription: Subscription, failure: Failure, reply: str, now: datetime
) -> Step:
    """Count what came back from a subscription's address, and warn it where that is due.

    Args:
        reply: What the other side said, in one line.
    """
    standing = _standing(session, subscription)
    standing.last_reply = reply
    if standing.stopped_at is not None:
        return Step.NOTHING
    known = Standing(standing.score, standing.counted_at, standing.probed_at)
    counted, step = after_bounce(known, failure, now)
    standing.score, standing.counted_at = counted.score, counted.counted_at
    if step is Step.PROBE:
        standing.probed_at, standing.probe_token = now, new_secret()
        notify(
            session,
            NoticeKind.BOUNCE_PROBE,
            subscription.address.email,
            subscription.language,
            now,
            mailing_list=subscription.mailing_list,
            token=subscription.token,
            probe_token=standing.probe_token,
            reply=reply or "-",
        )
    session.flush()
    return step


def warned_by(session: Session, token: str) -> BounceStanding | None:
    """The address that was sent the warning whose return path bears this token."""
    return session.scalar(
        select(BounceStanding)
        .where(BounceStanding.probe_token == token.strip().lower())
        .with_for_update(of=BounceStanding)
    )


def stop(session: Session, standing: BounceStanding, reply: str, now: datetime) -> None:
    """Send nothing more to an address whose warning came back; tell the owners."""
    subscription = standing.subscription
    standing.probe_token, standing.stopped_at = None, now
    standing.last_reply = reply or standing.last_reply
    subscription.state = SubscriptionState.BOUNCING
    cancel_queued(session, subscription)
    cancel_digests(session, subscription)
    email, mailing_list = subscription.address.email, subscription.mailing_list
    record(session, "bounce", email, now, mailing_list=mailing_list, reply=standing.last_reply)
    for account in owners_of(session, mailing_list):
        _tell_owner(session, account, mailing_list, f"- {email}\n  {standing.last_reply}", now)
    session.flush()


def resume(
    session: Session, subscription: Subscription, now: datetime, account: Account | None = None
) -> int:
    """Send to a stopped address again; gives how many posts it missed.

    Args:
        account: Who decided.
    """
    missed = missed_posts(session, subscription)
    clear(session, subscription)
    subscription.state = SubscriptionState.ACTIVE
    target, mailing_list = subscription.address.email, subscription.mailing_list
    record(session, "resume", target, now, account=account, mailing_list=mailing_list)
    return missed


def clear(session: Session, subscription: Subscription) -> None:
    """Forget what came back: its holder has shown that mail arrives."""
    session.execute(delete(BounceStanding).where(BounceStanding.subscription_id == subscription.id))


def heard_from(session: Session, email: str) -> None:
    """Forget what came back from an address that writes to us; what is stopped stays so."""
    own = (
        select(Subscription.id)
        .join(Address, Address.id == Subscription.address_id)
        .where(Address.email == email.lower())
    )
    session.execute(
        delete(BounceStanding)
        .where(BounceStanding.subscription_id.in_(own), BounceStanding.stopped_at.is_(None))
        .execution_options(synchronize_session=False)
    )


def stopped_of(session: Session, mailing_list: MailingList) -> Sequence[BounceStanding]:
    """The addresses of a list to which nothing is sent, the newest first."""
    return session.scalars(
        select(BounceStanding)
        .join(Subscription)
        .where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.state == SubscriptionState.BOUNCING,
        )
        .options(joinedload(BounceStanding.subscription).joinedload(Subscription.address))
        .order_by(BounceStanding.stopped_at.desc(), BounceStanding.subscription_id)
    ).all()


def missed_posts(session: Session, subscription: Subscription) -> int:
    """How many posts a stopped address was not sent."""
    standing = session.get(BounceStanding, subscription.id)
    if standing is None or standing.stopped_at is None:
        return 0
    counted = select(func.count(Post.id)).where(
        Post.mailing_list_id == subscription.mailing_list_id,
        Post.state == PostState.VISIBLE,
        Post.arrived_at > standing.stopped_at,
    )
    return session.scalar(counted) or 0


def owners_of(session: Session, mailing_list: MailingList) -> Sequence[Account]:
    """Who answers for a list: its owners, else the site's administrators."""
    owners = in_charge(session, mailing_list.id, (RoleName.OWNER,))
    return owners or administrators(session)


def _standing(session: Session, subscription: Subscription) -> BounceStanding:
    found = session.get(BounceStanding, subscription.id, with_for_update=True)
    if found is None:
        found = BounceStanding(subscription_id=subscription.id, score=0.0, last_reply="")
        session.add(found)
    return found


def _tell_owner(
    session: Session, account: Account, mailing_list: MailingList, line: str, now: datetime
) -> None:
    """One mail for all that stop within some minutes."""
    waiting = session.scalar(
        select(Notice)
        .where(
            Notice.kind == NoticeKind.BOUNCE_STOPPED,
            Notice.recipient == account.email,
            Notice.mailing_list_id == mailing_list.id,
            Notice.state == SendState.QUEUED,
            Notice.attempts == 0,
        )
        .with_for_update(of=Notice, skip_locked=True)
        .limit(1)
    )
    if waiting is not None:
        waiting.params = waiting.params | {"addresses": f"{waiting.params['addresses']}\n{line}"}
        return
    notice = notify(
        session,
        NoticeKind.BOUNCE_STOPPED,
        account.email,
        account.language,
        now,
        mailing_list=mailing_list,
        addresses=line,
    )
    notice.due_at = now + OWNERS_TOLD_AFTER
