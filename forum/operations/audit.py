"""Every decision leaves a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.people import Account


def record(
    session: Session,
    action: str,
    target: str,
    now: datetime,
    *,
    account: Account | None = None,
    mailing_list: MailingList | None = None,
    **details: Any,
) -> AuditEntry:
    """Add a line to the audit log.

    Args:
        action: The command's word, for instance `accept`.
        target: For instance `post 12`.
        account: Who decided; None for an administrator at the command line.
        details: JSON values; never a body. With `automatic` the program decided by itself.
    """
    entry = AuditEntry(
        at=now,
        action=action,
        target=target,
        account_id=account.id if account else None,
        mailing_list_id=mailing_list.id if mailing_list else None,
        details=details,
    )
    session.add(entry)
    session.flush()
    return entry
