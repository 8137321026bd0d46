"""Threads moved to another list, with all that leads to their posts.

The list they leave keeps their ids and contents (`MovedMessage`, `MovedContent`): another copy is
still a duplicate there, and a later answer goes where the post is now. Nobody is mailed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.curation import (
    Refused,
    index_again,
    keep_decision,
    locked_list,
    posts_of_thread,
)
from forum.operations.curation_seats import reseat
from forum.operations.gathering import chunks
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, MovedContent, MovedMessage
from forum.storage.lists import MailingList, Mode
from forum.storage.people import Account


def move(
    session: Session,
    thread: Thread,
    target: MailingList,
    now: datetime,
    account: Account | None = None,
) -> AuditEntry:
    """Move a thread, with all its posts, to another list; who may read it changes at once.

    Raises:
        Refused: it is there, a copy of one of its messages is, or a list is mirrored.
    """
    source = session.get_one(MailingList, thread.mailing_list_id)
    if source.id == target.id:
        raise Refused(Refusal.SAME_LIST, thread.id)
    if Mode.MIRRORED in (source.mode, target.mode):
        raise Refused(Refusal.MIRRORED, thread.id)
    for list_id in sorted((source.id, target.id)):
        locked_list(session, list_id)
    post_ids = posts_of_thread(session, thread.id)
    renamed = carry(session, post_ids, target, now)
    return keep_decision(
        session, "move", f"thread {thread.id}", now, account, source,
        touched={Aspect.LIST: post_ids, Aspect.LINE: (thread.id,)},
        before={
            "posts": post_ids, "thread": thread.id, "list": source.id, "renamed": renamed,
        },
        **{"from": source.slug, "to": target.slug},
    )  # fmt: skip


def carry(
    session: Session,
    post_ids: Iterable[int],
    target: MailingList,
    now: datetime,
    *,
    thread_id: int | None = None,
) -> dict[str, str]:
    """Let posts stand in another list, in threads of their own.

    Args:
        post_ids: With every post that answers one of them.
        thread_id: The thread whose number the first of them keeps, where others stay in it.

    Returns:
        Message-IDs as they were, by post, of those that another text bears there.

    Raises:
        Refused: the list holds a copy of one of them.
    """
    rows = _posts(session, post_ids)
    keys = {row.id for row in rows}
    _check_copies(session, rows, target)
    _leave_others(session, rows, keys, thread_id, now)
    threads = {row.thread_id for row in rows}
    renamed = _unlike_those_there(session, rows, target)
    for list_id in {row.mailing_list_id for row in rows}:
        _remember(session, [row for row in rows if row.mailing_list_id == list_id], list_id)
    waiting = _take_links(session, keys, threads, target)
    for row in rows:
        row.mailing_list_id = target.id
    for some in chunks(sorted(threads)):
        session.execute(
            update(Thread)
            .where(Thread.id.in_(some) | Thread.merged_into_id.in_(some))
            .values(mailing_list_id=target.id)
        )
    session.flush()
    index_again(session, keys, now)
    refresh_summaries(session, rethread(session, target, threads | waiting, now) | threads)
    session.expire_all()
    return renamed


def _posts(session: Session, post_ids: Iterable[int]) -> list[Post]:
    found: list[Post] = []
    for some in chunks(sorted(set(post_ids))):
        found += session.scalars(
            select(Post).where(Post.id.in_(some)).order_by(Post.position, Post.id)
        )
    return found


def _check_copies(session: Session, rows: Sequence[Post], target: MailingList) -> None:
    keys = {row.id for row in rows}
    for some in chunks([row.content_digest for row in rows]):
        there = session.scalars(
            select(Post.id).where(Post.mailing_list_id == target.id, Post.content_digest.in_(some))
        )
        for post_id in there:
            if post_id not in keys:
                raise Refused(Refusal.ALREADY_THERE, post_id)


def _leave_others(
    session: Session, rows: Sequence[Post], keys: set[int], thread_id: int | None, now: datetime
) -> None:
    """Give a row of their own to posts that stay in a thread of which others go."""
    for one in sorted({row.thread_id for row in rows}):
        staying = [post_id for post_id in posts_of_thread(session, one) if post_id not in keys]
        if not staying:
            continue
        first = session.get_one(Post, staying[0])
        old = session.get_one(Thread, one)
        # The number goes with those that came with it.
        going = [row.id for row in rows if row.thread_id == one]
        fresh = Thread(
            mailing_list_id=first.mailing_list_id,
            subject=old.subject,
            started_at=first.date,
            last_post_at=first.date,
        )
        session.add(fresh)
        session.flush()
        leaves_number = thread_id is not None and thread_id != one
        reseat(session, dict.fromkeys(going if leaves_number else staying, fresh.id), now)
        refresh_summaries(session, {one, fresh.id})
    session.flush()


def _unlike_those_there(
    session: Session, rows: Sequence[Post], target: MailingList
) -> dict[str, str]:
    """Give an archive id of its own to a post whose Message-ID another text bears there."""
    renamed: dict[str, str] = {}
    keys = {row.id for row in rows}
    for some in chunks(rows):
        taken = set(
            session.scalars(
                select(Post.message_id).where(
                    Post.mailing_list_id == target.id,
                    Post.message_id.in_([row.message_id for row in some]),
                    Post.id.not_in(keys) if len(keys) < 500 else Post.id.is_not(None),
                )
            )
        )
        for row in some:
            if row.message_id in taken and row.mailing_list_id != target.id:
                renamed[str(row.id)] = row.message_id
                rename(session, row, f"{row.message_id}.{row.content_digest[:16]}")
    return renamed


def rename(session: Session, row: Post, message_id: str) -> None:
    """Give a post another archive id; the one it had goes on leading to it where it is free."""
    row.message_id = message_id
    link = session.get(MessageLink, (row.mailing_list_id, message_id))
    if link is None:
        session.add(
            MessageLink(
                mailing_list_id=row.mailing_list_id,
                message_id=message_id,
                post_id=row.id,
                thread_id=row.thread_id,
            )
        )
    session.flush()


def _remember(session: Session, rows: Sequence[Post], list_id: int) -> None:
    """Let the list that posts leave know where they went."""
    for some in chunks(rows):
        ids = [row.id for row in some]
        digests = [row.content_digest for row in some]
        links = session.execute(
            select(MessageLink.message_id, MessageLink.post_id).where(
                MessageLink.mailing_list_id == list_id, MessageLink.post_id.in_(ids)
            )
        ).all()
        keep_moved(
            session,
            list_id,
            {message_id: post_id for message_id, post_id in links if post_id is not None},
            dict(zip(digests, ids, strict=True)),
        )


def keep_moved(
    session: Session, list_id: int, ids: Mapping[str, int], digests: Mapping[str, int]
) -> None:
    """Remember for a list that ids and contents lead to posts of other lists; the latest counts."""
    for some in chunks(sorted(ids)):
        session.execute(
            delete(MovedMessage).where(
                MovedMessage.mailing_list_id == list_id, MovedMessage.message_id.in_(some)
            )
        )
        values: list[dict[str, Any]] = [
            {"mailing_list_id": list_id, "message_id": one, "post_id": ids[one]} for one in some
        ]
        session.execute(insert(MovedMessage), values)
    for some in chunks(sorted(digests)):
        session.execute(
            delete(MovedContent).where(
                MovedContent.mailing_list_id == list_id, MovedContent.content_digest.in_(some)
            )
        )
        values = [
            {"mailing_list_id": list_id, "content_digest": one, "post_id": digests[one]}
            for one in some
        ]
        session.execute(insert(MovedContent), values)


def _take_links(
    session: Session, post_ids: set[int], threads: set[int], target: MailingList
) -> set[int]:
    """Let the ids of posts, and of what they wait for, lead to them in their new list.

    Returns:
        Threads of the new list that were waiting for one of them, or that they waited for.
    """
    waiting: set[int] = set()
    for link in _links(session, post_ids, threads):
        if link.mailing_list_id == target.id:
            continue
        there = session.get(MessageLink, (target.id, link.message_id))
        if there is None:
            session.add(
                MessageLink(
                    mailing_list_id=target.id,
                    message_id=link.message_id,
                    post_id=link.post_id,
                    thread_id=link.thread_id,
                )
            )
        else:
            waiting.add(there.thread_id)
            if there.post_id is None and link.post_id is not None:
                there.post_id, there.thread_id = link.post_id, link.thread_id
        session.delete(link)
    for some in chunks(sorted(post_ids)):
        # What came back is no longer away.
        for table in (MovedMessage, MovedContent):
            session.execute(
                delete(table).where(table.mailing_list_id == target.id, table.post_id.in_(some))
            )
    session.flush()
    return waiting


def _links(session: Session, post_ids: set[int], threads: set[int]) -> list[MessageLink]:
    found: list[MessageLink] = []
    for some in chunks(sorted(post_ids)):
        found += session.scalars(select(MessageLink).where(MessageLink.post_id.in_(some)))
    for some in chunks(sorted(threads)):
        unseen = select(MessageLink).where(
            MessageLink.thread_id.in_(some), MessageLink.post_id.is_(None)
        )
        found += session.scalars(unseen)
    return found
