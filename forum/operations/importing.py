"""Archives into the forum, in batches: the same posts in the same threads as one by one.

A batch is stored first, each post provisionally in the thread of what it answers, where no page
shows it yet; `settle_some` then puts whole threads in order with the rule that every message is
placed by. Both take well under a second, so that mail that arrives meanwhile does not wait.
Nothing is mailed, and no list becomes more visible than it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import Source, Submission
from forum.operations import threading
from forum.operations.curation_following import destination, gone_posts, remember_there
from forum.operations.gathering import chunks
from forum.operations.importing_parting import Known, part
from forum.operations.importing_people import People
from forum.operations.importing_rows import (
    Ready,
    attachment_values,
    bytes_of,
    insert_numbered,
    own_ids,
    post_values,
    segment_values,
    thread_values,
)
from forum.operations.old_addresses import keep_old_addresses
from forum.operations.publishing import known_post, publish
from forum.operations.threads import refresh_summaries
from forum.operations.twins import batch_told_apart
from forum.storage.archive import (
    MessageLink,
    Post,
    PostAttachment,
    PostSegment,
    RawMessage,
    Thread,
)
from forum.storage.bulk import insert_rows
from forum.storage.curation import moved_links
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch."""

    post_ids: tuple[int | None, ...]
    """Beside the messages: the post of each, None for one that a moderator holds or refused."""
    new: frozenset[int]
    """Places in the batch of those that were not there before."""


def known_contents(session: Session, list_id: int, digests: Sequence[str]) -> dict[str, int | None]:
    """What became of contents that a list has, or had: their post, or None for one that is held."""
    found: dict[str, int | None] = {}
    for some in chunks(list(digests)):
        held = select(HeldMessage.content_digest).where(
            HeldMessage.mailing_list_id == list_id,
            HeldMessage.content_digest.in_(some),
            HeldMessage.state != HeldState.ACCEPTED,
        )
        found.update(dict.fromkeys(session.scalars(held)))
        posts = select(Post.content_digest, Post.id).where(
            Post.mailing_list_id == list_id, Post.content_digest.in_(some)
        )
        found.update((digest, post_id) for digest, post_id in session.execute(posts))
        # What moderators moved to another list, or removed for good, does not come back.
        for digest, post_id in gone_posts(session, list_id, list(some)).items():
            found.setdefault(digest, post_id)
    return found


