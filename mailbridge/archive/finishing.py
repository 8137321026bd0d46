"""What an import does besides storing: it knows its source again and puts all in its place."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.operations.gathering import chunks
from forum.operations.old_addresses import keep_old_addresses
from forum.operations.settling import has_older, newest_post_id, settle_some, unsettled_threads
from forum.search import SearchIndex
from forum.search.building import Builders
from forum.search.indexer import BATCH, drain
from forum.storage.archive import MessageLink
from forum.storage.imports import ImportSource, unfinished_source, unfinished_sources
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from mailbridge.archive.containers import files_below

STANDARD_INPUT: Final = "-"
SETTLED_AT_ONCE: Final = 200
"""Posts whose threads are put in order in one transaction."""
LONGEST: Final = 0.15
"""Seconds that a transaction should take at most: mail waits for it."""
FEWEST: Final = 100
"""Posts of one transaction on the slowest machine: with fewer, beginning and ending is the work."""

_IDLE: Final = 0.2


def fingerprint(path: Path) -> str:
    """A digest of the names, sizes and times of a source: it changes with what is in it."""
    if str(path) == STANDARD_INPUT:
        return uuid4().hex
    digest = hashlib.sha256()
    for file in files_below(path):
        state = file.stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def total_bytes(paths: Iterable[Path]) -> int:
    """The size of sources on the disk; 0 where it cannot be told."""
    if any(str(path) == STANDARD_INPUT for path in paths):
        return 0
    return sum(file.stat().st_size for path in paths for file in files_below(path))


def open_source(
    session: Session, mailing_list: MailingList, path: Path, now: datetime
) -> ImportSource:
    """The import of a source that was broken off, or a new one."""
    is_input = str(path) == STANDARD_INPUT
    name = STANDARD_INPUT if is_input else os.fspath(path.absolute())
    mark = fingerprint(path)
    source = unfinished_source(session, mailing_list.id, name, mark)
    if source is None:
        source = ImportSource(
            mailing_list_id=mailing_list.id,
            path=name,
            fingerprint=mark,
            after_post_id=newest_post_id(session),
            started_at=now,
            done=0,
            counts={},
        )
        session.add(source)
        session.flush()
    return source


def settle(
    session: Session,
    mailing_list: MailingList,
    after: int,
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    """Put the threads of an import in order, and of those broken off before; commits as it goes.

    Nobody has to do these again: they go on, if they ever do, behind what was put in order here.

    Args:
        after: The newest post when this import began.
        progress: Told how many posts were looked at so far.
    """
    # A batch of another import is either committed by now, or numbered behind the newest post.
    unfinished = unfinished_sources(session, mailing_list.id)
    after = min((after, *(one.after_post_id for one in unfinished)))
    newest = newest_post_id(session)
    waiting = unsettled_threads(session, mailing_list, after)
    older = has_older(session, mailing_list, after)
    session.rollback()
    done = start = 0
    at_once = SETTLED_AT_ONCE
    while start < len(waiting):
        end, posts = start, 0
        while end < len(waiting) and (end == start or posts + waiting[end][1] <= at_once):
            posts += waiting[end][1]
            end += 1
        began = time.monotonic()
        some = [one for one, _ in waiting[start:end]]
        settle_some(session, mailing_list, some, after, now, older=older)
        session.commit()
        took = time.monotonic() - began
        at_once = max(FEWEST, int(at_once * 0.7)) if took > LONGEST else min(1_000, at_once + 20)
        done += posts
        start = end
        progress(done)
    for source in unfinished_sources(session, mailing_list.id):
        source.after_post_id = max(source.after_post_id, newest)
        if source.path == STANDARD_INPUT:
            # What comes in by it is never known again.
            source.finished_at = now
    session.commit()


def keep_pages(session: Session, mailing_list: MailingList, pages: Mapping[str, str]) -> int:
    """Let old addresses lead to posts by Message-ID; commits.

    Args:
        pages: Message-ID by key.

    Returns:
        How many lead nowhere.
    """
    lost = 0
    for keys in chunks(sorted(pages)):
        wanted = {pages[key] for key in keys}
        rows = session.execute(
            select(MessageLink.message_id, MessageLink.post_id).where(
                MessageLink.mailing_list_id == mailing_list.id,
                MessageLink.message_id.in_(wanted),
                MessageLink.post_id.is_not(None),
            )
        )
        posts = {message_id: post_id for message_id, post_id in rows if post_id is not None}
        found = {key: posts[pages[key]] for key in keys if pages[key] in posts}
        lost += len(keys) - len(found)
        keep_old_addresses(session, mailing_list.id, found)
        session.commit()
    return lost


def make_searchable(
    session: Session, index: SearchIndex, builders: Builders | None, progress: Callable[[int], None]
) -> None:
    """Return when everything stored so far is in the search index, whoever puts it there."""
    last = session.scalar(select(func.max(IndexQueue.id))) or 0
    session.rollback()
    done = 0
    while waiting(session, last):
        count = drain(session, index, builders.appetite if builders else BATCH, builders)
        session.commit()
        done += count
        progress(done)
        if not count:
            # The worker of a running site holds the index, and does the same.
            time.sleep(_IDLE)


def waiting(session: Session, last: int) -> bool:
    """Whether a row of the index queue up to `last` is still there."""
    found = session.scalar(select(IndexQueue.id).where(IndexQueue.id <= last).limit(1))
    session.rollback()
    return found is not None
