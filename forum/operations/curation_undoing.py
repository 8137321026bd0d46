"""Taking a decision back: what it changed is restored, or the later one in the way is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.audit import record
from forum.operations.curation import Refused, latest_decision, locked_list
from forum.operations.curation_posts import WITHDRAW, undo_showing
from forum.operations.curation_threads import undo_change
from forum.operations.curation_unmoving import undo_moving
from forum.operations.curation_unplacing import undo_placing
from forum.operations.glossary import undo_glossary
from forum.operations.synthesis import undo_writing
from forum.operations.topics import undo_topic
from forum.operations.translation import undo_translation
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision, CurationTouch
from forum.storage.people import Account

_UNDOING: Final[dict[str, Callable[[Session, CurationDecision, datetime], None]]] = {
    **dict.fromkeys(("split", "merge", "reparent"), undo_placing),
    "move": undo_moving,
    **dict.fromkeys(
        ("retitle", "pin", "unpin", "close", "reopen", "tag", "untag", "label"), undo_change
    ),
    **dict.fromkeys(("hide", "restore"), undo_showing),
    "synthesis": undo_writing,
    "translate": undo_translation,
    **dict.fromkeys(("topic-add", "topic-edit", "topic-remove"), undo_topic),
    **dict.fromkeys(
        ("glossary-add", "glossary-edit", "glossary-remove", "glossary-import"), undo_glossary
    ),
}
UNDOABLE: Final = frozenset(_UNDOING)
"""The actions that can be taken back; a removal cannot, nor can what an author took back."""


def undo(
    session: Session, audit_id: int, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Take a decision back, whoever made it.

    Args:
        audit_id: Its line in the audit log.

    Raises:
        Refused: it is none that can be undone, was undone already, or a later one stands in the
            way and is named.
    """
    entry, decision = _decision(session, audit_id)
    if entry.mailing_list_id is not None:
        locked_list(session, entry.mailing_list_id)
        session.refresh(decision)
    if decision.undone_by_id is not None:
        raise Refused(Refusal.UNDONE, audit_id)
    lines = _check_later(session, decision)
    _UNDOING[entry.action](session, decision, now)
    entry, decision = _decision(session, audit_id)
    undoing = record(
        session, "undo", entry.target, now, account=account, mailing_list=entry.mailing_list,
        undone=audit_id, what=entry.action,
    )  # fmt: skip
    decision.undone_by_id = undoing.id
    _tell(session, undoing, lines)
    session.flush()
    return undoing


def _decision(session: Session, audit_id: int) -> tuple[AuditEntry, CurationDecision]:
    entry = session.get(AuditEntry, audit_id)
    if entry is None:
        raise Refused(Refusal.NO_DECISION, audit_id)
    decision = session.get(CurationDecision, audit_id)
    if entry.action in ("remove", WITHDRAW, "edit", "undo"):
        raise Refused(Refusal.NOT_UNDOABLE, audit_id)
    if decision is None or entry.action not in _UNDOING:
        raise Refused(Refusal.NO_DECISION, audit_id)
    return entry, decision


def _check_later(session: Session, decision: CurationDecision) -> list[int]:
    """Refuse where a later decision changed the same; gives the threads that tell of this one."""
    touched: dict[str, list[int]] = {}
    rows = session.execute(
        select(CurationTouch.aspect, CurationTouch.row_id).where(
            CurationTouch.audit_id == decision.audit_id
        )
    )
    for aspect, row_id in rows:
        touched.setdefault(aspect, []).append(row_id)
    lines = touched.pop(Aspect.LINE, [])
    for aspect, row_ids in touched.items():
        later = latest_decision(session, Aspect(aspect), row_ids, decision.audit_id)
        if later is not None:
            raise Refused(Refusal.LATER_DECISION, later)
    return lines


def _tell(session: Session, undoing: AuditEntry, lines: list[int]) -> None:
    """Let the threads tell that it was undone; this line is no decision of its own."""
    session.add(CurationDecision(audit_id=undoing.id, before={}))
    session.flush()
    session.add_all(
        CurationTouch(audit_id=undoing.id, aspect=Aspect.LINE, row_id=row_id) for row_id in lines
    )
