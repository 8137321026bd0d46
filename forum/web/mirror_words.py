"""How posts stand with the outside list of a mirrored list, in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.mirroring_service import ServiceKind
from forum.operations.mirroring_status import deliveries_of, is_late, notices_about
from forum.operations.raw import load_raw
from forum.storage.mail import SendState
from forum.storage.mirror import MirrorDelivery, MirrorNotice
from forum.storage.post_rows import PostRow

SHOWN_TEXT: Final = 4_000
"""Characters of a mail of the outside list's own."""


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """A mail of the outside list's own, to be read."""

    notice: MirrorNotice
    words: str
    subject: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class MirrorState:
    """How one post stands with the outside list."""

    words: str
    """Empty where only the link is for this reader."""
    is_late: bool = False
    link: str = ""
    """To the outside list's own archive."""
    notices: tuple[NoticeShown, ...] = ()


def states_of(
    session: Session,
    posts: Sequence[PostRow],
    author_id: int | None,
    moderates: bool,
    now: datetime,
) -> dict[int, MirrorState]:
    """How the posts of a page stand, those that went out or are to; by post.

    Everybody gets the link to the outside list's archive; the words are for authors and moderators.
    """
    deliveries = deliveries_of(session, [post.id for post in posts])
    mine = {post.id for post in posts if moderates or post.author_id == author_id}
    late = [key for key, one in deliveries.items() if key in mine and is_late(one, now)]
    notices = notices_about(session, late) if late else {}
    return {
        post_id: MirrorState(
            words=delivery_words(one, now) if post_id in mine else "",
            is_late=post_id in late,
            link=one.archived_at,
            notices=tuple(shown(notice) for notice in notices.get(post_id, ())),
        )
        for post_id, one in deliveries.items()
        if post_id in mine or one.archived_at
    }


def delivery_words(delivery: MirrorDelivery, now: datetime) -> str:
    """How a post stands with the outside list, as a whole sentence."""
    if delivery.came_back_at is not None:
        return str(_("Delivered to the outside list."))
    if delivery.state == SendState.FAILED:
        return str(_("It could not be sent to the outside list: its mail server refused it."))
    if not is_late(delivery, now):
        return str(_("On its way to the outside list."))
    if delivery.state == SendState.SENT:
        return str(_("Sent to the outside list more than an hour ago, and not seen there yet."))
    return str(_("It still waits to be sent to the outside list."))


def notice_words(kind: str) -> str:
    """What a mail of the outside list's own is, as a whole sentence."""
    sentences: dict[str, str] = {
        ServiceKind.CONFIRMATION: _("The outside list asks whether the bridge is to subscribe."),
        ServiceKind.MODERATION: _("The outside list says that a moderator there will decide."),
        ServiceKind.REFUSAL: _("The outside list refused it."),
        ServiceKind.PROBE: _("The outside list tries whether the bridge can be reached."),
        ServiceKind.WELCOME: _("The outside list welcomes the bridge."),
        ServiceKind.BOUNCE: _("A mail server could not deliver it to the outside list."),
        ServiceKind.OTHER: _("The outside list wrote to the bridge."),
    }
    return sentences.get(kind, kind)


def shown(notice: MirrorNotice) -> NoticeShown:
    """A mail of the outside list's own, to be read."""
    read = message.parse(load_raw(notice.incoming.raw), notice.arrived_at)
    sender = f"{read.author.name} <{read.author.address}>" if read.author.name else ""
    return NoticeShown(
        notice=notice,
        words=notice_words(notice.kind),
        subject=read.subject,
        sender=sender or read.author.address,
        text=read.text.strip()[:SHOWN_TEXT],
    )
