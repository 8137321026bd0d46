"""Split, merge and reparent: where posts stand, by pins that are stronger than their headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.subject import parse_subject
from forum.operations.curation import (
    Refused,
    keep_decision,
    locked_list,
    posts_of_thread,
)
from forum.operations.curation_seats import Seat, above, pin_posts, posts_by_id
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.choices import ThreadSubscription
from forum.storage.curation import Aspect
from forum.storage.lists import MailingList
from forum.storage.people import Account


def split(
    session: Session,
    post: Post,
    now: datetime,
    account: Account | None = None,
    *,
    subject: str = "",
    alone: bool = False,
) -> tuple[AuditEntry, Thread]:
    """Let a thread of its own begin with a post.

    Args:
        subject: Of the new thread; empty takes the post's.
        alone: Whether its answers stay behind; else they come along.

    Raises:
        Refused: it begins its thread already.
    """
    mailing_list = locked_list(session, post.mailing_list_id)
    old = post.thread_id
    pins: dict[int, int | None] = {post.id: post.id}
    others = _other_roots(session, post)
    if post.parent_id is None and not others and not (alone and _answers(session, post)):
        raise Refused(Refusal.BEGINS_THREAD, post.id)
    if alone:
        pins |= _left_behind(session, post, others)
    seats, firsts = _seats(session, pins), _firsts(session, pins)
    thread = _new_thread(session, mailing_list, post, subject)
    _keep_following(session, old, thread.id)
    pin_posts(session, mailing_list, pins, {post.id: thread.id}, now)
    entry = keep_decision(
        session, "split", f"post {post.id}", now, account, mailing_list,
        touched={Aspect.PLACE: pins, Aspect.LINE: (old, thread.id)},
        before=_before(seats, firsts),
        thread=thread.id, **{"from": old}, alone=alone,
    )  # fmt: skip
    return entry, thread


def merge(
    session: Session, thread: Thread, into: Thread, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Let the posts of a thread stand below the first post of another.

    Raises:
        Refused: they are one thread, or on different lists.
    """
    if thread.id == into.id:
        raise Refused(Refusal.SAME_THREAD, thread.id)
    if thread.mailing_list_id != into.mailing_list_id:
        raise Refused(Refusal.OTHER_LIST, into.id)
    mailing_list = locked_list(session, thread.mailing_list_id)
    roots = _roots(session, thread.id)
    first = posts_of_thread(session, into.id)[:1]
    if not roots or not first:
        raise Refused(Refusal.NO_THREAD, into.id if roots else thread.id)
    pins = dict.fromkeys(roots, first[0])
    seats, firsts = _seats(session, pins), _firsts(session, pins)
    pin_posts(session, mailing_list, pins, {}, now)
    return keep_decision(
        session, "merge", f"thread {thread.id}", now, account, mailing_list,
        touched={Aspect.PLACE: pins, Aspect.LINE: (thread.id, into.id)},
        before=_before(seats, firsts),
        into=into.id,
    )  # fmt: skip


def reparent(
    session: Session, post: Post, parent: Post, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Let a post, and all that answers it, stand below another post of its list.

    Raises:
        Refused: it stands there, or above; or they are on different lists.
    """
    if post.id == parent.id:
        raise Refused(Refusal.ITSELF, post.id)
    if post.mailing_list_id != parent.mailing_list_id:
        raise Refused(Refusal.OTHER_LIST, parent.thread_id)
    mailing_list = locked_list(session, post.mailing_list_id)
    if post.parent_id == parent.id:
        raise Refused(Refusal.STANDS_THERE, parent.id)
    if post.id in above(session, parent.id, {}):
        raise Refused(Refusal.CIRCLE, parent.id)
    old, new = post.thread_id, parent.thread_id
    pins: dict[int, int | None] = {post.id: parent.id}
    seats, firsts = _seats(session, pins), _firsts(session, pins)
    pin_posts(session, mailing_list, pins, {}, now)
    return keep_decision(
        session, "reparent", f"post {post.id}", now, account, mailing_list,
        touched={Aspect.PLACE: pins, Aspect.LINE: (old, new)},
        before=_before(seats, firsts),
        parent=parent.id,
    )  # fmt: skip


def _seats(session: Session, post_ids: Iterable[int]) -> list[Seat]:
    return [
        Seat(row.id, row.pinned_parent_id, row.parent_id, row.thread_id, row.position == 0)
        for row in posts_by_id(session, post_ids)
    ]


def _roots(session: Session, thread_id: int) -> list[int]:
    query = select(Post.id).where(Post.thread_id == thread_id, Post.parent_id.is_(None))
    return list(session.scalars(query.order_by(Post.position, Post.id)))


def _other_roots(session: Session, post: Post) -> list[int]:
    return [root for root in _roots(session, post.thread_id) if root != post.id]


def _answers(session: Session, post: Post) -> list[int]:
    query = select(Post.id).where(Post.parent_id == post.id)
    return list(session.scalars(query.order_by(Post.position, Post.id)))


def _left_behind(session: Session, post: Post, others: Sequence[int]) -> dict[int, int | None]:
    """The answers to a post that leaves alone: below what it answered, else below the first."""
    answers = _answers(session, post)
    stay = post.parent_id or next(iter(others), None)
    if stay is None and answers:
        stay = answers[0]
    return dict.fromkeys(answers, stay)


def _new_thread(session: Session, mailing_list: MailingList, post: Post, subject: str) -> Thread:
    shown = parse_subject(post.subject, list_prefixes=(mailing_list.slug,)).base
    thread = Thread(
        mailing_list_id=mailing_list.id,
        subject=" ".join(subject.split()) or shown,
        started_at=post.date,
        last_post_at=post.date,
    )
    session.add(thread)
    session.flush()
    return thread


def _keep_following(session: Session, old: int, new: int) -> None:
    """Who follows or mutes a thread receives what is split off it in the same way."""
    rows = session.scalars(select(ThreadSubscription).where(ThreadSubscription.thread_id == old))
    session.add_all(
        ThreadSubscription(
            author_id=row.author_id,
            thread_id=new,
            state=row.state,
            reason=row.reason,
            since=row.since,
        )
        for row in rows.all()
    )


def _firsts(session: Session, post_ids: Iterable[int]) -> dict[str, int]:
    """The first posts of the threads in which posts stand, by thread."""
    threads = {row.thread_id for row in posts_by_id(session, post_ids)}
    return {str(one): posts_of_thread(session, one)[0] for one in sorted(threads)}


def _before(seats: Sequence[Seat], firsts: Mapping[str, int]) -> dict[str, Any]:
    return {"seats": [asdict(seat) for seat in seats], "firsts": dict(firsts)}
