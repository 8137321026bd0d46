"""Putting posts in their threads as they come, with the same end in whatever order they do.

`place` tells where a message would stand before it is a post; `settle` puts the post there, and
lets it adopt its orphans, join threads or part them. Most messages answer a post that is there and
are known to nobody yet: those cost a few queries. The others have their threads arranged anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from forum.domain.reply_tree import SUBJECT_WINDOW, Node
from forum.domain.subject import base_subject, parse_subject
from forum.domain.thread_index import index_ids
from forum.domain.values import Submission
from forum.operations.appending import append
from forum.operations.arrangement import apply, arrange
from forum.operations.gathering import find_links, ids_of, own_addresses
from forum.storage.archive import MessageLink, Post
from forum.storage.browsing import read_columns
from forum.storage.lists import MailingList


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a message belongs in its list."""

    thread_id: int | None
    """None starts a thread."""
    parent_id: int | None
    known_to_nobody: bool = False
    """Whether no message of the list refers to it: then it changes no other's place."""


def place(session: Session, mailing_list: MailingList, submission: Submission) -> Placement:
    """Tell where a message belongs that is no post yet; nothing is written."""
    node = _node_of(mailing_list, submission)
    obvious = _obvious(session, mailing_list, node)
    if obvious is not None:
        return obvious
    arrangement = arrange(session, mailing_list, set(), node)
    for thread_id, thread in zip(arrangement.thread_ids, arrangement.forest.threads, strict=True):
        for found in thread:
            if found.key == node.key:
                parent = arrangement.rows[found.parent].id if found.parent else None
                return Placement(thread_id, parent)
    raise AssertionError("a message is always in its own forest")


def settle(session: Session, row: Post, placement: Placement | None = None) -> set[int]:
    """Put a new post in its place, and all that hangs on it.

    Args:
        row: Flushed, in the thread that `place` told or in a new one.
        placement: What `place` told in this transaction, of a message whose id the post bears.

    Returns:
        The ids of all threads whose posts changed.
    """
    mailing_list = session.get_one(MailingList, row.mailing_list_id)
    node = _node_of_post(mailing_list, row)
    if placement is not None and placement.known_to_nobody:
        before: list[MessageLink] = []
        obvious: Placement | None = placement
    else:
        before = find_links(session, mailing_list.id, ids_of(node))
        obvious = None if before else _obvious(session, mailing_list, node, row.id)
    threads = {row.thread_id, *(link.thread_id for link in before)}
    _own(session, row, node, {link.message_id: link for link in before})
    if obvious is not None and obvious.thread_id in (None, row.thread_id):
        append(session, row, obvious.parent_id)
        session.flush()
        return {row.thread_id}
    session.flush()
    arrangement = arrange(session, mailing_list, threads, node)
    touched = apply(session, mailing_list, arrangement, row.arrived_at)
    session.flush()
    return touched | {row.thread_id}


def add_alias(session: Session, known: Post, message_id: str) -> set[int]:
    """Let a post be known under one more id, and adopt those who answered to that id.

    Args:
        message_id: Of no other post.

    Returns:
        The ids of all threads whose posts changed.
    """
    link = session.get(MessageLink, (known.mailing_list_id, message_id))
    if link is None:
        session.add(
            MessageLink(
                mailing_list_id=known.mailing_list_id,
                message_id=message_id,
                post_id=known.id,
                thread_id=known.thread_id,
            )
        )
        session.flush()
        return set()
    touched = {link.thread_id, known.thread_id}
    link.post_id = known.id
    session.flush()
    mailing_list = session.get_one(MailingList, known.mailing_list_id)
    return rethread(session, mailing_list, touched, known.arrived_at)


def rethread(
    session: Session, mailing_list: MailingList, thread_ids: Iterable[int], now: datetime
) -> set[int]:
    """Arrange threads anew, after a decision of a moderator (`pinned_parent_id`) or a repair.

    A post keeps its thread's row where it can: a part that is split off gets a new row, unless
    its posts were given the id of one before.

    Returns:
        The ids of all threads whose posts changed, those given included.
    """
    wanted = set(thread_ids)
    arrangement = arrange(session, mailing_list, wanted)
    touched = apply(session, mailing_list, arrangement, now)
    session.flush()
    return touched | wanted


