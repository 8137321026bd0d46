"""The outside list's own mail to the bridge, kept for moderators, and which post it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import mirroring_service
from forum.domain.mirroring_echo import same_subject
from forum.domain.mirroring_service import ServiceKind
from forum.storage.archive import MessageLink, Post
from forum.storage.mail import Incoming, IncomingState
from forum.storage.mirror import MirrorDelivery, MirrorNotice
from mailbridge.automatic import Automatic
from mailbridge.mirror_arrival import Arrival

_INNER: Final = 60_000
"""Characters of a returned message that are looked at for what it returns."""


def take_service(
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
