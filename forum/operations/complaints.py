"""A reader told their mailbox provider that our mail is unwanted: it stops at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from forum.operations.audit import record
from forum.operations.subscriptions import unsubscribe
from forum.storage.people import Subscription


def complain(
    session: Session, subscription: Subscription, kind: str, agent: str, now: datetime
) -> None:
    """Unsubscribe who complained, and leave a line; no goodbye is sent.

    Args:
        kind: The Feedback-Type (RFC 5965).
        agent: The program that reported it.
    """
    email, mailing_list = subscription.address.email, subscription.mailing_list
    record(session, "complaint", email, now, mailing_list=mailing_list, feedback=kind, agent=agent)
    unsubscribe(session, mailing_list, email, now)
