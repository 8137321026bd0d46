"""Who is told what became of a message: its author, the owners.

Nobody is ever told in answer to automatic mail: what calls these functions has sorted it out
(RFC 3834, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations.notices import NoticeKind, notify
from forum.settings import Settings
from forum.storage.lists import MailingList, RoleName
from forum.storage.mail import Incoming, IncomingState, Notice
from forum.storage.people import Account, administrators, in_charge
from mailbridge import commands
from mailbridge.notices import OWNER_MAIL, POSTMASTER_MAIL

TOLD_AT_MOST: Final = timedelta(days=1)
"""How often an author is told that mail of theirs was held, refused or failed: once for all."""

TO_AUTHORS: Final = (NoticeKind.HELD_AUTHOR, NoticeKind.REFUSED_AUTHOR, NoticeKind.FAILED_AUTHOR)


@dataclass(frozen=True, slots=True)
class _Passed:
    """Mail that is passed on as it came: which notice, and what the log of incoming mail says."""

    kind: str
    reason: str
    nobody: str
    """Where there is nobody to pass it to."""


def tell_author(
    session: Session,
    kind: NoticeKind,
    mailing_list: MailingList,
    submission: Submission,
    reasons: tuple[str, ...],
    now: datetime,
) -> None:
    """Tell an author what happened and what to do, in their language, once a day at most.

    For members and authenticated senders only: a stranger's address may be forged.

    Args:
        kind: One of `TO_AUTHORS`.
        reasons: Codes of `forum.domain.rules.Reason`.
    """
    recipient = submission.author.key
    if "@" not in recipient or _told(session, TO_AUTHORS, recipient, now - TOLD_AT_MOST):
        return
    notify(
        session,
        kind,
        recipient,
        commands.answer_language(session, mailing_list, submission),
        now,
        mailing_list=mailing_list,
        subject=submission.subject,
        reasons=",".join(reasons),
        in_reply_to=submission.message_id or "",
    )


def pass_on(
    session: Session,
    row: Incoming,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
) -> None:
    """Mail to the owners: to each of them, else to the site's administrators."""
    owners = in_charge(session, mailing_list.id, (RoleName.OWNER,)) or administrators(session)
    passed = _Passed(OWNER_MAIL, "owner", "the list has no owner and the site no administrator")
    _pass(session, row, submission, owners, passed, now, mailing_list=mailing_list)


def pass_to_postmaster(
    session: Session, row: Incoming, submission: Submission, now: datetime, settings: Settings
) -> None:
    """Mail to the postmaster, to each of the site's administrators."""
    passed = _Passed(POSTMASTER_MAIL, "postmaster", "the site has no administrator")
    address = f"postmaster@{settings.mail_domain}"
    everybody = administrators(session)
    _pass(session, row, submission, everybody, passed, now, postmaster_address=address)


def _pass(
    session: Session,
    row: Incoming,
    submission: Submission,
    to: Sequence[Account],
    passed: _Passed,
    now: datetime,
    *,
    mailing_list: MailingList | None = None,
    **params: str,
) -> None:
    row.state = IncomingState.COMMAND if to else IncomingState.FAILED
    row.reasons = [passed.reason]
    row.detail = "" if to else passed.nobody
    for account in to:
        session.add(
            Notice(
                kind=passed.kind,
                recipient=account.email,
                language=account.language,
                mailing_list_id=mailing_list.id if mailing_list else None,
                params={
                    "incoming_id": str(row.id),
                    "author": submission.author.name or submission.author.address,
                    "subject": submission.subject,
                    **params,
                },
                due_at=now,
                queued_at=now,
            )
        )


def _told(session: Session, kinds: tuple[NoticeKind, ...], recipient: str, since: datetime) -> bool:
    query = select(Notice.id).where(
        Notice.kind.in_(kinds), Notice.recipient == recipient, Notice.queued_at > since
    )
    return session.scalar(query.limit(1)) is not None
