"""The way out as a whole: a smarthost that takes nothing, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.operations.audit import record
from forum.operations.bounces import owners_of
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, Notice, SendState
from forum.storage.people import Account, Subscription
from forum.storage.sending import SmarthostFault, current_fault

TOLD_AT_MOST: Final = timedelta(days=1)
WAITING: Final = (SendState.QUEUED, SendState.SENDING)


def note_fault(session: Session, reply: str, now: datetime) -> SmarthostFault:
    """Keep in mind that the smarthost takes nothing, for all pages to tell."""
    found = current_fault(session)
    if found is None:
        # A fixed number: of two workers that meet the fault at once, one is told of the other.
        found = SmarthostFault(id=1, since=now, last_at=now, reply=reply)
        session.add(found)
    found.last_at, found.reply = now, reply
    session.flush()
    return found


def note_recovery(session: Session) -> None:
    """Mail leaves again."""
    session.execute(delete(SmarthostFault))


def tell_owners(session: Session, fault: SmarthostFault, now: datetime) -> None:
    """A mail to those in charge of each list whose mail waits, once a day at most.

    It leaves when mail leaves again; until then the pages tell.
    """
    for mailing_list in _lists_that_wait(session):
        for account in owners_of(session, mailing_list):
            if not account.is_admin and not _told(session, account, mailing_list, now):
                notify(
                    session,
                    NoticeKind.SENDING_PROBLEM,
                    account.email,
                    account.language,
                    now,
                    mailing_list=mailing_list,
                    reply=fault.reply,
                    since=f"{fault.since:%Y-%m-%d %H:%M}",
                )


def set_stopped(
    session: Session,
    mailing_list: MailingList,
    stopped: bool,
    now: datetime,
    account: Account | None = None,
) -> bool:
    """Hold all outgoing mail of a list back, or let it go on; False where it was so already.

    Args:
        account: Who decided; None for an administrator at the command line.
    """
    if mailing_list.outgoing_stopped == stopped:
        return False
    mailing_list.outgoing_stopped = stopped
    action = "stop" if stopped else "start"
    target = f"outgoing {mailing_list.slug}"
    record(session, action, target, now, account=account, mailing_list=mailing_list)
    return True


def _lists_that_wait(session: Session) -> Sequence[MailingList]:
    waiting = [
        select(Subscription.mailing_list_id)
        .join(kind, kind.subscription_id == Subscription.id)
        .where(kind.state.in_(WAITING))
        for kind in (Delivery, DigestDelivery)
    ]
    return session.scalars(
        select(MailingList)
        .where(MailingList.id.in_(waiting[0]) | MailingList.id.in_(waiting[1]))
        .order_by(MailingList.id)
    ).all()


def _told(session: Session, account: Account, mailing_list: MailingList, now: datetime) -> bool:
    found = session.scalar(
        select(Notice.id)
        .where(
            Notice.kind == NoticeKind.SENDING_PROBLEM,
            Notice.recipient == account.email,
            Notice.mailing_list_id == mailing_list.id,
            Notice.queued_at > now - TOLD_AT_MOST,
        )
        .limit(1)
    )
    return found is not None
