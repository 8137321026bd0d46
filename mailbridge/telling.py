"""Who is told what became of a message: its author, the moderators, the owners.

Nobody is ever told in answer to automatic mail: what calls these functions has sorted it out
(RFC 3834, section 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations.notices import NoticeKind, notify
from forum.operations.posting import Held
from forum.settings import Settings
from forum.storage.lists import MailingList, RoleName
from forum.storage.mail import Incoming, IncomingState, Notice
from forum.storage.people import HeldMail, administrators, in_charge
from mailbridge import commands, deciding
from mailbridge.notices import OWNER_MAIL, POSTMASTER_MAIL

TOLD_AT_MOST: Final = timedelta(days=1)
"""How often an author is told that mail of theirs was held, refused or failed: once for all."""

MODERATORS_TOLD_AT_MOST: Final = timedelta(hours=1)

TO_AUTHORS: Final = (NoticeKind.HELD_AUTHOR, NoticeKind.REFUSED_AUTHOR, NoticeKind.FAILED_AUTHOR)


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
        commands.answer_language(session, mailing_list, submission, None),
        now,
        mailing_list=mailing_list,
        subject=submission.subject,
        reasons=",".join(reasons),
        in_reply_to=submission.message_id or "",
    )


def tell_moderators(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    held: Held,
    now: datetime,
    settings: Settings,
) -> None:
    """Tell those in charge of a list that a message waits, once an hour at most."""
    author = submission.author
    key = settings.resolved_secret_key()
    since = now - MODERATORS_TOLD_AT_MOST
    moderators = in_charge(session, mailing_list.id, (RoleName.MODERATOR, RoleName.OWNER))
    for account in moderators or administrators(session):
        if account.held_mail == HeldMail.DAILY or _told(
            session, (NoticeKind.HELD_MODERATOR,), account.email, since, mailing_list
        ):
            continue
        notify(
            session,
            NoticeKind.HELD_MODERATOR,
            account.email,
            account.language,
            now,
            mailing_list=mailing_list,
            author=f"{author.name} <{author.address}>".strip(),
            decision_token=deciding.decision_token(held.held_id, account.id, key),
            subject=submission.subject,
            reasons=",".join(held.reasons),
        )


def pass_on(
    session: Session,
    row: Incoming,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
) -> None:
    """Mail to the owners: to each of them, else to the site's administrators."""
    owners = in_charge(session, mailing_list.id, (RoleName.OWNER,))
    owners = owners or administrators(session)
    row.state = IncomingState.COMMAND if owners else IncomingState.FAILED
    row.reasons = ["owner"]
    row.detail = "" if owners else "the list has no owner and the site no administrator"
    for account in owners:
        session.add(
            Notice(
                kind=OWNER_MAIL,
                recipient=account.email,
                language=account.language,
                mailing_list_id=mailing_list.id,
                params={
                    "incoming_id": str(row.id),
                    "author": submission.author.name or submission.author.address,
                    "subject": submission.subject,
                },
                due_at=now,
                queued_at=now,
            )
        )


def pass_to_postmaster(
    session: Session, row: Incoming, submission: Submission, now: datetime, settings: Settings
) -> None:
    """Mail to the postmaster, to each of the site's administrators."""
    everybody = administrators(session)
    row.state = IncomingState.COMMAND if everybody else IncomingState.FAILED
    row.reasons = ["postmaster"]
    row.detail = "" if everybody else "the site has no administrator"
    for account in everybody:
        session.add(
            Notice(
                kind=POSTMASTER_MAIL,
                recipient=account.email,
                language=account.language,
                params={
                    "incoming_id": str(row.id),
                    "author": submission.author.name or submission.author.address,
                    "subject": submission.subject,
                    "postmaster_address": f"postmaster@{settings.mail_domain}",
                },
                due_at=now,
                queued_at=now,
            )
        )


def _told(
    session: Session,
    kinds: tuple[NoticeKind, ...],
    recipient: str,
    since: datetime,
    mailing_list: MailingList | None = None,
) -> bool:
    query = select(Notice.id).where(
        Notice.kind.in_(kinds), Notice.recipient == recipient, Notice.queued_at > since
    )
    if mailing_list is not None:
        query = query.where(Notice.mailing_list_id == mailing_list.id)
    return session.scalar(query.limit(1)) is not None
