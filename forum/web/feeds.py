"""Atom feeds (RFC 4287); whoever asks, they show no mail address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, abort, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.masking import mask_addresses_text
from forum.domain.shortening import LONGEST_IN_FEED
from forum.extensions import db
from forum.i18n import current_language
from forum.storage.archive import Post, Thread
from forum.storage.post_rows import PostRow, posts_where
from forum.storage.visibility import find_list, find_thread
from forum.web.addresses import absolute
from forum.web.reader import any_reader

ENTRIES: Final = 40
# XML 1.0, section 2.2: these may not stand in a document, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

blueprint = Blueprint("feeds", __name__)


@blueprint.get("/lists/<slug>/feed.atom")
def of_list(slug: str) -> Response:
    """The newest posts of a list."""
    mailing_list = find_list(db.session(), any_reader(), slug) or abort(404)
    newest = posts_where(
        db.session(),
        Post.mailing_list_id == mailing_list.id,
        members_html=False,
        order=(Post.date.desc(), Post.id.desc()),
        limit=ENTRIES,
    )
    title = mailing_list.title(current_language())
    return feed(title, url_for("reading.show_list", slug=slug), newest, mailing_list.created_at)


@blueprint.get("/threads/<key:thread_id>/feed.atom")
def of_thread(thread_id: int) -> Response:
    """The newest posts of a thread."""
    thread = find_thread(db.session(), any_reader(), thread_id) or abort(404)
    newest = posts_where(
        db.session(),
        Post.thread_id == thread.id,
        members_html=False,
        order=(Post.date.desc(), Post.id.desc()),
        limit=ENTRIES,
    )
    page = url_for("reading.thread", thread_id=thread_id)
    title = thread.titles.get(current_language()) or thread.subject
    return feed(title, page, newest, thread.started_at)


def feed(title: str, page: str, posts: Sequence[PostRow], empty_since: datetime | None) -> Response:
    """Posts as an Atom document.

    Args:
        title: Of the feed.
        page: The path of the page it belongs to; the feed's id is made of it.
        posts: Newest first, read with `members_html=False`.
        empty_since: When there is no post yet; None is now.
    """
    updated = max((post.date for post in posts), default=empty_since or utcnow())
    text = render_template(
        "feed.xml",
        title=mask_addresses_text(title),
        page=absolute(page),
        posts=posts,
        subjects=subjects_of(db.session(), posts),
        updated=updated,
        public=mask_addresses_text,
        longest=LONGEST_IN_FEED,
    )
    return Response(_NOT_XML.sub("", text), mimetype="application/atom+xml")


def subjects_of(session: Session, posts: Sequence[PostRow]) -> dict[int, str]:
    """The subjects of the threads of posts, for those posts that have none."""
    wanted = {post.thread_id for post in posts if not post.subject}
    if not wanted:
        return {}
    rows = session.execute(select(Thread.id, Thread.subject).where(Thread.id.in_(wanted)))
    return dict(rows)