def _node_of(mailing_list: MailingList, submission: Submission) -> Node:
    names = mailing_list.subject_names
    return Node(
        key=submission.content_digest,
        message_ids=(submission.message_id,) if submission.message_id else (),
        parents=submission.parents,
        date=submission.date,
        base_subject=base_subject(submission.subject, names),
        is_reply=parse_subject(submission.subject, list_prefixes=names).is_reply,
        people=submission.people - own_addresses(mailing_list),
        thread_index=submission.thread_index,
    )


def _node_of_post(mailing_list: MailingList, row: Post) -> Node:
    # Where another text bears its Message-ID, the archive's id is that and a piece of the digest.
    own = row.message_id.removesuffix(f".{row.content_digest[:16]}")
    return Node(
        key=row.content_digest,
        message_ids=tuple(dict.fromkeys((own, row.message_id))),
        parents=tuple(row.references),
        date=row.date,
        base_subject=row.base_subject,
        is_reply=row.is_reply,
        people=frozenset(row.people) - own_addresses(mailing_list),
        thread_index=row.thread_index,
    )


def _obvious(
    session: Session, mailing_list: MailingList, node: Node, post_id: int = 0
) -> Placement | None:
    """The place of a message nobody knows yet, below a post that knows its own; else None.

    Args:
        post_id: Its own, where it is a post already; its ids were looked up then.
    """
    if not post_id and find_links(session, mailing_list.id, ids_of(node)):
        return None
    own = ids_of(node)
    parents = [message_id for message_id in node.parents if message_id not in own]
    if not parents and (node.is_reply or len(index_ids(node.thread_index)) > 1):
        return None
    if node.base_subject and _has_later_answers(session, mailing_list.id, node, post_id):
        return None
    if not parents:
        return Placement(None, None, known_to_nobody=True)
    links = find_links(session, mailing_list.id, parents[-1:])
    parent = links[0].post if links else None
    if parent is None or parent.id == post_id:
        return None
    # An answer without references may be moved by what its own answers tell of it.
    if parent.is_reply and parent.pinned_parent_id is None and not _refers(session, parent):
        return None
    return Placement(parent.thread_id, parent.id, known_to_nobody=True)


def _refers(session: Session, row: Post) -> bool:
    """Whether a post refers to any message but itself."""
    own = select(MessageLink.message_id).where(MessageLink.post_id == row.id)
    return bool(set(row.references) - set(session.scalars(own)))


def _has_later_answers(session: Session, mailing_list_id: int, node: Node, post_id: int) -> bool:
    values = {
        "mailing_list": mailing_list_id,
        "subject": node.base_subject,
        "since": node.date,
        "until": node.date + SUBJECT_WINDOW,
        "but": post_id,
    }
    return read_columns(session, _later_answers(), **values).first() is not None


@cache
def _later_answers() -> Select[int]:
    return (
        select(Post.id)
        .where(
            Post.mailing_list_id == bindparam("mailing_list"),
            Post.base_subject == bindparam("subject"),
            Post.is_reply,
            Post.date >= bindparam("since"),
            Post.date <= bindparam("until"),
            Post.id != bindparam("but"),
        )
        .limit(1)
    )


def _own(session: Session, row: Post, node: Node, known: dict[str, MessageLink]) -> None:
    """Let a new post's ids lead to it; one borne by two posts leads to the earlier."""
    for message_id in sorted(ids_of(node)):
        if message_id == f"{row.message_id}.{row.content_digest[:16]}":
            continue  # It has just been given the id itself.
        link = known.get(message_id)
        if link is None:
            session.add(
                MessageLink(
                    mailing_list_id=row.mailing_list_id,
                    message_id=message_id,
                    post_id=row.id,
                    thread_id=row.thread_id,
                )
            )
            continue
        if link.post is not None:
            if (link.post.date, link.post.content_digest) < (row.date, row.content_digest):
                continue
            if link.post.message_id == message_id:
                _rename(session, link.post, row, message_id)
        link.post_id, link.thread_id = row.id, row.thread_id


def _rename(session: Session, later: Post, earlier: Post, message_id: str) -> None:
    """Give the archive's id to the earlier of two texts that bear it, as if it had come first."""
    renamed = f"{message_id}.{later.content_digest[:16]}"
    later.message_id = renamed
    session.flush()
    session.add(
        MessageLink(
            mailing_list_id=later.mailing_list_id,
            message_id=renamed,
            post_id=later.id,
            thread_id=later.thread_id,
        )
    )
    earlier.message_id = message_id
    session.flush()
