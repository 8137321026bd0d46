"""What is new to the reader: counted on lists of threads, marked in a thread, then remembered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from forum.extensions import db
from forum.operations.reading_marks import mark_list_read, mark_thread_read, open_list
from forum.storage.archive import Thread
from forum.storage.base import set_reading
from forum.storage.browsing import ThreadRow
from forum.storage.reading_marks import Unread, is_open, unread_counts, unread_posts
from forum.web.access import signed_in, the_account, visible_list_or_404
from forum.web.addresses import list_path
from forum.web.reader import SAFE_METHODS, current_account

blueprint = Blueprint("unread", __name__)


@blueprint.post("/lists/<slug>/read")
@signed_in
def mark_all(slug: str) -> ResponseReturnValue:
    """Count everything in a list as read."""
    mailing_list = visible_list_or_404(slug)
    mark_list_read(db.session(), the_account(), mailing_list.id)
    db.session.commit()
    return redirect(list_path(slug), 303)


def counts_of(rows: Sequence[ThreadRow]) -> dict[int, int]:
    """How many posts of threads are new to the reader, by thread."""
    account = current_account()
    if account is None:
        return {}
    ids = [row.id for row in rows]
    return unread_counts(db.session(), account.id, account.author_id, ids)


def of_thread(thread: Thread) -> list[Unread]:
    """The posts of a thread that are new to the reader, in reading order."""
    account = current_account()
    if account is None:
        return []
    return unread_posts(db.session(), account.id, account.author_id, thread.id)


def remember_list(list_id: int) -> None:
    """Begin to count what is new in a list, once the reader has opened it."""
    account = current_account()
    if account is None or is_open(db.session(), account.id, list_id):
        return
    _write(lambda: open_list(db.session(), account, list_id))


def remember_thread(thread: Thread, unread: Sequence[Unread], seen: Collection[int]) -> None:
    """Count what the reader was shown as read."""
    account = current_account()
    if account is not None and {one.post_id for one in unread} & set(seen):
        _write(lambda: mark_thread_read(db.session(), account, thread, seen))


def _write(change: Callable[[], bool]) -> None:
    """Change something behind a page that is read, after it is made.

    Not for browsers that fetch ahead what nobody has looked at yet.
    """
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return
    # The reader's transaction cannot write.
    db.session.rollback()
    set_reading(False)
    try:
        if change():
            db.session.commit()
        db.session.rollback()
    finally:
        set_reading(request.method in SAFE_METHODS)
