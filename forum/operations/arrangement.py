"""Whole threads gathered, put in order anew by `forum.domain.reply_tree`, and written back.

What a message may touch is gathered until nothing outside can change: the threads of all ids that
hold it, and of all messages it or its like could answer by subject. The forest of those threads
is then the same as if the whole list had been built anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, inspect, select, update
from sqlalchemy.orm import Session

from forum.domain.reply_tree import Forest, Node, build
from forum.domain.subject import parse_subject
from forum.operations.gathering import Gathering, chunks, find_links
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.bulk import update_rows
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A closed set of threads, and how their posts belong together."""

    forest: Forest
    rows: Mapping[str, Row[Any]]
    """Of the posts, by content digest; a message that is no post yet has none."""
    thread_ids: tuple[int | None, ...]
    """Beside `forest.threads`: the row each thread keeps; None for a new one."""
    first: Mapping[int, str]
    """The first post of each gathered thread as it stood before, by content digest."""


def arrange(
    session: Session, mailing_list: MailingList, thread_ids: set[int], newcomer: Node | None = None
) -> Arrangement:
    """Gather threads and all that hangs on them, and build their forest.

    Args:
        thread_ids: Where to begin.
        newcomer: A message that came last, whether it is a post already or not.
    """
    gathering = Gathering(session, mailing_list)
    if newcomer is not None:
        thread_ids = thread_ids | gathering.around(newcomer)
    while True:
        gathering.load(thread_ids)
        nodes = gathering.nodes()
        if newcomer is not None and newcomer.key not in gathering.rows:
            nodes.append(newcomer)
        forest = build(nodes)
        thread_ids = gathering.beyond(forest, nodes)
        if not thread_ids:
            first = _first_posts(gathering.rows, newcomer.key if newcomer else None)
            return Arrangement(
                forest, gathering.rows, _choose(forest, first, gathering.rows), first
            )


def _first_posts(rows: Mapping[str, Row[Any]], newcomer: str | None) -> dict[int, str]:
    """The first post of each thread as it stands; a newcomer only where it is alone."""
    first: dict[int, tuple[bool, int, datetime, str]] = {}
    for key, row in rows.items():
        rank = (key == newcomer, row.position, row.date, key)
        if row.thread_id not in first or rank < first[row.thread_id]:
            first[row.thread_id] = rank
    return {thread_id: rank[-1] for thread_id, rank in first.items()}


def _choose(
    forest: Forest, first: Mapping[int, str], rows: Mapping[str, Row[Any]]
) -> tuple[int | None, ...]:
    """Which row each thread keeps: the oldest of those whose first post it holds.

    A thread whose first post a moderator hung below another gives way to that one's.
    """
    held: dict[str, list[tuple[bool, int]]] = {}
    for thread_id, key in first.items():
        row = rows.get(key)
        is_hung = row is not None and row.pinned_parent_id not in (None, row.id)
        held.setdefault(key, []).append((is_hung, thread_id))
    chosen = (
        min((one for place in thread for one in held.get(place.key, ())), default=None)
        for thread in forest.threads
    )
    return tuple(None if one is None else one[1] for one in chosen)


def apply(
    session: Session, mailing_list: MailingList, arrangement: Arrangement, now: datetime
) -> set[int]:
    """Write an arrangement down.

    Returns:
        The ids of the threads that lost or won posts.
    """
    forest, rows = arrangement.forest, arrangement.rows
    thread_ids: list[int] = []
    changes: list[dict[str, Any]] = []
    touched: set[int] = set()
    for chosen, thread in zip(arrangement.thread_ids, forest.threads, strict=True):
        first = rows[thread[0].key]
        if chosen is None:
            chosen = _start(session, mailing_list, first)
        else:
            before = rows[arrangement.first[chosen]]
            _keep(session, mailing_list, chosen, before.id, first.id)
        thread_ids.append(chosen)
        for position, place in enumerate(thread):
            row = rows[place.key]
            parent_id = None if place.parent is None else rows[place.parent].id
            if row.thread_id != chosen:
                touched |= {row.thread_id, chosen}
                session.add(IndexQueue(post_id=row.id, queued_at=now))
            state = (chosen, parent_id, position, place.depth)
            if state != (row.thread_id, row.parent_id, row.position, row.depth):
                fields = ("id", "thread_id", "parent_id", "position", "depth")
                changes.append(dict(zip(fields, (row.id, *state), strict=True)))
    _store(session, changes)
    gone = {row.thread_id for row in rows.values()} - set(thread_ids)
    _redirect(session, gone, arrangement.first, rows, changes)
    _follow(session, mailing_list.id, rows, changes)
    remember_unseen(
        session, mailing_list.id, {i: thread_ids[number] for i, number in forest.unseen.items()}
    )
    return touched


