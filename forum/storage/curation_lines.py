"""What pages tell of decisions: the lines of a thread and of a list, and who removed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision, CurationTouch, RemovedMessage
from forum.storage.people import Account, Author

LINES_OF_A_THREAD: Final = 30
THREAD_ASPECTS: Final = (
    Aspect.SUBJECT, Aspect.PINNED, Aspect.OPEN, Aspect.TAGS, Aspect.LABELS, Aspect.LINE,
    Aspect.SYNTHESIS_FR, Aspect.SYNTHESIS_EN, Aspect.SYNTHESIS_ES,
)  # fmt: skip
POST_ASPECTS: Final = (
    Aspect.PLACE, Aspect.LIST, Aspect.SHOWN,
    Aspect.TRANSLATION_FR, Aspect.TRANSLATION_EN, Aspect.TRANSLATION_ES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A decision as moderators read it."""

    id: int
    at: datetime
    who: str | None
    """None: an administrator at the command line."""
    action: str
    target: str
    details: dict[str, Any]
    is_decision: bool
    """Whether it is one of those that can be undone."""
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stands in the place of a post that was removed for good."""

    at: datetime
    who: str | None
    """None: an administrator at the command line."""
    reason: str


def lines_of_thread(session: Session, thread_id: int) -> list[Line]:
    """The newest decisions on a thread, on those merged into it and on their posts."""
    merged = select(Thread.id).where(Thread.merged_into_id == thread_id)
    told = select(CurationTouch.audit_id).where(
        CurationTouch.aspect == Aspect.LINE,
        (CurationTouch.row_id == thread_id) | CurationTouch.row_id.in_(merged),
    )
    return _lines(session, _query().where(AuditEntry.id.in_(told)).limit(LINES_OF_A_THREAD))


def lines_of_list(session: Session, list_id: int, *, offset: int, limit: int) -> list[Line]:
    """A page of all that was decided on a list, newest first."""
    here = AuditEntry.mailing_list_id == list_id
    return _lines(session, _query().where(here).offset(offset).limit(limit))


def count_lines(session: Session, list_id: int) -> int:
    """How many decisions there were on a list."""
    here = AuditEntry.mailing_list_id == list_id
    return session.scalar(select(func.count(AuditEntry.id)).where(here)) or 0


def tombstones(session: Session, post_ids: Sequence[int]) -> dict[int, Tombstone]:
    """Who removed posts, and why."""
    rows = session.execute(
        select(
            RemovedMessage.post_id, RemovedMessage.removed_at, Author.name, RemovedMessage.reason
        )
        .outerjoin(Account, Account.id == RemovedMessage.account_id)
        .outerjoin(Author, Author.id == Account.author_id)
        .where(RemovedMessage.post_id.in_(post_ids))
    )
    return {post_id: Tombstone(at, who, reason) for post_id, at, who, reason in rows}


def lists_touched(session: Session, audit_id: int) -> frozenset[int]:
    """The lists where the posts and threads of a decision are now, and that it was made on."""
    of_thread = CurationTouch.aspect.in_(THREAD_ASPECTS)
    of_post = CurationTouch.aspect.in_(POST_ASPECTS)
    found = {session.scalar(select(AuditEntry.mailing_list_id).where(AuditEntry.id == audit_id))}
    for table, condition in ((Thread, of_thread), (Post, of_post)):
        found |= set(_lists_of(session, audit_id, table, condition))
    return frozenset(list_id for list_id in found if list_id is not None)


def _lists_of(
    session: Session, audit_id: int, table: type[Thread | Post], condition: ColumnElement[bool]
) -> Sequence[int]:
    query = (
        select(table.mailing_list_id)
        .join(CurationTouch, CurationTouch.row_id == table.id)
        .where(CurationTouch.audit_id == audit_id, condition)
        .distinct()
    )
    return session.scalars(query).all()


def _query() -> Select[*tuple[Any, ...]]:
    return (
        select(AuditEntry, Author.name, CurationDecision.audit_id, CurationDecision.undone_by_id)
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .outerjoin(Author, Author.id == Account.author_id)
        .outerjoin(CurationDecision, CurationDecision.audit_id == AuditEntry.id)
        .order_by(AuditEntry.id.desc())
    )


def _lines(session: Session, query: Select[*tuple[Any, ...]]) -> list[Line]:
    return [
        Line(
            id=entry.id,
            at=entry.at,
            who=name,
            action=entry.action,
            target=entry.target,
            details=entry.details,
            is_decision=decision_id is not None,
            undone_by=undone_by,
        )
        for entry, name, decision_id, undone_by in session.execute(query)
    ]
