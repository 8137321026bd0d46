"""Where posts stand: the addresses that lead into threads, and what they name."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from forum.extensions import db
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.lists import MailingList
from forum.storage.post_rows import page_of
from forum.storage.visibility import Reader, find_place, find_post, visible_lists
from forum.web import unread
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.reader import current_reader


def place_of(found: Post, translation: str | None = None, *, whole: bool = False) -> str:
    """The address of a post's place in its thread.

    Args:
        translation: The language in which it is to be shown.
        whole: Whether it is to be shown to its end, however long it is.
    """
    page = page_of(found.position)
    return url_for(
        "reading.thread",
        thread_id=found.thread_id,
        page=page if page > 1 else None,
        translation=translation,
        whole=found.id if whole else None,
        _anchor=f"post-{found.id}",
    )


def first_unread(found: Thread) -> str:
    """Where the reader goes on; the thread's beginning for those to whom nothing is new."""
    new = unread.of_thread(found)
    page = page_of(new[0].position) if new else 1
    return url_for(
        "reading.thread",
        thread_id=found.id,
        page=page if page > 1 else None,
        _anchor=f"post-{new[0].post_id}" if new else None,
    )


def find_message(reader: Reader, message_id: str, slug: str = "") -> Post | None:
    """The oldest post with this Message-ID that the reader may see.

    Args:
        message_id: With or without angle brackets.
        slug: Of the one list to look in; empty: all.
    """
    wanted = message_id.strip().removeprefix("<").removesuffix(">").strip()
    lists = select(MailingList.id).where(visible_lists(reader))
    if slug:
        lists = lists.where(MailingList.slug == slug)
    candidates = db.session.scalars(
        select(Post.id)
        .join(MessageLink, MessageLink.post_id == Post.id)
        .where(MessageLink.mailing_list_id.in_(lists), MessageLink.message_id == wanted)
        .order_by(Post.date, Post.id)
    )
    for post_id in candidates.all():
        found = find_place(db.session(), reader, post_id)
        if found is not None:
            return found
    return None


def wanted_parent(thread: Thread) -> Post | None:
    """The post that `?parent=` says is to be answered; None where there is none for the reader.

    It may stand in another thread of the list: a moderator may have moved it meanwhile.
    """
    number = whole_number(request.values.get("parent", ""), LARGEST_KEY)
    found = find_post(db.session(), current_reader(), number) if number else None
    is_near = found is not None and found.mailing_list_id == thread.mailing_list_id
    return found if is_near else None
