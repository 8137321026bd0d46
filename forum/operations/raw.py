"""Raw messages: kept once, compressed, whatever the number of lists they came for."""

from __future__ import annotations

import hashlib

import zstandard
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.storage.archive import Post, RawMessage
from forum.storage.curation import PostRevision

LEVEL = 6


def store_raw(session: Session, raw: bytes) -> RawMessage:
    """Keep the bytes of a message; the same bytes are kept once."""
    digest = digest_of(raw)
    found = session.scalar(select(RawMessage).where(RawMessage.sha256 == digest))
    if found is not None:
        return found
    compressed = zstandard.ZstdCompressor(level=LEVEL).compress(raw)
    row = RawMessage(sha256=digest, size=len(raw), compressed=compressed)
    session.add(row)
    session.flush()
    return row


def digest_of(raw: bytes) -> str:
    """The key of a message's bytes, hex."""
    return hashlib.sha256(raw).hexdigest()


def load_raw(row: RawMessage) -> bytes:
    """The bytes of a message as they came.

    Raises:
        zstandard.ZstdError: the stored bytes are damaged.
    """
    return zstandard.ZstdDecompressor().decompress(row.compressed, max_output_size=row.size)


def newest_raw(session: Session, row: Post) -> RawMessage | None:
    """What of a post is mailed: its author's newest correction, else the first bytes.

    None where it was removed for good.
    """
    if not row.corrections:
        return row.raw
    return session.scalar(
        select(RawMessage)
        .join(PostRevision, PostRevision.raw_id == RawMessage.id)
        .where(PostRevision.post_id == row.id)
        .order_by(PostRevision.id.desc())
        .limit(1)
    )


def text_of(row: Post) -> tuple[str, str]:
    """The whole text of a post as first written, and its format; `""` where it is removed."""
    if row.raw is None:
        return "", row.text_format
    return parse(load_raw(row.raw), row.arrived_at).text, row.text_format


def replace_raw(session: Session, row: RawMessage, raw: bytes) -> None:
    """Put other bytes in the place of a message's, for all that refer to it."""
    digest = digest_of(raw)
    taken = select(RawMessage.id).where(RawMessage.sha256 == digest, RawMessage.id != row.id)
    is_taken = session.scalar(taken) is not None
    row.sha256 = f"redacted-{row.id}" if is_taken else digest
    row.size = len(raw)
    row.compressed = zstandard.ZstdCompressor(level=LEVEL).compress(raw)
    session.flush()


def blank(row: RawMessage) -> None:
    """Forget the bytes of a message and their digest; the row stays for those that refer to it."""
    row.sha256 = f"removed-{row.id}"
    row.size = 0
    row.compressed = zstandard.ZstdCompressor(level=LEVEL).compress(b"")
