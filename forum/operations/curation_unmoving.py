"""Bringing posts back to the list they were moved from, where no later decision is in the way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.curation import Refused, latest_decision, locked_list
from forum.operations.curation_moving import carry, rename
from forum.operations.gathering import chunks
from forum.storage.archive import Post
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.lists import MailingList


def undo_moving(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Bring posts back to the list they came from, with the answers they got since.

    Raises:
        Refused: a later decision stands in the way, the old list is gone, or holds a copy.
    """
    before = decision.before
    source = session.get(MailingList, before["list"])
    if source is None:
        raise Refused(Refusal.NOT_UNDOABLE, decision.audit_id)
    recorded = set(session.scalars(select(Post.id).where(Post.id.in_(before["posts"]))))
    post_ids = _with_answers(session, recorded)
    _check_pins(session, decision, recorded, post_ids)
    lists = set(session.scalars(select(Post.mailing_list_id).where(Post.id.in_(post_ids))))
    for list_id in sorted(lists | {source.id}):
        locked_list(session, list_id)
    carry(session, post_ids, source, now, thread_id=before["thread"])
    for post_id, message_id in before["renamed"].items():
        rename(session, session.get_one(Post, int(post_id)), message_id)


def _with_answers(session: Session, post_ids: set[int]) -> set[int]:
    """Posts and all that answers them, however far below."""
    found, newest = set(post_ids), set(post_ids)
    while newest:
        below: set[int] = set()
        for some in chunks(sorted(newest)):
            below |= set(session.scalars(select(Post.id).where(Post.parent_id.in_(some))))
        newest = below - found
        found |= newest
    return found


def _check_pins(
    session: Session, decision: CurationDecision, recorded: set[int], post_ids: set[int]
) -> None:
    """Refuse where a later decision tied these posts to others of the list they are in."""
    tied: list[int] = []
    for some in chunks(sorted(post_ids)):
        rows = session.execute(select(Post.id, Post.pinned_parent_id).where(Post.id.in_(some)))
        for post_id, pin in rows:
            if pin is not None and (pin not in post_ids or post_id not in recorded):
                tied.append(post_id)
    later = latest_decision(session, Aspect.PLACE, tied, decision.audit_id)
    if later is None and post_ids > recorded:
        # Moved here by a later decision, and answered by nobody but these.
        later = latest_decision(session, Aspect.LIST, post_ids - recorded, decision.audit_id)
    if later is not None:
        raise Refused(Refusal.LATER_DECISION, later)
