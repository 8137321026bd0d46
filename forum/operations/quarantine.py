"""Pieces of archives that could not be stored as messages: kept, with the reason."""

from __future__ import annotations

import hashlib
from datetime import datetime

import zstandard
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.raw import LEVEL
from forum.storage.imports import QuarantinedMessage
from forum.storage.lists import MailingList


def put_aside(
    session: Session,
    mailing_list: MailingList,
    raw: bytes,
    now: datetime,
    *,
    file: str,
    ordinal: int,
    offset: int,
    arrived_at: datetime,
    reason: str,
    detail: str = "",
) -> QuarantinedMessage:
    """Keep a piece of an archive; the same bytes are kept once for a list.

    Args:
        ordinal: 0-based number in its file.
        offset: 0-based byte in its file.
        reason: A code.
        detail: For a crash of our own code, the exception in one line.
    """
    digest = hashlib.sha256(raw).hexdigest()
    row = session.scalar(
        select(QuarantinedMessage).where(
            QuarantinedMessage.mailing_list_id == mailing_list.id,
            QuarantinedMessage.sha256 == digest,
        )
    )
    if row is None:
        row = QuarantinedMessage(
            mailing_list_id=mailing_list.id,
            sha256=digest,
            size=len(raw),
            compressed=zstandard.ZstdCompressor(level=LEVEL).compress(raw),
            found_at=now,
        )
        session.add(row)
    row.file, row.ordinal, row.offset = file, ordinal, offset
    row.arrived_at, row.reason, row.detail = arrived_at, reason, detail
    session.flush()
    return row


def quarantined_bytes(row: QuarantinedMessage) -> bytes:
    """The bytes of a piece as they were read."""
    return zstandard.ZstdDecompressor().decompress(row.compressed, max_output_size=row.size)


def quarantined(session: Session, mailing_list: MailingList) -> list[QuarantinedMessage]:
    """What was put aside for a list, in the order in which it was found."""
    wanted = select(QuarantinedMessage).where(QuarantinedMessage.mailing_list_id == mailing_list.id)
    return list(session.scalars(wanted.order_by(QuarantinedMessage.id)))


def release(session: Session, row: QuarantinedMessage) -> None:
    """Forget a piece that has been stored as a message after all."""
    session.delete(row)
    session.flush()
