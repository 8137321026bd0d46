"""Texts that are still being written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from forum.storage.archive import Thread
from forum.storage.drafts import Draft, draft_of
from forum.storage.lists import MailingList
from forum.storage.people import Account


def keep_draft(
    session: Session,
    account: Account,
    mailing_list: MailingList,
    now: datetime,
    *,
    thread: Thread | None,
    parent_id: int | None,
    subject: str,
    text: str,
    language: str,
) -> Draft | None:
    """Keep what somebody has written so far, in place of what was kept before.

    Args:
        thread: The one it answers in; None: it will start one.

    Returns:
        The draft; None where nothing is written any more, and nothing is kept.
    """
    thread_id = thread.id if thread else None
    draft = draft_of(session, account.id, mailing_list.id, thread_id)
    if not text.strip() and not subject.strip():
        drop_draft(session, account, mailing_list, thread_id)
        return None
    if draft is None:
        draft = Draft(account_id=account.id, mailing_list_id=mailing_list.id, thread_id=thread_id)
        session.add(draft)
    draft.parent_id, draft.subject, draft.text = parent_id, subject, text
    draft.language, draft.changed_at = language, now
    return draft


def drop_draft(
    session: Session, account: Account, mailing_list: MailingList, thread_id: int | None
) -> None:
    """Forget a draft, because it was published or thrown away."""
    session.execute(
        delete(Draft).where(
            Draft.account_id == account.id,
            Draft.mailing_list_id == mailing_list.id,
            Draft.thread_id == thread_id,
        )
    )
