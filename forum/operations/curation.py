"""What all decisions that can be undone share: how they are kept, and what stands in the way.

A decision leaves a line in the audit log and beside it what it changed (`CurationTouch`) and what
undoing it restores (`CurationDecision.before`). Threading itself is not stored: posts are pinned
(`Post.pinned_parent_id`), and the forest is a function of messages and pins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forum.domain.curation import SENTENCES, Refusal
from forum.operations.audit import record
from forum.operations.gathering import chunks
from forum.storage.archive import Post, PostState, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision, CurationTouch
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from forum.storage.people import Account

Touched = Mapping[Aspect, Iterable[int]]


class Refused(Exception):
    """A decision that cannot be carried out; nothing was changed.

    Args:
        refusal: Why.
        number: Of the post, thread or line of the audit log that is meant.
    """

    def __init__(self, refusal: Refusal, number: int = 0) -> None:
        self.refusal = refusal
        self.number = number
        super().__init__(SENTENCES[refusal] % {"number": number})


def locked_list(session: Session, mailing_list_id: int) -> MailingList:
    """A list, held for this transaction: of two moderators one decides after the other."""
    return session.get_one(MailingList, mailing_list_id, with_for_update={"key_share": True})


def thread_now(session: Session, thread_id: int) -> Thread:
    """A thread by its number, or the one it was merged into.

    Raises:
        Refused: there is none.
    """
    found = session.get(Thread, thread_id)
    seen = {thread_id}
    while found is not None and found.merged_into_id is not None:
        if found.merged_into_id in seen:
            break
        seen.add(found.merged_into_id)
        found = session.get(Thread, found.merged_into_id)
    if found is None:
        raise Refused(Refusal.NO_THREAD, thread_id)
    return found


def post_now(session: Session, post_id: int, *, with_removed: bool = False) -> Post:
    """A post by its number.

    Raises:
        Refused: there is none, or it was removed for good.
    """
    found = session.get(Post, post_id)
    if found is None:
        raise Refused(Refusal.NO_POST, post_id)
    if found.state == PostState.REMOVED and not with_removed:
        raise Refused(Refusal.IS_REMOVED, post_id)
    return found


def keep_decision(
    session: Session,
    action: str,
    target: str,
    now: datetime,
    account: Account | None,
    mailing_list: MailingList,
    *,
    touched: Touched,
    before: Mapping[str, Any],
    **details: Any,
) -> AuditEntry:
    """Write a decision down, in the audit log and for its undoing.

    Args:
        touched: What it changed, and the threads in which it is told.
        before: What undoing restores.
        details: For the audit log; never a body.
    """
    entry = record(
        session, action, target, now, account=account, mailing_list=mailing_list, **details
    )
    session.add(CurationDecision(audit_id=entry.id, before=dict(before)))
    session.flush()
    session.add_all(
        CurationTouch(audit_id=entry.id, aspect=aspect, row_id=row_id)
        for aspect, row_ids in touched.items()
        for row_id in sorted(set(row_ids))
    )
    session.flush()
    return entry


def latest_decision(
    session: Session, aspect: Aspect, row_ids: Iterable[int], after: int = 0
) -> int | None:
    """The latest decision that still stands on one aspect of posts or threads.

    Args:
        after: Only decisions later than this line of the audit log.
    """
    found: int | None = None
    for some in chunks(sorted(set(row_ids))):
        latest = session.scalar(
            select(CurationTouch.audit_id)
            .join(CurationDecision, CurationDecision.audit_id == CurationTouch.audit_id)
            .where(
                CurationTouch.row_id.in_(some),
                CurationTouch.aspect == aspect,
                CurationTouch.audit_id > after,
                CurationDecision.undone_by_id.is_(None),
            )
            .order_by(CurationTouch.audit_id.desc())
            .limit(1)
        )
        found = max(filter(None, (found, latest)), default=None)
    return found


def unused_number(session: Session, key: InstrumentedAttribute[int], aspect: Aspect) -> int | None:
    """A number for a row that no row had before it; None where the database sees to that itself.

    SQLite gives the number of a row that was removed to the next one, which what was decided on
    the first would then be taken for.

    Args:
        key: The primary key of the table.
        aspect: Of the decisions on its rows.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    decided = select(func.max(CurationTouch.row_id)).where(CurationTouch.aspect == aspect)
    standing = session.scalar(select(func.max(key)))
    return max(session.scalar(decided) or 0, standing or 0) + 1


def index_again(session: Session, post_ids: Iterable[int], now: datetime) -> None:
    """Let the search take posts in anew."""
    session.add_all(IndexQueue(post_id=post_id, queued_at=now) for post_id in post_ids)


def posts_of_thread(session: Session, thread_id: int) -> list[int]:
    """The posts of a thread in reading order, hidden ones too."""
    wanted = select(Post.id).where(Post.thread_id == thread_id)
    return list(session.scalars(wanted.order_by(Post.position, Post.id)))
