"""Stored bytes for those who may have them, and attachments for everybody who may read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, abort, request, stream_with_context

from forum.domain.mbox import mbox_entry
from forum.domain.message import attachment_content
from forum.domain.readable_file import shows_addresses
from forum.extensions import db
from forum.operations.leaving import Selection, stored_messages
from forum.operations.raw import load_raw
from forum.storage.archive import Post, PostAttachment
from forum.storage.thumbnails import PostThumbnail
from forum.storage.visibility import Reader, find_list, find_post, find_thread, may_fetch_bytes
from forum.web.caching import keep_private
from forum.web.reader import any_reader

THUMBNAIL_SECONDS: Final = 3600
"""As long a reader's own browser may keep one without asking."""
SHOWN_INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
ACTIVE: Final = re.compile(r"text/(?:html|xml|.*script)|image/svg|application/.*(?:xml|script)")
PLAIN_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
SANDBOX: Final = "default-src 'none'; sandbox"

blueprint = Blueprint("downloads", __name__)


@blueprint.get("/posts/<key:post_id>/raw")
def raw(post_id: int) -> Response:
    """A message as it came, byte for byte."""
    reader = any_reader()
    post = find_post(db.session(), reader, post_id) or abort(404)
    _need_access(reader, post.mailing_list_id)
    content = _bytes_of(post)
    return _file(content, f"post-{post.id}.eml", "message/rfc822")


@blueprint.get("/threads/<key:thread_id>/messages.mbox")
def thread_messages(thread_id: int) -> Response:
    """The messages of a thread, oldest first."""
    reader = any_reader()
    thread = find_thread(db.session(), reader, thread_id) or abort(404)
    _need_access(reader, thread.mailing_list_id)
    return _mbox(Selection(thread.mailing_list_id, thread.id), f"thread-{thread.id}.mbox")


@blueprint.get("/lists/<slug>/archive.mbox")
def list_archive(slug: str) -> Response:
    """The messages of a list, oldest first."""
    reader = any_reader()
    mailing_list = find_list(db.session(), reader, slug) or abort(404)
    _need_access(reader, mailing_list.id)
    return _mbox(Selection(mailing_list.id), f"{mailing_list.slug}.mbox")


@blueprint.get("/posts/<key:post_id>/attachments/<index:index>/<path:filename>")
def attachment(post_id: int, index: int, filename: str) -> Response:
    """An attachment; the name in the address is for people, the number decides."""
    reader = any_reader()
    post = find_post(db.session(), reader, post_id) or abort(404)
    if index > 1_000_000:
        abort(404)
    row = db.session.get(PostAttachment, (post.id, index)) or abort(404)
    try:
        _, content = attachment_content(_bytes_of(post), index)
    except LookupError:
        abort(404)
    if reader.is_anonymous and shows_addresses(content, row.content_type, row.filename):
        abort(403)
    kind = row.content_type if PLAIN_TYPE.fullmatch(row.content_type) else ""
    if not kind or ACTIVE.match(kind):
        kind = "application/octet-stream"
    response = _file(content, row.filename, kind, inline=kind in SHOWN_INLINE)
    if reader.is_anonymous:
        response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/posts/<key:post_id>/attachments/<index:index>/thumbnail")
def thumbnail(post_id: int, index: int) -> Response:
    """A small picture of an attached one, where one was made."""
    reader = any_reader()
    post = find_post(db.session(), reader, post_id) or abort(404)
    if index > 1_000_000:
        abort(404)
    row = db.session.get(PostThumbnail, (post.id, index))
    if row is None or not row.width:
        file = db.session.get(PostAttachment, (post.id, index))
        if file is None or file.filename != "thumbnail":
            abort(404)
        # A file of that name has the same address.
        return attachment(post_id, index, file.filename)
    response = _file(row.webp, "thumbnail.webp", "image/webp", inline=True)
    if reader.is_anonymous:
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        response.make_conditional(request)
    else:
        response.headers["Cache-Control"] = f"private, max-age={THUMBNAIL_SECONDS}"
    return response


def _need_access(reader: Reader, mailing_list_id: int) -> None:
    if not may_fetch_bytes(db.session(), reader, mailing_list_id):
        abort(403)


def _bytes_of(post: Post) -> bytes:
    if post.raw is None:
        abort(404)
    return load_raw(post.raw)


def _file(content: bytes, name: str, kind: str, *, inline: bool = False) -> Response:
    response = Response(content, content_type=kind)
    _protect(response, name, inline=inline)
    return response


def _protect(response: Response, name: str, *, inline: bool = False) -> None:
    """What somebody sent is shown in no page of ours and runs nothing."""
    how = "inline" if inline else "attachment"
    response.headers.set("Content-Disposition", how, **_both_names(name))
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    keep_private(response)


def _both_names(name: str) -> dict[str, str]:
    """A file name as RFC 6266 has it: in ASCII for a header, and whole in percent signs."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(character for character in plain if character.isprintable())
    return {
        "filename": plain.strip() or "file",
        "filename*": "UTF-8''" + quote(name, safe="", errors="replace"),
    }


def _mbox(selection: Selection, name: str) -> Response:
    response = Response(stream_with_context(_entries(selection)), mimetype="application/mbox")
    _protect(response, name)
    return response


def _entries(selection: Selection) -> Iterator[bytes]:
    for message in stored_messages(db.session(), selection):
        yield mbox_entry(message.raw, message.arrived_at)
