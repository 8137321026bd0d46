"""A digest of the outside list: kept as it came, and each of its messages taken as if sent alone.

The messages become rows of `incoming` in the digest's transaction, and are processed one by one
afterwards: one that fails, fails alone, and what a killed process leaves, the worker takes up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.addresses import mailboxes
from forum.domain.digest import base_of
from forum.domain.digest_split import Piece, split
from forum.domain.headers import Headers
from forum.domain.message import parse
from forum.domain.mirroring import Outside
from forum.domain.reply_tree import SUBJECT_WINDOW
from forum.domain.subject import parse_subject
from forum.domain.values import Submission
from forum.operations.raw import store_raw
from forum.storage.archive import Post
from forum.storage.mail import Incoming, IncomingState

REASON: Final = "digest"
_PEER: Final = "digest "
_ROBOTS: Final = frozenset({"sympa", "listserv", "mailman", "majordomo"})
_LOOKED_THROUGH: Final = 1_000
"""Recent posts among which the one is sought that a message without references answers."""


def unpack(session: Session, row: Incoming, raw: bytes, outside: Outside, now: datetime) -> bool:
    """Keep the messages of a digest that the outside list sent; False where it is none.

    Args:
        row: The mail as it came; its state says what it was.
        now: When it is processed.
    """
    headers = Headers.of(raw)
    if row.peer.startswith(_PEER) or not _is_from_robot(headers, outside):
        return False
    pieces = split(raw)
    if not pieces:
        return False
    known = _recent(session, row, now)
    for piece in pieces:
        child = _message(piece, headers, outside, known, row.received_at)
        _keep(session, row, child)
    session.flush()
    row.state, row.reasons = IncomingState.AUTOMATIC, [REASON]
    row.detail = f"split into {len(pieces)} messages"
    return True


def unpacked(session: Session, incoming_id: int) -> list[int]:
    """The messages of a digest that still await their turn, in their order."""
    return list(
        session.scalars(
            select(Incoming.id)
            .where(
                Incoming.peer == f"{_PEER}{incoming_id}", Incoming.state == IncomingState.RECEIVED
            )
            .order_by(Incoming.id)
        )
    )


def _is_from_robot(headers: Headers, outside: Outside) -> bool:
    """Whether the list itself speaks: what a member forwards, they say in a mail of theirs."""
    boxes = mailboxes(headers.raw("from"))
    author = boxes[0].key if boxes else ""
    local, _, host = author.rpartition("@")
    is_robot = host == outside.host and local in _ROBOTS
    subject = parse_subject(headers.get("subject") or "")
    return (
        author != outside.address
        and (is_robot or outside.owns(author))
        and not (subject.is_reply or subject.is_forward)
    )


def _keep(session: Session, row: Incoming, raw: bytes) -> None:
    stored = store_raw(session, raw)
    found = session.scalar(
        select(Incoming.id).where(
            Incoming.forward_path == row.forward_path,
            Incoming.raw_id == stored.id,
            Incoming.reverse_path == row.reverse_path,
        )
    )
    if found is None:
        session.add(
            Incoming(
                raw_id=stored.id,
                reverse_path=row.reverse_path,
                forward_path=row.forward_path,
                mailing_list_id=row.mailing_list_id,
                peer=f"{_PEER}{row.id}",
                received_at=row.received_at,
                state=IncomingState.RECEIVED,
            )
        )
        session.flush()


def _recent(session: Session, row: Incoming, now: datetime) -> dict[str, str]:
    """The newest Message-ID of each subject, as copies of a subject are compared."""
    posts = session.execute(
        select(Post.subject, Post.message_id)
        .where(Post.mailing_list_id == row.mailing_list_id, Post.date > now - SUBJECT_WINDOW)
        .order_by(Post.date.desc(), Post.id.desc())
        .limit(_LOOKED_THROUGH)
    ).all()
    return {base_of(subject): message_id for subject, message_id in reversed(posts)}


def _message(
    piece: Piece, headers: Headers, outside: Outside, known: dict[str, str], arrived_at: datetime
) -> bytes:
    """A message as it is kept: what it lacks of the digest's own fields stands in front."""
    added = b""
    if Headers.of(piece.raw).raw("list-id") is None:
        added = b"List-Id: " + _list_id(headers, outside) + b"\r\n"
    if not piece.is_whole:
        submission = parse(piece.raw, arrived_at, outside=outside)
        added += _answered(submission, known)
        if submission.message_id is not None:
            known[base_of(submission.subject)] = submission.message_id
    return added + piece.raw


def _answered(submission: Submission, known: dict[str, str]) -> bytes:
    """RFC 1153 leaves out what a message answers: its subject is all that tells."""
    is_answer = parse_subject(submission.subject).is_reply
    if submission.references or submission.in_reply_to or not is_answer:
        return b""
    parent = known.get(base_of(submission.subject), "")
    usable = parent.isascii() and parent.isprintable() and parent != submission.message_id
    return f"In-Reply-To: <{parent}>\r\n".encode() if parent and usable else b""


def _list_id(headers: Headers, outside: Outside) -> bytes:
    written = headers.raw("list-id") or b""
    return b" ".join(written.split()) or f"<{outside.list_id}>".encode()
