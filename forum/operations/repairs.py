"""Repairs of wrongly decoded text, taken back by a moderator and made again.

A repair is a guess. Where it made a text worse, the text is shown as it was decoded first; the
bytes never change, so that both can be had at any time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from forum.operations.audit import record
from forum.operations.deriving import UNDONE, basis_of, derive, write
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList
from forum.storage.people import Account


class NoRepairs(Exception):
    """The post has none that could be taken back or made again; or its bytes are gone."""


def can_undo(row: Post) -> bool:
    """Whether a post's text was repaired and is shown so."""
    return bool(row.repairs) and UNDONE not in row.repairs


def can_redo(row: Post) -> bool:
    """Whether a post's repairs were taken back."""
    return UNDONE in row.repairs


def undo_repairs(session: Session, row: Post, account: Account | None, now: datetime) -> AuditEntry:
    """Show a post's text as it was decoded first.

    Args:
        account: Who decided; None for an administrator at the command line.

    Raises:
        NoRepairs: nothing of it was repaired, or it was taken back already.
    """
    if not can_undo(row):
        raise NoRepairs(f"post {row.id} shows no repaired text")
    return _decide(session, row, account, now, with_repairs=False)


def redo_repairs(session: Session, row: Post, account: Account | None, now: datetime) -> AuditEntry:
    """Repair a post's text again.

    Raises:
        NoRepairs: its repairs were not taken back.
    """
    if not can_redo(row):
        raise NoRepairs(f"the repairs of post {row.id} were not taken back")
    return _decide(session, row, account, now, with_repairs=True)


def _decide(
    session: Session, row: Post, account: Account | None, now: datetime, *, with_repairs: bool
) -> AuditEntry:
    basis = basis_of(session, row, with_repairs=with_repairs)
    if basis is None:
        raise NoRepairs(f"the bytes of post {row.id} are gone")
    repairs = [one for one in row.repairs if one != UNDONE]
    write(session, row, derive(basis), now)
    mailing_list = session.get_one(MailingList, row.mailing_list_id)
    # A subject that reads otherwise may join or part threads.
    refresh_summaries(session, rethread(session, mailing_list, {row.thread_id}, now))
    return record(
        session,
        "redo-repairs" if with_repairs else "undo-repairs",
        f"post {row.id}",
        now,
        account=account,
        mailing_list=mailing_list,
        repairs=repairs,
    )
