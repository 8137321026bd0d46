"""Messages that answer what a moderator moved or removed: they go where it is, or are refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations.curation_moving import carry, keep_moved
from forum.operations.curation_removing import forget_bytes
from forum.operations.gathering import find_links
from forum.operations.raw import digest_of
from forum.storage.archive import MessageLink, Post, RawMessage, Thread
from forum.storage.curation import moved_links, moved_posts, removed_posts, was_removed
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming

_LOOKED_AT = 50
"""The newest ids that a message refers to, of very many."""


def destination(session: Session, mailing_list: MailingList, parents: Sequence[str]) -> MailingList:
    """The list in which an answer belongs: where a moderator moved what it answers, else its own.

    Args:
        parents: References, oldest first, then In-Reply-To.
    """
    wanted = list(parents)[-_LOOKED_AT:]
    if not wanted:
        return mailing_list
    moved = moved_links(session, mailing_list.id, wanted)
    if not moved:
        return mailing_list
    here = {
        link.message_id
        for link in find_links(session, mailing_list.id, wanted)
        if link.post_id is not None
    }
    for message_id in reversed(wanted):
        if message_id in here:
            return mailing_list
        if message_id in moved:
            return moved[message_id]
    return mailing_list


def gone_posts(
    session: Session, mailing_list_id: int, content_digests: Sequence[str]
) -> dict[str, int]:
    """Where the contents are that a list had and has no more: moved to another list, or removed.

    Args:
        content_digests: A few hundred at most.

    Returns:
        Posts, or tombstones, by digest.
    """
    digests = list(content_digests)
    return {
        **moved_posts(session, mailing_list_id, digests),
        **removed_posts(session, mailing_list_id, digests),
    }


def refuse_again(session: Session, submission: Submission) -> None:
    """Forget the bytes of a message that came in, where it is a copy of one removed for good."""
    if not was_removed(session, submission.content_digest):
        return
    found = session.scalar(
        select(RawMessage.id).where(RawMessage.sha256 == digest_of(submission.raw))
    )
    if found is not None:
        session.execute(update(Incoming).where(Incoming.raw_id == found).values(subject=""))
        forget_bytes(session, [found], coming=True)


def remember_there(session: Session, home: MailingList, row: Post, now: datetime) -> None:
    """Let a list know of an answer that came to it and stands in another, and of what waits for it.

    Answers that came before it go with it.
    """
    if row.mailing_list_id == home.id:
        return
    links = session.execute(
        select(MessageLink.message_id, MessageLink.post_id).where(MessageLink.post_id == row.id)
    )
    ids = {message_id: row.id for message_id, _ in links}
    keep_moved(session, home.id, ids, {row.content_digest: row.id})
    target = session.get_one(MailingList, row.mailing_list_id)
    waiting = {link.thread_id for link in find_links(session, home.id, ids) if link.post_id is None}
    for thread_id in sorted(waiting):
        thread = session.get(Thread, thread_id)
        if thread is None or thread.mailing_list_id != home.id:
            continue
        posts = list(session.scalars(select(Post.id).where(Post.thread_id == thread_id)))
        carry(session, posts, target, now)
