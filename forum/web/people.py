"""A person: what they wrote in the lists the reader may see; never an address."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, render_template
from sqlalchemy import func, select

from forum.extensions import db
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.people import Author
from forum.storage.post_rows import posts_where
from forum.storage.visibility import visible_lists
from forum.web.addresses import page_number
from forum.web.reader import current_reader

POSTS_A_PAGE: Final = 30

blueprint = Blueprint("people", __name__)


@blueprint.get("/people/<key:author_id>")
def show(author_id: int) -> str:
    """A person's posts, the newest first."""
    session, page = db.session(), page_number()
    author = session.get(Author, author_id) or abort(404)
    lists = _lists_of(author_id)
    total = sum(lists.values())
    pages = -(-total // POSTS_A_PAGE)
    # Whoever wrote nothing that this reader may see is nobody to them.
    if page > pages:
        abort(404)
    posts = posts_where(
        session,
        Post.author_id == author_id,
        Post.mailing_list_id.in_([mailing_list.id for mailing_list in lists]),
        members_html=not current_reader().is_anonymous,
        order=(Post.date.desc(), Post.id.desc()),
        limit=POSTS_A_PAGE,
        offset=(page - 1) * POSTS_A_PAGE,
    )
    return render_template(
        "people/show.html",
        name=author.name or posts[0].author,
        posts=posts,
        lists=lists,
        list_by_id={mailing_list.id: mailing_list for mailing_list in lists},
        total=total,
        page=page,
        pages=pages,
    )


def _lists_of(author_id: int) -> dict[MailingList, int]:
    """The lists the reader may see in which somebody wrote, with the number of their posts."""
    rows = db.session.execute(
        select(MailingList, func.count())
        .join(Post, Post.mailing_list_id == MailingList.id)
        .where(
            Post.author_id == author_id,
            Post.state == PostState.VISIBLE,
            visible_lists(current_reader()),
        )
        .group_by(MailingList.id)
        .order_by(MailingList.slug)
    )
    return {row[0]: row[1] for row in rows}
