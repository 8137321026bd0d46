"""What moderators do with the outside list's own mail: answer it, or put it aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forum.domain import mirroring_service
from forum.domain.headers import Headers
from forum.domain.message import parse
from forum.domain.mirroring_service import ANSWERABLE, Expected, ServiceKind
from forum.operations.audit import record
from forum.operations.raw import load_raw
from forum.storage.lists import MailingList
from forum.storage.mail import SendState
from forum.storage.mirror import MirrorDelivery, MirrorNotice, outside_of
from forum.storage.people import Account


class CannotAnswer(Exception):
    """The mail expects no answer, names nobody to send one to, or has been dealt with."""


def open_notices(
    session: Session, mailing_list: MailingList, limit: int = 100
) -> list[MirrorNotice]:
    """What nobody has dealt with yet, newest first."""
    rows = session.scalars(
        select(MirrorNotice)
        .where(MirrorNotice.mailing_list_id == mailing_list.id, MirrorNotice.closed_at.is_(None))
        .options(joinedload(MirrorNotice.incoming))
        .order_by(MirrorNotice.id.desc())
        .limit(limit)
    )
    return list(rows)


def expected_answer(session: Session, notice: MirrorNotice) -> Expected | None:
    """The answer that a mail of the outside list's own asks for; None where it asks for none."""
    outside = outside_of(session, notice.mailing_list)
    if outside is None or notice.kind not in ANSWERABLE:
        return None
    raw = load_raw(notice.incoming.raw)
    asked = parse(raw, notice.arrived_at)
    return mirroring_service.expected_answer(Headers.of(raw), asked.subject, asked.text, outside)


def answer(
    session: Session, notice: MirrorNotice, account: Account | None, now: datetime
) -> MirrorDelivery:
    """Queue the answer that a mail of the outside list's own asks for, from the bridge address.

    Raises:
        CannotAnswer: it asks for none, or has been dealt with.
    """
    if notice.closed_at is not None:
        raise CannotAnswer("it has been dealt with already")
    expected = expected_answer(session, notice)
    if expected is None:
        raise CannotAnswer("it names nobody to answer")
    _close(session, notice, account, now, "answer", recipient=expected.recipient.address)
    delivery = MirrorDelivery(
        mailing_list_id=notice.mailing_list_id,
        notice_id=notice.id,
        state=SendState.QUEUED,
        due_at=now,
        queued_at=now,
    )
    session.add(delivery)
    session.flush()
    return delivery


def close(session: Session, notice: MirrorNotice, account: Account | None, now: datetime) -> bool:
    """Put a mail of the outside list's own aside; False where it has been dealt with."""
    if notice.closed_at is not None:
        return False
    _close(session, notice, account, now, "close")
    return True


def _close(
    session: Session,
    notice: MirrorNotice,
    account: Account | None,
    now: datetime,
    action: str,
    **details: str,
) -> None:
    notice.closed_at = now
    notice.closed_by_id = account.id if account else None
    record(
        session,
        action,
        f"mirror notice {notice.id}",
        now,
        account=account,
        mailing_list=notice.mailing_list,
        kind=ServiceKind(notice.kind).value,
        **details,
    )
