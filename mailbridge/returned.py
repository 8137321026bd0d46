"""Mail that came back: bounces and complaints, and what follows for whom they are about.

The token in the return path names the person. One that is unknown names nobody: a forged bounce
can at most have its victim warned, and only the mailbox that was warned can have it stopped.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations import bounces as standing
from forum.operations.complaints import complain
from forum.operations.subscriptions import by_token
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming, IncomingState
from mailbridge import bounces, feedback
from mailbridge.automatic import Automatic
from mailbridge.telling import pass_on


def take_complaint(session: Session, row: Incoming, raw: bytes, now: datetime) -> None:
    """Unsubscribe who complained; a report that names no token of ours changes nothing."""
    row.state, row.reasons = IncomingState.BOUNCE, [str(Automatic.COMPLAINT)]
    told = feedback.read(raw)
    if told is None or not told.is_complaint:
        row.detail = f"no complaint: {told.kind}" if told else "not understood"
        return
    for token in told.tokens:
        subscription = by_token(session, token)
        if subscription is not None:
            row.detail = f"{told.kind}: unsubscribed from {subscription.mailing_list.slug}"
            complain(session, subscription, told.kind, told.agent, now)
            return
    row.detail = f"{told.kind}: nobody is named"


def take_bounce(
    session: Session,
    row: Incoming,
    raw: bytes,
    token: str,
    kind: Automatic | None,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
) -> None:
    """Count what came to a bounce address; a person's own mail goes to the owners.

    Args:
        kind: What machine wrote; None for a person.
    """
    row.state, row.reasons = IncomingState.BOUNCE, [str(kind)] if kind else []
    warned = standing.warned_by(session, token) if token else None
    subscription = warned.subscription if warned else by_token(session, token) if token else None
    if subscription is None or subscription.mailing_list_id != mailing_list.id:
        row.detail = "nobody is named"
        return
    if kind is None:
        pass_on(session, row, mailing_list, submission, now)
        return
    # An absence reply quotes what it likes: of other machines the fields count alone.
    by_server = kind is Automatic.BOUNCE
    report = bounces.read(raw, submission.text) if by_server else bounces.read_fields(raw)
    if report is None or report.failure is None:
        if not by_server:
            row.state = IncomingState.AUTOMATIC
        row.detail = "delayed" if report else "nothing failed, or not understood"
        return
    row.detail = f"{report.failure}: {report.reply or report.status}"
    if warned is not None:
        standing.stop(session, warned, report.reply, now)
    else:
        standing.count_bounce(session, subscription, report.failure, report.reply, now)
