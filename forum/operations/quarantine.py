"""Pieces of archives that could not be stored as messages: kept, with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import zstandard
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.erasing import Eraser
from forum.domain.redacting import redacted_piece
from forum.operations.erasing import eraser_of
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
    old_keys: Sequence[str] = (),
) -> QuarantinedMessage:
    """Keep a piece of an archive, without who was erased; the same bytes are kept once for a list.

    Args:
        ordinal: 0-based number in its file.
        offset: 0-based byte in its file.
        reason: A code.
        detail: For a crash of our own code, the exception in one line.
        old_keys: Its addresses in the web archive it came from.
    """
    eraser = eraser_of(session)
    if eraser is not None:
        raw = redacted_piece(raw, eraser)
        file, detail = (eraser.text(text, everywhere=True) for text in (file, detail))
    row = _row_of(session, mailing_list, raw, now)
    row.file, row.ordinal, row.offset = file, ordinal, offset
    row.arrived_at, row.reason, row.detail = arrived_at, reason, detail
    row.old_keys = sorted({*row.old_keys, *old_keys})
    session.flush()
    return row


def _row_of(
    session: Session, mailing_list: MailingList, raw: bytes, now: datetime
) -> QuarantinedMessage:
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
            old_keys=[],
        )
        session.add(row)
    return row


def redact_piece(session: Session, row: QuarantinedMessage, eraser: Eraser) -> bool:
    """Take people who were erased out of a piece; gives whether it named them."""
    raw = quarantined_bytes(row)
    new = redacted_piece(raw, eraser)
    file, detail = (eraser.text(text, everywhere=True) for text in (row.file, row.detail))
    if (new, file, detail) == (raw, row.file, row.detail):
        return False
    digest = hashlib.sha256(new).hexdigest()
    taken = select(QuarantinedMessage.id).where(
        QuarantinedMessage.mailing_list_id == row.mailing_list_id,
        QuarantinedMessage.sha256 == digest,
        QuarantinedMessage.id != row.id,
    )
    row.sha256 = digest if session.scalar(taken) is None else f"redacted-{row.id}"
    row.size, row.compressed = len(new), zstandard.ZstdCompressor(level=LEVEL).compress(new)
    row.file, row.detail = file, detail
    session.flush()
    return True


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
