"""The long parts of pages that are read, made of pieces: posts, contents, rows of threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Flask
from markupsafe import Markup

from forum.storage.browsing import ThreadRow
from forum.storage.post_rows import Participant, PostRow
from forum.web.filters import moments, short_date
from forum.web.pieces import each_piece, piece
from forum.web.post_looks import PostLook
from forum.web.reader import current_reader


def init_app(app: Flask) -> None:
    """Make them known to the templates."""
    app.jinja_env.globals.update(
        plain_posts=plain_posts,
        contents_of=contents_of,
        names_of=names_of,
        thread_rows=thread_rows,
    )


def plain_posts(
    posts: Sequence[PostRow], looks: Mapping[int, PostLook], title: str, list_title: str
) -> Markup:
    """Posts, one after the other, with nothing beside that has to be asked for each."""
    whens = moments(post.date for post in posts)
    return each_piece(
        "reading/post.html",
        (
            {
                "post": post,
                "when": when,
                "look": looks[post.id],
                "title": title,
                "list_title": list_title,
                "alone": True,
            }
            for post, when in zip(posts, whens, strict=True)
        ),
    )


def contents_of(posts: Sequence[PostRow]) -> Markup:
    """The table of contents of a page of a thread."""
    entries = tuple((post.position, post.id, post.author, short_date(post.date)) for post in posts)
    return piece("reading/contents.html", entries=entries, masked=current_reader().is_anonymous)


def names_of(participants: Sequence[Participant], most: int) -> Markup:
    """Who took part.

    Args:
        most: To be named; of more it is said that there are others.
    """
    return piece(
        "reading/names.html",
        participants=tuple(participants[:most]),
        others=len(participants) > most,
        masked=current_reader().is_anonymous,
    )


def thread_rows(
    rows: Sequence[ThreadRow],
    unread: Mapping[int, int],
    list_titles: Mapping[str, str] | None = None,
) -> Markup:
    """Threads as lists show them, below a heading of the second level.

    Args:
        unread: How many posts of a thread are new to the reader.
        list_titles: By the slug, where rows are to say of which list they are.
    """
    masked = current_reader().is_anonymous
    whens = moments(row.last_post_at for row in rows)
    return each_piece(
        "reading/row.html",
        (
            {
                "row": row,
                "when": when,
                "list_title": list_titles[row.list_slug] if list_titles else "",
                "unread": unread.get(row.id, 0),
                "masked": masked,
            }
            for row, when in zip(rows, whens, strict=True)
        ),
    )
