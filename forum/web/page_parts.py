"""Parts of pages made of pieces: the main menu, posts, contents, rows of threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from flask import Flask, request
from markupsafe import Markup

from forum.i18n import current_zone
from forum.storage.browsing import ThreadRow
from forum.storage.post_rows import Participant, PostRow
from forum.web.filters import moments
from forum.web.pieces import each_piece, piece
from forum.web.post_looks import PostLook
from forum.web.reader import current_account, current_reader, moderates_something

_ENDPOINTS: Final = {
    "/": ("reading.home", "reading.show_list"),
    "/search": ("searching.search",),
    "/help": ("pages.help_page",),
}
"""Where the current page is one of these; elsewhere it is what lies below the address."""


def init_app(app: Flask) -> None:
    """Make them known to the templates."""
    app.jinja_env.globals.update(
        main_menu=main_menu,
        plain_posts=plain_posts,
        contents_of=contents_of,
        names_of=names_of,
        thread_rows=thread_rows,
    )


def main_menu() -> Markup:
    """The ways through the site that the reader has."""
    account = current_account()
    ways = ["/", "/search", "/help"]
    if account is None:
        ways.append("/login")
    else:
        ways += ["/moderation"] if moderates_something() else []
        ways += ["/admin"] if account.is_admin else []
        ways.append("/account")
    return piece("menu.html", ways=tuple((way, _leads_here(way)) for way in ways))


def _leads_here(way: str) -> bool:
    if way in _ENDPOINTS:
        return request.endpoint in _ENDPOINTS[way]
    return request.path == way or request.path.startswith(f"{way}/")


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
    return piece(
        "reading/contents.html",
        entries=tuple((post.position, post.id, post.author, post.date) for post in posts),
        zone=current_zone(),
        masked=current_reader().is_anonymous,
    )


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
