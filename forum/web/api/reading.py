"""What the API gives to read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from forum.domain.query_names import nearest_field
from forum.extensions import db
from forum.storage import browsing, list_sizes
from forum.storage.archive import Post, Thread
from forum.storage.visibility import find_list, find_post, find_thread, visible_lists
from forum.web.api.documents import (
    Document,
    hiding,
    list_document,
    one_post,
    page_and_size,
    page_of,
    post_documents,
    synthesis_documents,
    thread_document,
)
from forum.web.filters import iso
from forum.web.places import find_message
from forum.web.reader import bearer_reader
from forum.web.search_facets import shown_facets
from forum.web.search_results import FoundPost, found_posts
from forum.web.search_wider import asked
from forum.web.searching import find, wanted_sort


def add_to(blueprint: Blueprint) -> None:
    """Join the views to the API's blueprint."""
    blueprint.add_url_rule("/lists", view_func=lists)
    blueprint.add_url_rule("/lists/<slug>", view_func=one_list)
    blueprint.add_url_rule("/lists/<slug>/threads", view_func=threads)
    blueprint.add_url_rule("/threads/<key:thread_id>", view_func=thread)
    blueprint.add_url_rule("/posts/<key:post_id>", view_func=post)
    blueprint.add_url_rule(
        "/messages/<message_id:message_id>", view_func=message, merge_slashes=False
    )
    blueprint.add_url_rule("/search", view_func=search)


def lists() -> Response:
    """The lists the reader may see, the liveliest first."""
    page, per_page = page_and_size()
    rows = list_sizes.list_rows(db.session(), visible_lists(bearer_reader()))
    shown = rows[(page - 1) * per_page : page * per_page]
    return jsonify(page_of([list_document(row) for row in shown], len(rows), page, per_page))


def one_list(slug: str) -> Response:
    """One list."""
    mailing_list = find_list(db.session(), bearer_reader(), slug) or abort(404)
    row = list_sizes.list_rows(db.session(), list_sizes.is_list(mailing_list.id))[0]
    return jsonify(list_document(row))


def threads(slug: str) -> Response:
    """A list's threads, pinned ones first, then by latest activity."""
    reader = bearer_reader()
    mailing_list = find_list(db.session(), reader, slug) or abort(404)
    page, per_page = page_and_size()
    wanted = browsing.ThreadFilter(
        language=request.args.get("language", "").lower(), tag=request.args.get("tag", "").lower()
    )
    rows = browsing.threads_of_list(
        db.session(), mailing_list.id, wanted, offset=(page - 1) * per_page, limit=per_page
    )
    total = browsing.count_threads(db.session(), mailing_list.id, wanted)
    items = [thread_document(row, reader) for row in rows]
    return jsonify(page_of(items, total, page, per_page))


def thread(thread_id: int) -> Response:
    """A thread with its posts in reply-tree order."""
    reader = bearer_reader()
    found = find_thread(db.session(), reader, thread_id) or abort(404)
    if found.merged_into_id is not None:
        target = db.session.get(Thread, found.merged_into_id) or abort(404)
        return redirect(url_for("api.thread", thread_id=target.id), 301)
    row = browsing.thread_row(db.session(), thread_id) or abort(404)
    document = thread_document(row, reader)
    document["post_count"] = document["posts"]
    document["synthesis"] = synthesis_documents(thread_id, reader)
    document["posts"] = post_documents(
        reader, Post.thread_id == thread_id, order=(Post.position, Post.id)
    )
    return jsonify(document)


def post(post_id: int) -> Response:
    """A post."""
    reader = bearer_reader()
    found = find_post(db.session(), reader, post_id) or abort(404)
    return jsonify(one_post(reader, found.id))


def message(message_id: str) -> Response:
    """The post with a Message-ID or an alias of it."""
    reader = bearer_reader()
    found = find_message(reader, message_id, request.args.get("list", "")) or abort(404)
    return jsonify(one_post(reader, found.id))


def search() -> Response:
    """What a search finds, with facets."""
    reader = bearer_reader()
    page, per_page = page_and_size()
    wanted = asked(reader, request.args.get("q", ""))
    hits = find(wanted, page, per_page, wanted_sort(), facets=True)
    facets: dict[str, Any] = {"language": {}, "year": {}, "author": {}, "list": {}, "tag": {}}
    items = [_hit(row, reader) for row in found_posts(reader, hits, wanted)]
    document = page_of(items, hits.total, page, per_page)
    document["facets"] = facets | shown_facets(hits, reader)
    document["expanded"] = [
        {"words": one.words, "language": one.term.language, "term": one.term.text}
        for one in wanted.expansions
    ]
    document["readable"] = wanted.query.readable
    document["notices"] = [
        {"code": "unknown-field", "field": name, "instead": nearest_field(name)}
        for name in wanted.query.unknown_fields
    ]
    document["rebuilding"] = hits.rebuilding
    return jsonify(document)


def _snippet(row: FoundPost) -> str:
    """The place in an attachment stands behind the attachment's name."""
    if not row.file:
        return str(row.snippet)
    return f"{row.file}: {row.file_text or row.snippet}"


def _hit(row: FoundPost, reader: Any) -> Document:
    return {
        "post_id": row.post_id,
        "thread_id": row.thread_id,
        "list": row.list_slug,
        "subject": row.subject,
        "author": hiding(reader)(row.author),
        "date": iso(row.date),
        "language": row.language,
        "snippet": _snippet(row),
        "score": row.score,
    }
