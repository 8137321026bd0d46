"""Mail to a mirrored list: from the outside list, about it, or from a person of ours.

What `process` asks before anything else is done with such a mail. Three things come to the bridge:
what the outside list passes on, what it has to say itself, and anything else, which is held.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.mirroring import archived_at
from forum.domain.rules import Reason
from forum.domain.values import Source
from forum.operations import mirroring, mirroring_learning
from forum.operations.audit import record
from forum.operations.mirroring_direct import post_by_outside
from forum.operations.posting import Duplicate, Held, Posted, hold
from forum.operations.publishing import add_alias
from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.mirror import outside_of
from mailbridge import automatic, mirror_digest, mirror_token
from mailbridge.automatic import Automatic
from mailbridge.mirror_arrival import Arrival
from mailbridge.mirror_proof import is_from_elsewhere
from mailbridge.mirror_service import take_service


def take(
    session: Session,
    row: Incoming,
    arrival: Arrival,
    raw: bytes,
    now: datetime,
    settings: Settings,
) -> Held | None:
    """Do what is to be done with what is no new post; the row's state says what it was.

    Returns:
        What was held, for its moderators to be told.
    """
    trusted = arrival.by_bridge and arrival.by_outside
    if trusted and mirror_digest.unpack(session, row, raw, arrival.outside, now):
        return None
    own = () if arrival.is_mirror else (arrival.mailing_list.list_id,)
    machine = automatic.classify(raw, row.reverse_path, own)
    if machine is Automatic.ECHO:
        return None
    if arrival.by_bridge and take_service(session, row, arrival, machine, now):
        return None
    named = mirror_token.named_post(arrival.headers, arrival.mailing_list, settings)
    found = mirroring.recognise(
        session, arrival.mailing_list, arrival.submission, arrival.outside, now,
        named=named, by_content=arrival.by_bridge or arrival.by_outside,
    )  # fmt: skip
    if isinstance(found, mirroring.Known):
        _take_copy(session, row, arrival, found, now, is_token=named is not None)
        return None
    if machine is not None:
        return None  # Such as an absence reply that has kept our headers.
    if isinstance(found, mirroring.Changed):
        _note_changed(session, row, arrival, found)
        return _hold(session, row, arrival, Reason.CAME_BACK_CHANGED, now)
    if _take_direct(session, row, arrival):
        return None
    doubt = _doubt(session, arrival, settings)
    return _hold(session, row, arrival, doubt, now) if doubt is not None else None


def _note_changed(
    session: Session, row: Incoming, arrival: Arrival, found: mirroring.Changed
) -> None:
    row.post_id = found.post_id
    if found.post_id is not None and found.around is not None:
        mirroring_learning.note_unsure(session, arrival.mailing_list, found.post_id, found.around)


def _doubt(session: Session, arrival: Arrival, settings: Settings) -> Reason | None:
    """Why a new message at the bridge is not the outside list's, as far as can be told."""
    if not (arrival.is_mirror and arrival.by_bridge):
        return None
    if not arrival.by_outside:
        return Reason.NOT_FROM_OUTSIDE
    if is_from_elsewhere(session, arrival, settings.trusted_authserv):
        return Reason.UNVERIFIED_SENDER
    return None


def note_posted(session: Session, arrival: Arrival, disposition: object, now: datetime) -> None:
    """Remember that a post came by way of the outside list, and learn from it what lists add."""
    if not arrival.by_outside or not isinstance(disposition, (Posted, Duplicate)):
        return
    post = session.get_one(Post, disposition.post_id)
    mirroring.note_sighting(session, arrival.mailing_list, post, arrival.submission, now)
    if isinstance(disposition, Posted):
        mirroring_learning.learn(
            session, arrival.mailing_list, arrival.outside, arrival.submission, now,
            subject=arrival.headers.get("subject") or "",
        )  # fmt: skip


def _take_copy(
    session: Session,
    row: Incoming,
    arrival: Arrival,
    known: mirroring.Known,
    now: datetime,
    *,
    is_token: bool,
) -> None:
    was_out = known.delivery_id is not None
    row.state = IncomingState.ECHO if was_out else IncomingState.DUPLICATE
    row.post_id = known.post_id
    # A token leaves us with what goes to the outside list alone: by whatever way it comes back.
    came_round = arrival.by_outside or arrival.by_bridge or (is_token and was_out)
    mirroring.note_copy(
        session,
        arrival.mailing_list,
        known,
        arrival.submission,
        now,
        by_outside=came_round,
        archived_at=archived_at(arrival.headers),
    )
    if was_out and came_round:
        news = mirroring_learning.learn_from_echo(
            session, arrival.mailing_list, known, arrival.headers.get("subject") or "", now
        )
        if news:
            _look_again(session, arrival, now)


def _take_direct(session: Session, row: Incoming, arrival: Arrival) -> bool:
    """Know somebody's own copy of what came by way of the outside list before."""
    if arrival.by_outside:
        return False
    post = post_by_outside(session, arrival.mailing_list, arrival.submission, arrival.outside)
    if post is None:
        return False
    row.state, row.post_id = IncomingState.DUPLICATE, post.id
    add_alias(session, post, arrival.submission.message_id)
    return True


def _look_again(session: Session, arrival: Arrival, now: datetime) -> None:
    """Take the echoes that were held for want of knowing the list's lines for what they are."""
    outside = outside_of(session, arrival.mailing_list)
    waiting = session.scalars(
        select(HeldMessage)
        .where(
            HeldMessage.mailing_list_id == arrival.mailing_list.id,
            HeldMessage.state == HeldState.HELD,
            HeldMessage.incoming_id.is_not(None),
        )
        .order_by(HeldMessage.id)
        .limit(50)
    ).all()
    for held in waiting:
        incoming = session.get(Incoming, held.incoming_id)
        if held.reasons != [Reason.CAME_BACK_CHANGED] or incoming is None or outside is None:
            continue
        submission = message.parse(load_raw(held.raw), held.held_at, outside=outside)
        post = session.get(Post, incoming.post_id) if incoming.post_id else None
        known = mirroring.recognise_as(session, post, submission, outside) if post else None
        if known is not None:
            held.state, held.decided_at, held.post_id = HeldState.DISCARDED, now, known.post_id
            incoming.state = IncomingState.ECHO
            mirroring.note_copy(
                session, arrival.mailing_list, known, submission, now, by_outside=True
            )
            record(
                session, "discard", f"held {held.id}", now,
                mailing_list=arrival.mailing_list, post=known.post_id, echo=True, automatic=True,
            )  # fmt: skip


def _hold(session: Session, row: Incoming, arrival: Arrival, reason: Reason, now: datetime) -> Held:
    """Keep it for a moderator, once however often it comes."""
    row.state, row.reasons = IncomingState.HELD, [str(reason)]
    waiting = session.scalar(
        select(HeldMessage).where(
            HeldMessage.mailing_list_id == arrival.mailing_list.id,
            HeldMessage.content_digest == arrival.submission.content_digest,
            HeldMessage.state == HeldState.HELD,
        )
    )
    if waiting is not None:
        return Held(waiting.id, (reason,))
    sender = replace(arrival.sender, incoming_id=row.id)
    held = hold(
        session, arrival.mailing_list, arrival.submission, (reason,), now, Source.EMAIL, sender
    )
    return Held(held.id, (reason,))
