"""The addresses that posts had in the web archives they come from: they lead to them for good."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound, Unauthorized
from werkzeug.wrappers import Response

from forum.extensions import db
from forum.storage.archive import MessageLink, Post
from forum.storage.imports import OldAddress
from forum.storage.lists import MailingList
from forum.storage.visibility import find_list, find_post
from forum.web import errors
from forum.web.reader import any_reader

_PAGE: Final = re.compile(r"(\d{6,7})\.html?")
_MHONARC: Final = re.compile(r"(msg\d{5,7})\.html?")
_HASH: Final = re.compile(r"[A-Z2-7]{32}")
_MONTH: Final = re.compile(r"\d{4}-[A-Za-z0-9]+")
_INDEXES: Final = frozenset({"", "thread.html", "subject.html", "author.html", "date.html"})

blueprint = Blueprint("old_addresses", __name__)


@blueprint.get("/pipermail/<name>/")
@blueprint.get("/pipermail/<name>/<month>/<page>")
@blueprint.get("/archives/private/<name>/<month>/<page>")
@blueprint.get("/mailman/private/<name>/<month>/<page>")
def pipermail(name: str, month: str = "", page: str = "") -> Response:
    """A page of Mailman 2."""
    found = _PAGE.fullmatch(page)
    if found is None or not _MONTH.fullmatch(month):
        return _to_list(name, page in _INDEXES)
    return _to_post(f"pipermail/{name.lower()}/{month}/{found[1]}", name)


@blueprint.get("/archives/list/<address>/")
@blueprint.get("/archives/list/<address>/<any(message, thread):kind>/<digest>/")
@blueprint.get("/hyperkitty/list/<address>/<any(message, thread):kind>/<digest>/")
def hyperkitty(address: str, kind: str = "", digest: str = "") -> Response:
    """A message or thread of Mailman 3, which names both by a digest of the Message-ID."""
    name = address.partition("@")[0]
    if not digest:
        return _to_list(name, True)
    if not _HASH.fullmatch(digest.upper()):
        abort(404)
    return _to_post(f"hyperkitty/{digest.upper()}", name)


@blueprint.get("/arc/<name>/")
@blueprint.get("/sympa/arc/<name>/")
@blueprint.get("/wws/arc/<name>/")
@blueprint.get("/arc/<name>/<month>/<page>")
@blueprint.get("/sympa/arc/<name>/<month>/<page>")
@blueprint.get("/wws/arc/<name>/<month>/<page>")
def sympa(name: str, month: str = "", page: str = "") -> Response:
    """A page of Sympa."""
    found = _MHONARC.fullmatch(page)
    if found is None or not _MONTH.fullmatch(month):
        return _to_list(name, True)
    return _to_post(f"sympa/{name.lower()}/{month}/{found[1]}", name)


@blueprint.get("/arc/<name>/arcsearch_id/<month>/<path:message_id>")
@blueprint.get("/sympa/arc/<name>/arcsearch_id/<month>/<path:message_id>")
def sympa_message(name: str, month: str, message_id: str) -> Response:
    """A message of Sympa by its Message-ID."""
    wanted = message_id.strip("<>")
    posts = select(MessageLink.post_id, MailingList.slug).join(
        MailingList, MailingList.id == MessageLink.mailing_list_id
    )
    rows = db.session.execute(
        posts.where(MessageLink.message_id == wanted, MessageLink.post_id.is_not(None))
    )
    found = _first_readable([(post_id, slug) for post_id, slug in rows if post_id], name)
    return found or abort(404)


@blueprint.app_errorhandler(404)
def elsewhere(error: NotFound) -> Response:
    """An address that is none of ours, which led to a post elsewhere; else the usual page."""
    if request.url_rule is None and request.method in ("GET", "HEAD"):
        try:
            found = _first_readable(_posts_of(_own_keys()), "")
        except Unauthorized as refused:
            # Raised here, nothing would catch it: this answers an error already.
            return errors.show(refused)
        if found is not None:
            return found
    return errors.show(error)


def _own_keys() -> list[str]:
    """The keys of the address that was asked for, as a file of redirects gives it."""
    path = "/" + unquote(request.path).strip("/")
    query = request.query_string.decode("utf-8", "replace")
    return [f"{path}?{query}", path] if query else [path]


def _to_post(key: str, name: str) -> Response:
    return _first_readable(_posts_of([key, *_own_keys()]), name) or abort(404)


def _posts_of(keys: list[str]) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(OldAddress.post_id, MailingList.slug)
        .join(Post, Post.id == OldAddress.post_id)
        .join(MailingList, MailingList.id == OldAddress.mailing_list_id)
        .where(OldAddress.key.in_(keys))
        .order_by(Post.date, Post.id)
    )
    return [(post_id, slug) for post_id, slug in rows]


def _first_readable(rows: list[tuple[int, str]], name: str) -> Response | None:
    """To the first post the reader may see, of the list that is named where it holds one.

    A redirect to what one may not see would tell that it is there.
    """
    if not rows:
        return None
    reader = any_reader()
    for post_id, _ in sorted(rows, key=lambda row: row[1] != name.lower()):
        if find_post(db.session(), reader, post_id) is not None:
            return redirect(url_for("reading.post", post_id=post_id), 301)
    return None


def _to_list(name: str, known: bool) -> Response:
    mailing_list = find_list(db.session(), any_reader(), name.lower()) if known else None
    if mailing_list is None:
        abort(404)
    return redirect(url_for("reading.show_list", slug=mailing_list.slug), 301)
