"""Taking split, merge and reparent back: posts stand where they stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.curation import Refused, latest_decision, locked_list, posts_of_thread
from forum.operations.curation_seats import Seat, above, pin_posts, posts_by_id
from forum.storage.archive import Post, Thread
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.lists import MailingList


def undo_placing(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Put posts back where they stood; later answers follow their parents.

    Raises:
        Refused: a later decision stands in the way; it is named.
    """
    seats = [Seat(**seat) for seat in decision.before["seats"]]
    rows = {row.id: row for row in posts_by_id(session, [seat.post for seat in seats])}
    seats = [seat for seat in seats if seat.post in rows]
    if not seats:
        return
    _check_lists(session, decision, seats, rows)
    _check_circles(session, decision, seats)
    mailing_list = locked_list(session, rows[seats[0].post].mailing_list_id)
    threads = {seat.post: seat.thread for seat in seats if _must_reseat(session, seat)}
    threads |= _lost(session, decision, mailing_list, threads)
    pin_posts(session, mailing_list, {seat.post: seat.pin for seat in seats}, threads, now)


def _lost(
    session: Session,
    decision: CurationDecision,
    mailing_list: MailingList,
    reseated: Mapping[int, int],
) -> dict[int, int]:
    """First posts of threads that fell apart when a post that held them together left."""
    found: dict[int, int] = {}
    for thread_id, post_id in decision.before.get("firsts", {}).items():
        post = session.get(Post, post_id)
        is_known = int(thread_id) in reseated.values()
        if post is None or is_known or posts_of_thread(session, int(thread_id)):
            continue
        if post.mailing_list_id == mailing_list.id and post.id not in reseated:
            found[post.id] = int(thread_id)
    return found


def _must_reseat(session: Session, seat: Seat) -> bool:
    """Whether a post is to take its thread's number back: it began it, or nobody else is there."""
    if seat.parent is not None or session.get(Thread, seat.thread) is None:
        return False
    return seat.first or not posts_of_thread(session, seat.thread)


def _check_lists(
    session: Session, decision: CurationDecision, seats: Sequence[Seat], rows: Mapping[int, Post]
) -> None:
    """Refuse where one side was moved to another list since."""
    for seat in seats:
        here = rows[seat.post].mailing_list_id
        parent = session.get(Post, seat.parent) if seat.parent else None
        thread = session.get(Thread, seat.thread)
        elsewhere = thread is not None and thread.mailing_list_id != here
        if parent is not None:
            elsewhere = parent.mailing_list_id != here
        if not elsewhere:
            continue
        near = [seat.post, *([parent.id] if parent else posts_of_thread(session, seat.thread))]
        later = latest_decision(session, Aspect.LIST, near, decision.audit_id)
        if later is not None:
            raise Refused(Refusal.LATER_DECISION, later)


def _check_circles(session: Session, decision: CurationDecision, seats: Sequence[Seat]) -> None:
    """Refuse where what a post stood below stands below it by a later decision."""
    restored = {seat.post: seat.parent for seat in seats}
    for seat in seats:
        if seat.parent is None:
            continue
        path = above(session, seat.parent, restored)
        if seat.post in path:
            later = latest_decision(session, Aspect.PLACE, path, decision.audit_id)
            if later is not None:
                raise Refused(Refusal.LATER_DECISION, later)