def _start(session: Session, mailing_list: MailingList, first: Row[Any]) -> int:
    thread = Thread(
        mailing_list_id=mailing_list.id,
        subject=_shown(session, mailing_list, first.id),
        started_at=first.date,
        last_post_at=first.date,
    )
    session.add(thread)
    session.flush()
    return thread.id


def _keep(
    session: Session, mailing_list: MailingList, thread_id: int, before: int, first: int
) -> None:
    """A thread that was merged stands again; one whose first post came late takes its subject."""
    thread = session.get_one(Thread, thread_id)
    if thread.merged_into_id is not None:
        thread.merged_into_id = None
    # A subject that a moderator gave stays.
    if before != first and thread.subject == _shown(session, mailing_list, before):
        thread.subject = _shown(session, mailing_list, first)


def _shown(session: Session, mailing_list: MailingList, post_id: int) -> str:
    written = session.scalar(select(Post.subject).where(Post.id == post_id)) or ""
    return parse_subject(written, list_prefixes=mailing_list.subject_names).base


def _store(session: Session, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    session.flush()
    update_rows(session, Post, changes)
    changed = {(change["id"],) for change in changes}
    for loaded in session.identity_map.values():
        if isinstance(loaded, Post) and inspect(loaded).identity in changed:
            session.expire(loaded, ["thread_id", "parent_id", "position", "depth", "thread"])


def _redirect(
    session: Session,
    gone: set[int],
    first: Mapping[int, str],
    rows: Mapping[str, Row[Any]],
    changes: list[dict[str, Any]],
) -> None:
    """Threads without posts lead to where their first post is now."""
    where = {change["id"]: change["thread_id"] for change in changes}
    for thread_id in gone:
        into = where[rows[first[thread_id]].id]
        session.execute(
            update(Thread)
            .where((Thread.id == thread_id) | (Thread.merged_into_id == thread_id))
            .values(merged_into_id=into)
        )
        session.execute(
            update(MessageLink).where(MessageLink.thread_id == thread_id).values(thread_id=into)
        )


def _follow(
    session: Session,
    mailing_list_id: int,
    rows: Mapping[str, Row[Any]],
    changes: list[dict[str, Any]],
) -> None:
    """The ids of posts that moved to another thread move with them."""
    before = {row.id: row.thread_id for row in rows.values()}
    moved: dict[int, list[int]] = {}
    for change in changes:
        if before[change["id"]] != change["thread_id"]:
            moved.setdefault(change["thread_id"], []).append(change["id"])
    for thread_id, post_ids in moved.items():
        for some in chunks(post_ids):
            session.execute(
                update(MessageLink)
                .where(
                    MessageLink.mailing_list_id == mailing_list_id, MessageLink.post_id.in_(some)
                )
                .values(thread_id=thread_id)
            )


def remember_unseen(session: Session, mailing_list_id: int, unseen: Mapping[str, int]) -> None:
    """Keep the ids of messages not seen yet, each with the thread it holds together."""
    known = {link.message_id: link for link in find_links(session, mailing_list_id, unseen)}
    for message_id, thread_id in unseen.items():
        link = known.get(message_id)
        if link is None:
            session.add(
                MessageLink(
                    mailing_list_id=mailing_list_id, message_id=message_id, thread_id=thread_id
                )
            )
        elif link.thread_id != thread_id:
            link.thread_id = thread_id
