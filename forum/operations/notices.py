"""Mail of our own to one person: queued as a row, written and sent by the worker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import String, cast, or_, select, update
from sqlalchemy.orm import Session

from forum.storage.lists import MailingList
from forum.storage.mail import Notice, SendState


class NoticeKind(StrEnum):
    """Which text a notice has; a template in three languages each."""

    LOGIN = "login"
    CONFIRM_SUBSCRIBE = "confirm-subscribe"
    CONFIRM_IN_ALL = "confirm-in-all"
    """The same to somebody whose language is not known: in all three, each in few words."""
    CONFIRM_UNSUBSCRIBE = "confirm-unsubscribe"
    CONFIRM_ADDRESS = "confirm-address"
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    HELD_AUTHOR = "held-author"
    REFUSED_AUTHOR = "refused-author"
    FAILED_AUTHOR = "failed-author"
    HELD_MODERATOR = "held-moderator"
    """The held message is attached; the reply decides."""
    HELD_UNCLEAR = "held-unclear"
    """To a moderator whose reply said nothing clear; the message is attached again."""
    HELD_DECIDED = "held-decided"
    """To a moderator who comes late: what was decided, and by whom."""
    HELD_STANDS = "held-stands"
    """To a moderator who accepted by reply what is on the list already, by another way."""
    REPORTED = "reported"
    """To a moderator: a reader says that something is wrong with a post."""
    CONFIRM_ERASURE = "confirm-erasure"
    ERASURE_ASKED = "erasure-asked"
    """To an administrator."""
    ERASURE_REFUSED = "erasure-refused"
    ERASED = "erased"
    REJECTED = "rejected"
    SETTINGS = "settings-link"
    CONFIRM_CHANGE = "confirm-change"
    CHANGED = "changed"
    INVITATION = "invitation"
    HELD_DIGEST = "held-digest"
    TOPIC_REMINDER = "topic-reminder"
    """To a subscriber: a topic of the calendar ends soon."""
    SAVED_SEARCH = "saved-search"
    HELP = "help"
    UNKNOWN_COMMAND = "unknown-command"
    BOUNCE_PROBE = "bounce-probe"
    """To an address whose mail comes back; its own return path bears `probe_token`."""
    BOUNCE_STOPPED = "bounce-stopped"
    """To an owner: nothing is sent to some addresses any more."""
    SENDING_PROBLEM = "sending-problem"
    """To an owner: the smarthost refuses everything."""


SECRETS: Final = frozenset({"decision_token", "link", "probe_token", "secret", "token"})
"""Parameters that open something for whoever has them: forgotten as soon as a notice has ended."""

ENDED: Final = (SendState.SENT, SendState.FAILED, SendState.CANCELLED)

_AT_ONCE: Final = 200


def notify(
    session: Session,
    kind: NoticeKind,
    recipient: str,
    language: str,
    now: datetime,
    *,
    mailing_list: MailingList | None = None,
    **params: str,
) -> Notice:
    """Queue a notice; it leaves after the caller's commit.

    Args:
        recipient: One address.
        language: Of the recipient: fr, en or es.
        params: What the template of this kind names.
    """
    notice = Notice(
        kind=kind,
        recipient=recipient,
        language=language,
        mailing_list_id=mailing_list.id if mailing_list else None,
        params=params,
        due_at=now,
        queued_at=now,
    )
    session.add(notice)
    session.flush()
    return notice


def forget_secrets(session: Session, ids: Collection[int] | None = None) -> int:
    """Take what opens something out of notices that were sent, failed for good or were cancelled.

    What names the mail, its subject, its reasons, stays for the log.

    Args:
        ids: Of the notices to look at; None for some of all, which a killed worker may have left.

    Returns:
        How many held a secret.
    """
    # As JSON writes a name; in a value its quotes would stand behind backslashes.
    named = [cast(Notice.params, String).contains(f'"{name}": ') for name in SECRETS]
    query = select(Notice).where(Notice.state.in_(ENDED), or_(*named)).limit(_AT_ONCE)
    if ids is not None:
        query = query.where(Notice.id.in_(ids))
    rows = session.execute(query.with_only_columns(Notice.id, Notice.params)).all()
    for row in rows:
        kept = {name: value for name, value in row.params.items() if name not in SECRETS}
        session.execute(update(Notice).where(Notice.id == row.id).values(params=kept))
    return len(rows)
