"""Mail to a mirrored list: from the outside list, about it, or from a person of ours.

What `process` asks before anything else is done with such a mail. Three things come to the bridge:
what the outside list passes on, what it has to say itself, and anything else, which is held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import message, mirroring_service
from forum.domain.headers import Headers
from forum.domain.mirroring import Outside, archived_at, passed_on_by, sent_by
from forum.domain.mirroring_echo import same_subject
from forum.domain.mirroring_service import ServiceKind
from forum.domain.rules import Reason
from forum.domain.values import Source, Submission
from forum.operations import mirroring, mirroring_learning
from forum.operations.posting import Duplicate, Held, Posted, Sender, hold
from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.mirror import MirrorDelivery, MirrorNotice, outside_of
from mailbridge import automatic, mirror_digest, mirror_token
from mailbridge.addressing import Route, RouteKind
from mailbridge.automatic import Automatic

_INNER: Final = 60_000
"""Characters of a returned message that are looked at for what it returns."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail to a mirrored list, and what is known of its way."""

    mailing_list: MailingList
    outside: Outside
    headers: Headers
    submission: Submission
    by_bridge: bool
    by_outside: bool
    """By the outside list, as it says itself."""

    @property
    def is_mirror(self) -> bool:
        """Whether it mirrors the outside list now; a list that has moved here once did."""
        return self.mailing_list.mode == Mode.MIRRORED

    @property
    def sender(self) -> Sender:
        """What the posting rules are to know.

        What merely says at our own address that the outside list sent it has to meet our rules:
        that address is public. It does not go out again, whoever says so.
        """
        trusted = self.is_mirror and self.by_bridge and self.by_outside
        return Sender(from_outside=trusted, goes_out=not (self.by_bridge or self.by_outside))


def arrival_of(
    session: Session, row: Incoming, route: Route, mailing_list: MailingList, raw: bytes
) -> Arrival | None:
    """What is known of a mail to a list that has an outside list, or had one; else None."""
    if route.kind not in (RouteKind.POST, RouteKind.BRIDGE):
        return None
    outside = outside_of(session, mailing_list)
    if outside is None:
        return None
    headers = Headers.of(raw)
    by_bridge = row.forward_path == outside.bridge
    return Arrival(
        mailing_list=mailing_list,
        outside=outside,
        headers=headers,
        submission=message.parse(raw, row.received_at, outside=outside),
        by_bridge=by_bridge,
        by_outside=sent_by(headers, row.reverse_path, outside) or passed_on_by(headers, outside),
    )


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
    if arrival.by_bridge and _take_service(session, row, arrival, machine, now):
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
        row.post_id = found.post_id
        if found.post_id is not None and found.around is not None:
            mirroring_learning.note_unsure(
                session, arrival.mailing_list, found.post_id, found.around
            )
        return _hold(session, row, arrival, Reason.CAME_BACK_CHANGED, now)
    if arrival.is_mirror and arrival.by_bridge and not arrival.by_outside:
        return _hold(session, row, arrival, Reason.NOT_FROM_OUTSIDE, now)
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


def _take_service(
    session: Session,
    row: Incoming,
    arrival: Arrival,
    machine: Automatic | None,
    now: datetime,
) -> bool:
    """Keep a mail of the outside list's own, or a bounce of what we sent, for the moderators."""
    submission = arrival.submission
    text = f"{submission.text}\n{_inside(submission.raw)}"
    service = mirroring_service.recognise(
        arrival.headers,
        submission.subject,
        text,
        arrival.outside,
        is_bounce=machine is Automatic.BOUNCE,
    )
    if service is None:
        return False
    about = _post_about(session, arrival, service.about, text)
    is_bounce = service.kind is ServiceKind.BOUNCE
    row.state = IncomingState.BOUNCE if is_bounce else IncomingState.AUTOMATIC
    row.reasons = [f"outside-{service.kind}"]
    row.post_id = about
    session.add(
        MirrorNotice(
            mailing_list_id=arrival.mailing_list.id,
            incoming_id=row.id,
            kind=service.kind,
            post_id=about,
            arrived_at=now,
        )
    )
    session.flush()
    return True


def _inside(raw: bytes) -> str:
    """The rest of a notice, where the message it is about may stand attached."""
    return raw[:_INNER].decode("latin-1").replace("\r\n", "\n")


def _post_about(
    session: Session, arrival: Arrival, identifiers: tuple[str, ...], text: str
) -> int | None:
    """Which of our posts a notice is about: by its Message-ID, else by its subject."""
    if identifiers:
        found = session.scalar(
            select(MessageLink.post_id)
            .join(MirrorDelivery, MirrorDelivery.post_id == MessageLink.post_id)
            .where(
                MessageLink.mailing_list_id == arrival.mailing_list.id,
                MessageLink.message_id.in_(identifiers),
            )
            .limit(1)
        )
        if found is not None:
            return found
    said = " ".join(text.split()).casefold()
    waiting = session.execute(
        select(Post.id, Post.subject)
        .join(MirrorDelivery, MirrorDelivery.post_id == Post.id)
        .where(
            MirrorDelivery.mailing_list_id == arrival.mailing_list.id,
            MirrorDelivery.came_back_at.is_(None),
        )
        .order_by(MirrorDelivery.id.desc())
        .limit(100)
    )
    for post_id, subject in waiting:
        plain = " ".join(subject.split()).casefold()
        if len(plain) >= 4 and (plain in said or same_subject(subject, arrival.submission.subject)):
            return int(post_id)
    return None


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
