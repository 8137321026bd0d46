"""What goes out to the outside list of a mirrored list: each post once, in its own transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from forum.domain.headers import Headers
from forum.domain.mirroring import Outside, passed_on_by, sent_by
from forum.operations.raw import load_raw
from forum.storage.archive import Post
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import HeldMessage, Incoming, SendState
from forum.storage.mirror import MirrorDelivery, MirrorSighting, outside_of
from forum.storage.people import Address, DeliveryMode, Subscription


def queue_upstream(
    session: Session,
    post: Post,
    mailing_list: MailingList,
    now: datetime,
    *,
    written_to: Collection[str] = (),
    delay: timedelta = timedelta(0),
) -> MirrorDelivery | None:
    """Queue a post for the outside list; None where there is none.

    Args:
        written_to: Lower-case addresses that the author has written to: where the outside list is
            among them it has the message, which is then only waited for.
        delay: How long to wait before it may leave.
    """
    if mailing_list.mode != Mode.MIRRORED or not mailing_list.upstream_address:
        return None
    is_there = mailing_list.upstream_address.lower() in written_to
    delivery = MirrorDelivery(
        mailing_list_id=mailing_list.id,
        post_id=post.id,
        state=SendState.SENT if is_there else SendState.QUEUED,
        due_at=now + delay,
        queued_at=now,
        sent_at=now if is_there else None,
    )
    session.add(delivery)
    session.flush()
    return delivery


def cancel_upstream(session: Session, post: Post) -> bool:
    """Keep a post from going out; False where it has left already."""
    delivery = session.scalar(
        select(MirrorDelivery).where(MirrorDelivery.post_id == post.id).with_for_update()
    )
    if delivery is None:
        return True
    if delivery.state not in (SendState.QUEUED, SendState.CANCELLED):
        return False
    delivery.state = SendState.CANCELLED
    return True


def send_again(session: Session, delivery: MirrorDelivery, now: datetime) -> bool:
    """Send a post once more that was given up or has not come back; False where it is under way."""
    if delivery.came_back_at is not None or delivery.state in (
        SendState.QUEUED,
        SendState.SENDING,
    ):
        return False
    delivery.state, delivery.due_at, delivery.queued_at = SendState.QUEUED, now, now
    delivery.attempts = 0
    session.flush()
    return True


def stop_upstream(session: Session, mailing_list: MailingList) -> None:
    """Keep back what still waits to go out: the list is no mirror any more."""
    session.execute(
        update(MirrorDelivery)
        .where(
            MirrorDelivery.mailing_list_id == mailing_list.id,
            MirrorDelivery.state == SendState.QUEUED,
        )
        .values(state=SendState.CANCELLED)
        .execution_options(synchronize_session="fetch")
    )


def readers_outside(session: Session, mailing_list: MailingList) -> set[str]:
    """Subscribers who are on the outside list too, so that they receive each post from there.

    Known of those who have written by way of the outside list since they subscribed here; what
    they chose here other than each post, they still receive. The outside list itself, were it
    subscribed here, would send everything back.
    """
    came_from_outside = (
        select(Post.author_id, Post.arrived_at)
        .join(MirrorSighting, MirrorSighting.post_id == Post.id)
        .where(
            MirrorSighting.mailing_list_id == mailing_list.id,
            ~exists().where(MirrorDelivery.post_id == Post.id),
        )
        .subquery()
    )
    found = session.scalars(
        select(Address.email)
        .join(Subscription, Subscription.address_id == Address.id)
        .join(came_from_outside, came_from_outside.c.author_id == Address.author_id)
        .where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.delivery == DeliveryMode.EACH,
            came_from_outside.c.arrived_at > Subscription.created_at,
        )
        .distinct()
    )
    return {*found, mailing_list.upstream_address or "", mailing_list.bridge_address or ""} - {""}


def held_goes_out(session: Session, held: HeldMessage) -> bool:
    """Whether a held message is to go out when it is accepted: not what came from outside."""
    incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
    if incoming is None:
        return True
    return not came_from_outside(
        session, held.mailing_list, incoming, Headers.of(load_raw(held.raw))
    )


def was_passed_on(session: Session, held: HeldMessage, outside: Outside) -> bool:
    """Whether the outside list passed a held message on, as that says itself."""
    incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
    headers = Headers.of(load_raw(held.raw))
    return incoming is not None and _is_passed_on(headers, incoming, outside)


def came_from_outside(
    session: Session, mailing_list: MailingList, incoming: Incoming, headers: Headers
) -> bool:
    """Whether the outside list has a message already: it never goes out again then."""
    outside = outside_of(session, mailing_list)
    if outside is None:
        return False
    return incoming.forward_path == outside.bridge or _is_passed_on(headers, incoming, outside)


def _is_passed_on(headers: Headers, incoming: Incoming, outside: Outside) -> bool:
    return sent_by(headers, incoming.reverse_path, outside) or passed_on_by(headers, outside)