class Storing:
    """Stores batches of messages of one list; the caller commits."""

    def __init__(self, session: Session, mailing_list: MailingList, now: datetime) -> None:
        self.session = session
        self.list_id = mailing_list.id
        self.names = mailing_list.subject_names
        self.now = now
        self.people = People(session)

    def store(self, batch: Sequence[Ready]) -> Stored:
        """Store what the list does not hold yet.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing of the batch is stored.
        """
        digests = [ready.submission.content_digest for ready in batch]
        known = known_contents(self.session, self.list_id, digests)
        told = batch_told_apart(self.session, self.list_id, batch, known)
        if told is not batch:
            batch, digests = told, [ready.submission.content_digest for ready in told]
            known = known_contents(self.session, self.list_id, digests)
        links = self._known_ids(batch)
        parted = part(batch, known, links)
        self._insert(parted.fresh, links, known)
        for ready in parted.odd:
            known[ready.submission.content_digest] = self._publish(ready)
        self._remember_copies(parted.copies, known)
        post_ids = tuple(known[digest] for digest in digests)
        self._keep_old_addresses(batch, post_ids)
        self.session.flush()
        return Stored(post_ids, frozenset(parted.new))

    def _wanted_ids(self, batch: Iterable[Ready]) -> list[str]:
        wanted: set[str] = set()
        for ready in batch:
            wanted.update(own_ids(ready.submission), ready.submission.parents)
        return sorted(wanted)

    def _known_ids(self, batch: Iterable[Ready]) -> Known:
        wanted = self._wanted_ids(batch)
        known = Known(moved=set(moved_links(self.session, self.list_id, wanted)))
        for some in chunks(wanted):
            rows = self.session.execute(
                select(
                    MessageLink.message_id,
                    MessageLink.post_id,
                    MessageLink.thread_id,
                    Thread.post_count,
                )
                .join(Thread, Thread.id == MessageLink.thread_id)
                .where(
                    MessageLink.mailing_list_id == self.list_id, MessageLink.message_id.in_(some)
                )
            )
            for message_id, post_id, thread_id, post_count in rows:
                (known.unseen if post_id is None else known.posts).add(message_id)
                # Threads that are shown stay as they are until all is put in order.
                if post_count == 0:
                    known.threads[message_id] = thread_id
        return known

    def _insert(self, fresh: Sequence[Ready], links: Known, known: dict[str, int | None]) -> None:
        if not fresh:
            return
        raw_ids = self._insert_raws(fresh)
        authors = self.people.of_batch([ready.submission for ready in fresh])
        thread_ids = self._threads_for(fresh, links)
        rows = [
            post_values(
                ready, self.list_id, self.names, raw_ids[ready.understood.sha256], author, thread_id
            )
            for ready, author, thread_id in zip(fresh, authors, thread_ids, strict=True)
        ]
        post_ids = insert_numbered(self.session, Post, rows)
        segments, attachments, ids = [], [], []
        for ready, post_id, thread_id in zip(fresh, post_ids, thread_ids, strict=True):
            known[ready.submission.content_digest] = post_id
            segments += segment_values(ready, post_id)
            attachments += attachment_values(ready, post_id)
            ids += [(one, post_id, thread_id) for one in own_ids(ready.submission)]
        self._insert_links(ids, links)
        insert_rows(self.session, PostSegment, segments)
        insert_rows(self.session, PostAttachment, attachments)

    def _insert_raws(self, fresh: Sequence[Ready]) -> dict[str, int]:
        wanted = {ready.understood.sha256: ready.understood for ready in fresh}
        found: dict[str, int] = {}
        for some in chunks(sorted(wanted)):
            rows = self.session.execute(
                select(RawMessage.sha256, RawMessage.id).where(RawMessage.sha256.in_(some))
            )
            found.update((sha256, raw_id) for sha256, raw_id in rows)
        missing = [one for sha256, one in wanted.items() if sha256 not in found]
        new = [
            {"sha256": one.sha256, "size": one.size, "compressed": one.compressed}
            for one in missing
        ]
        ids = insert_numbered(self.session, RawMessage, new)
        found.update({one.sha256: raw_id for one, raw_id in zip(missing, ids, strict=True)})
        return found

    def _threads_for(self, fresh: Sequence[Ready], links: Known) -> list[int]:
        """A provisional thread for each: that of what it answers, else one of its own."""
        where: dict[str, int] = {}
        chosen: list[int] = []
        begun: list[dict[str, Any]] = []
        for ready in fresh:
            submission = ready.submission
            found = self._answered(submission, links, where)
            if found is None:
                # Numbered below zero until the new rows have their ids.
                found = -1 - len(begun)
                begun.append(thread_values(submission, self.list_id, self.names))
            for one in own_ids(submission):
                where[one] = found
            chosen.append(found)
        ids = insert_numbered(self.session, Thread, begun)
        return [ids[-1 - one] if one < 0 else one for one in chosen]

    def _answered(
        self, submission: Submission, links: Known, where: Mapping[str, int]
    ) -> int | None:
        for one in (*reversed(submission.parents), *own_ids(submission)):
            found = where.get(one, links.threads.get(one))
            if found is not None:
                return found
        return None

    def _insert_links(self, ids: Sequence[tuple[str, int, int]], links: Known) -> None:
        insert_rows(
            self.session,
            MessageLink,
            [
                {
                    "mailing_list_id": self.list_id,
                    "message_id": one,
                    "post_id": post_id,
                    "thread_id": thread_id,
                }
                for one, post_id, thread_id in ids
                if one not in links.unseen
            ],
        )
        for one, post_id, _ in ids:
            if one in links.unseen:
                link = self.session.get_one(MessageLink, (self.list_id, one))
                link.post_id = post_id

    def _publish(self, ready: Ready) -> int:
        """Store a message by itself, in the list where what it answers is now.

        Of two texts that bear one id, one is given an id of its own.
        """
        raw = bytes_of(ready.understood)
        home = self.session.get_one(MailingList, self.list_id)
        mailing_list = destination(self.session, home, ready.submission.parents)
        row = known_post(self.session, mailing_list, ready.submission.content_digest)
        if row is None:
            row = publish(
                self.session,
                mailing_list,
                replace(ready.submission, raw=raw),
                ready.arrived_at,
                source=Source.IMPORT,
                mail=False,
            )
        remember_there(self.session, home, row, self.now)
        return row.id

    def _remember_copies(
        self, copies: Sequence[tuple[str, str | None]], known: Mapping[str, int | None]
    ) -> None:
        """A copy may bear another Message-ID: answers to either belong to the one post."""
        wanted = {message_id for _, message_id in copies if message_id}
        if not wanted:
            return
        borne: set[str] = set()
        for some in chunks(sorted(wanted)):
            borne |= set(
                self.session.scalars(
                    select(MessageLink.message_id).where(
                        MessageLink.mailing_list_id == self.list_id,
                        MessageLink.message_id.in_(some),
                        MessageLink.post_id.is_not(None),
                    )
                )
            )
        for digest, message_id in copies:
            post_id = known[digest]
            if post_id is None or message_id is None or message_id in borne:
                continue
            borne.add(message_id)
            post = self.session.get_one(Post, post_id)
            refresh_summaries(self.session, threading.add_alias(self.session, post, message_id))

    def _keep_old_addresses(self, batch: Sequence[Ready], post_ids: Sequence[int | None]) -> None:
        wanted = {
            key: post_id
            for ready, post_id in zip(batch, post_ids, strict=True)
            for key in ready.old_keys
            if post_id is not None
        }
        keep_old_addresses(self.session, self.list_id, wanted)
