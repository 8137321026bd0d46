"""A whole list arranged anew: what stands in order must stay as it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.arrangement import apply, arrange
from forum.storage.archive import Thread
from forum.storage.lists import MailingList


def rethread_list(session: Session, mailing_list: MailingList, now: datetime) -> set[int]:
    """Arrange all threads of a list; gives those whose posts changed."""
    every = select(Thread.id).where(Thread.mailing_list_id == mailing_list.id)
    arrangement = arrange(session, mailing_list, set(session.scalars(every)))
    touched = apply(session, mailing_list, arrangement, now)
    session.flush()
    return touched
