"""Checks of the queues: what waits too long, what failed, what is held back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forum.operations.limits import held_by_limits
from forum.storage.archive import Post
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import (
    Delivery,
    DigestDelivery,
    HeldMessage,
    HeldState,
    Incoming,
    IncomingState,
    Notice,
    SendState,
)
from forum.storage.people import Subscription, SubscriptionState, receives
from forum.storage.sending import current_fault
from mailbridge.findings import Finding, failure, ok, warning

LATE: Final = timedelta(minutes=10)
RECENT: Final = timedelta(days=7)
_WAITING: Final = (SendState.QUEUED, SendState.SENDING)


def incoming(session: Session, now: datetime) -> Iterator[Finding]:
    """Mail that came in and was not dealt with."""
    failed = _count(session, Incoming.id, Incoming.state == IncomingState.FAILED)
    if failed:
        yield warning(
            "mail in", f"{failed} messages could not be processed; their bytes are kept",
            "Look at 'passerelle mail log --state failed', and try 'passerelle mail retry ID'.",
        )  # fmt: skip
    left = _count(
        session,
        Incoming.id,
        Incoming.state == IncomingState.RECEIVED,
        Incoming.received_at < now - LATE,
    )
    if left:
        yield warning(
            "mail in", f"{left} messages were taken in and not processed",
            "Start 'passerelle worker', which takes them up again.",
        )  # fmt: skip
    held = _count(session, HeldMessage.id, HeldMessage.state == HeldState.HELD)
    if not failed and not left:
        yield ok("mail in", f"all processed; {held} held for moderators")


def outgoing(session: Session, now: datetime) -> Iterator[Finding]:
    """Mail that should have left, and whether anybody sends it."""
    fault = current_fault(session)
    if fault is not None:
        yield failure(
            "mail out", f"the smarthost takes nothing since {fault.since:%Y-%m-%d %H:%M} UTC: "
            f"{fault.reply}", "Repair SMARTHOST; the queue is kept, and leaves by itself.",
        )  # fmt: skip
    waiting, oldest = _waiting(session, now)
    failed = _failed(session, now)
    told = f"{waiting} waiting, {failed} given up in the last week"
    if fault is None and oldest is not None and oldest < now - LATE:
        yield warning(
            "mail out", f"{told}; the oldest is due since {oldest:%Y-%m-%d %H:%M} UTC",
            "See that 'passerelle worker' runs, and whether a limit holds mail back.",
        )  # fmt: skip
    else:
        yield ok("mail out", told)


def limits(
    session: Session, hourly_limits: tuple[int, int] | None, now: datetime
) -> Iterator[Finding]:
    """Limits that hold mail back: it leaves by itself, but somebody should know."""
    for held in held_by_limits(session, hourly_limits, now):
        what = "list" if held.is_list else "domain"
        yield warning(
            "limits", f"{held.waiting} copies wait: the {what} {held.name} has had {held.limit} "
            "within an hour", "They leave by themselves. Where that is too few, raise "
            f"{what.upper()}_HOURLY_LIMIT.",
        )  # fmt: skip


def mirrors(session: Session, trusted_authserv: str) -> Iterator[Finding]:
    """Mirrored lists to which anybody can write in the name of the outside list."""
    if trusted_authserv.strip():
        return
    slugs = session.scalars(
        select(MailingList.slug).where(MailingList.mode == Mode.MIRRORED).order_by(MailingList.slug)
    ).all()
    if slugs:
        yield warning(
            "mirrors", f"a forged List-Id is posted as the outside list's: {', '.join(slugs)}",
            "Set TRUSTED_AUTHSERV to the authserv-id of a mail server that checks SPF; until then "
            "tell nobody the bridge addresses.",
        )  # fmt: skip


def lists(session: Session, mail_domain: str) -> Iterator[Finding]:
    """Lists whose mail is stopped or signed for another domain; subscriptions that get none."""
    addresses = session.scalars(select(MailingList.address).order_by(MailingList.address)).all()
    elsewhere = [one for one in addresses if one.rpartition("@")[2] != mail_domain]
    if elsewhere:
        yield warning(
            "lists", f"not at MAIL_DOMAIN: {', '.join(elsewhere)}",
            "Their mail is signed for MAIL_DOMAIN, which counts for nothing at their own (DMARC).",
        )  # fmt: skip
    stopped = session.scalars(
        select(MailingList.slug).where(MailingList.outgoing_stopped).order_by(MailingList.slug)
    ).all()
    if stopped:
        yield warning(
            "lists", f"outgoing mail is stopped: {', '.join(stopped)}",
            "Let it go on from the list's page once the reason is gone.",
        )  # fmt: skip
    rows = session.execute(
        select(Subscription.state, func.count()).group_by(Subscription.state)
    ).all()
    counts = {str(state): int(number) for state, number in rows}
    bouncing = counts.get(SubscriptionState.BOUNCING, 0)
    active = counts.get(SubscriptionState.ACTIVE, 0)
    told = f"{active} active, {counts.get(SubscriptionState.PAUSED, 0)} paused, {bouncing} bouncing"
    if bouncing > max(5, active // 10):
        yield warning(
            "subscriptions", told,
            "So many at once are seldom all gone: see whether your mail is refused.",
        )  # fmt: skip
    else:
        yield ok("subscriptions", told)


def _waiting(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How much waits, and since when the oldest that may leave is due."""
    total = 0
    dues: list[datetime] = []
    posts = (
        select(func.count(Delivery.id), func.min(Delivery.due_at))
        .join(Post, Post.id == Delivery.post_id)
        .join(MailingList, MailingList.id == Post.mailing_list_id)
        .where(Delivery.state.in_(_WAITING), MailingList.outgoing_stopped.is_(False))
    )
    digests = (
        select(func.count(DigestDelivery.id), func.min(DigestDelivery.due_at))
        .join(Subscription, Subscription.id == DigestDelivery.subscription_id)
        .join(MailingList, MailingList.id == Subscription.mailing_list_id)
        .where(DigestDelivery.state.in_(_WAITING), MailingList.outgoing_stopped.is_(False))
        .where(receives(now))
    )
    notices = select(func.count(Notice.id), func.min(Notice.due_at)).where(
        Notice.state.in_(_WAITING)
    )
    for query in (posts, digests, notices):
        number, due = session.execute(query).one()
        total += number
        dues += [due] if due else []
    return total, min(dues, default=None)


def _failed(session: Session, now: datetime) -> int:
    return sum(
        _count(session, kind.id, kind.state == SendState.FAILED, kind.queued_at > now - RECENT)
        for kind in (Delivery, DigestDelivery, Notice)
    )


def _count(
    session: Session, column: InstrumentedAttribute[int], *conditions: ColumnElement[bool]
) -> int:
    return session.scalar(select(func.count(column)).where(*conditions)) or 0
