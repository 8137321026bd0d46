"""What programs may write with a token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from forum.clock import utcnow
from forum.config import settings
from forum.domain.compose import is_blank, normalised
from forum.domain.values import LANGUAGES
from forum.extensions import db, limiter
from forum.operations.posting import Discarded, Disposition, Duplicate, Held, Posted, Rejected
from forum.operations.writing import write_post
from forum.storage.archive import Post, PostState
from forum.storage.people import Account
from forum.storage.post_rows import posts_where
from forum.storage.tokens import TokenScope
from forum.storage.visibility import Reader, find_list, find_post, find_thread
from forum.web.addresses import absolute
from forum.web.api.documents import Document, one_post
from forum.web.api.problems import problem
from forum.web.reader import bearer

LONGEST_SUBJECT = 250
LONGEST_TEXT = 200_000


def add_to(blueprint: Blueprint) -> None:
    """Join the views to the API's blueprint."""
    limited = limiter.limit("60 per minute", methods=["POST"])
    blueprint.add_url_rule(
        "/lists/<slug>/threads",
        "start_thread",
        view_func=limited(start_thread),
        methods=["POST"],
    )
    blueprint.add_url_rule(
        "/threads/<key:thread_id>/posts", "answer", view_func=limited(answer), methods=["POST"]
    )


def start_thread(slug: str) -> Response:
    """Start a thread on a list."""
    account = _writer()
    mailing_list = find_list(db.session(), Reader.of(account), slug) or abort(404)
    body = _body()
    subject = " ".join(_text(body, "subject", LONGEST_SUBJECT).split())
    outcome = write_post(
        db.session(),
        mailing_list,
        account,
        subject_line=subject,
        text=_text(body, "text", LONGEST_TEXT),
        now=utcnow(),
        max_bytes=settings().max_message_bytes,
        language=_language(body),
    )
    return _answer_with(account, outcome)


def answer(thread_id: int) -> Response:
    """Answer a post of a thread, or the thread: that is its first post."""
    account = _writer()
    reader = Reader.of(account)
    thread = find_thread(db.session(), reader, thread_id) or abort(404)
    body = _body()
    parent = _parent(body, reader, thread.merged_into_id or thread.id)
    outcome = write_post(
        db.session(),
        parent.mailing_list,
        account,
        subject_line="",
        text=_text(body, "text", LONGEST_TEXT),
        now=utcnow(),
        max_bytes=settings().max_message_bytes,
        language=_language(body),
        parent=parent,
    )
    return _answer_with(account, outcome)


def _writer() -> Account:
    token = bearer()
    if token is None:
        abort(401, "Writing needs a token: send it as Authorization: Bearer TOKEN.")
    if token.scope != TokenScope.WRITE:
        abort(403, "This token allows reading only.")
    return token.account


def _body() -> Document:
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # Thousands of opening brackets.
        body = None
    if not isinstance(body, dict):
        abort(400, "The body must be a JSON object, with Content-Type: application/json.")
    return body


def _text(body: Document, name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or is_blank(value):
        abort(422, f"{name} is needed, as text.")
    if len(value) > longest:
        abort(422, f"{name} has more than {longest} characters.")
    # A lone surrogate is allowed in JSON and in no encoding of a message.
    return normalised(value)


def _language(body: Document) -> str | None:
    value = body.get("language")
    if value is not None and value not in LANGUAGES:
        abort(422, f"language must be one of {', '.join(LANGUAGES)}.")
    return value


def _parent(body: Document, reader: Reader, thread_id: int) -> Post:
    parent_id: Any = body.get("parent_id")
    if parent_id is None:
        first = posts_where(
            db.session(),
            Post.thread_id == thread_id,
            Post.state == PostState.VISIBLE,
            members_html=False,
            order=(Post.position, Post.id),
            limit=1,
        )
        parent_id = first[0].id if first else abort(404)
    if isinstance(parent_id, bool) or not isinstance(parent_id, int) or not 0 < parent_id < 10**9:
        abort(422, "parent_id must be the id of a post of this thread.")
    found = find_post(db.session(), reader, parent_id)
    if found is None or found.thread_id != thread_id:
        abort(422, "parent_id must be the id of a post of this thread.")
    return found


def _answer_with(account: Account, outcome: Disposition) -> Response:
    reader = Reader.of(account)
    db.session.commit()
    match outcome:
        case Posted(post_id, _thread_id):
            return _post(reader, post_id, 201)
        case Duplicate(post_id):
            return _post(reader, post_id, 200)
        case Held(held_id, reasons):
            return _said({"held_id": held_id, "reasons": list(reasons)}, 202)
        case Rejected(reasons) | Discarded(reasons):
            told = ", ".join(reasons)
            return problem(422, "The list does not take this post", f"Reasons: {told}.")


def _post(reader: Reader, post_id: int, status: int) -> Response:
    response = _said(one_post(reader, post_id), status)
    response.headers["Location"] = absolute(f"/api/v1/posts/{post_id}")
    return response


def _said(document: Document, status: int) -> Response:
    response: Response = jsonify(document)
    response.status_code = status
    return response
