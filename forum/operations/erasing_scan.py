"""What is stored of messages, gone over bit by bit for who was erased; the worker does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from forum.domain.erasing import Eraser
from forum.domain.message import parse
from forum.domain.redacting import redacted
from forum.operations.audit import record
from forum.operations.curation_removing import overwrite_what_is_freed
from forum.operations.deriving import basis_of, derive, write
from forum.operations.erasing import eraser_of
from forum.operations.quarantine import redact_piece
from forum.operations.raw import load_raw, replace_raw
from forum.operations.twins import digest_kept_apart
from forum.storage.archive import Post, RawMessage
from forum.storage.attachment_text import AttachmentText
from forum.storage.curation import PostRevision
from forum.storage.imports import QuarantinedMessage
from forum.storage.mail import HeldMessage, Incoming, IndexQueue
from forum.storage.mirror import outside_of
from forum.storage.privacy import Erasure


def scan_some(session: Session, now: datetime, limit: int = 100) -> int:
    """Go over some of the stored bytes that are not gone over yet; gives how many. No commit."""
    erasure = session.scalar(
        select(Erasure)
        .where(Erasure.finished_at.is_(None))
        .order_by(Erasure.author_id)
        .with_for_update(skip_locked=True)
        .limit(1)
    )
    eraser = eraser_of(session, erasure.author_id) if erasure is not None else None
    if erasure is None or eraser is None:
        return 0
    overwrite_what_is_freed(session)
    rows = session.scalars(
        select(RawMessage)
        .where(RawMessage.id > erasure.scanned_to)
        .order_by(RawMessage.id)
        .limit(limit)
    ).all()
    for row in rows:
        raw = load_raw(row)
        new = redacted(raw, eraser)
        if new != raw:
            replace_raw(session, row, new)
            _derive_again(session, row, now)
            _count(erasure, "messages")
        erasure.scanned_to = row.id
    _scan_files(session, [row.id for row in rows], erasure, eraser, now)
    done = len(rows) or _scan_pieces(session, erasure, eraser, limit)
    if not done:
        erasure.finished_at = now
        person = f"person {erasure.author_id}"
        record(session, "erased", person, now, changed=erasure.changed)
    session.flush()
    return done


def _count(erasure: Erasure, what: str) -> None:
    erasure.changed = {**erasure.changed, what: erasure.changed.get(what, 0) + 1}


def _scan_files(
    session: Session, raw_ids: Sequence[int], erasure: Erasure, eraser: Eraser, now: datetime
) -> None:
    """Take the person out of what was read in attached files, for the search."""
    query = (
        select(AttachmentText, Post.author_id)
        .join(Post, Post.id == AttachmentText.post_id)
        .where(Post.raw_id.in_(raw_ids), AttachmentText.text != "")
    )
    for row, author_id in session.execute(query).all():
        is_theirs = author_id == erasure.author_id
        text = eraser.text(row.text, everywhere=is_theirs or eraser.knows(row.text))
        if text != row.text:
            row.text = text
            session.add(IndexQueue(post_id=row.post_id, queued_at=now))
            _count(erasure, "files")


def _scan_pieces(session: Session, erasure: Erasure, eraser: Eraser, limit: int) -> int:
    """Go over some of what could not be stored as messages; gives how many."""
    pieces = session.scalars(
        select(QuarantinedMessage)
        .where(QuarantinedMessage.id > erasure.pieces_to)
        .order_by(QuarantinedMessage.id)
        .limit(limit)
    ).all()
    for piece in pieces:
        if redact_piece(session, piece, eraser):
            _count(erasure, "pieces")
        erasure.pieces_to = piece.id
    return len(pieces)


def _derive_again(session: Session, raw: RawMessage, now: datetime) -> None:
    revised = select(PostRevision.post_id).where(PostRevision.raw_id == raw.id)
    posts = session.scalars(select(Post).where(or_(Post.raw_id == raw.id, Post.id.in_(revised))))
    for post in posts.all():
        basis = basis_of(session, post)
        if basis is None:
            continue
        author_id = post.author_id
        derived = derive(basis)
        write(session, post, derived, now)
        # Joined addresses stay one person's.
        post.author_id = author_id
        post.content_digest = digest_kept_apart(session, post, derived.submission)
    for held in session.scalars(select(HeldMessage).where(HeldMessage.raw_id == raw.id)):
        outside = outside_of(session, held.mailing_list)
        submission = parse(load_raw(raw), held.held_at, outside=outside)
        held.content_digest, held.subject = submission.content_digest, submission.subject
        held.author_name, held.author_email = submission.author.name, submission.author.key
    for incoming in session.scalars(select(Incoming).where(Incoming.raw_id == raw.id)):
        incoming.subject = parse(load_raw(raw), incoming.received_at).subject
    session.flush()
