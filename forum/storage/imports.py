"""Imports: how far each has come, what was put aside, and where old addresses lead."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Post
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList


class ImportSource(Base):
    """A file or folder that is being imported, or was."""

    __tablename__ = "import_source"
    __table_args__ = (Index("ix_import_source_path", "mailing_list_id", "path"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    path: Mapped[str]
    """Absolute; `-` for the standard input."""
    fingerprint: Mapped[Short]
    """Of names, sizes and times: a source that has changed is read from its beginning."""
    after_post_id: Mapped[int]
    """The newest post when it began: what came later may not stand in its place yet."""
    done: Mapped[int] = mapped_column(default=0)
    """Pieces that were read and dealt with."""
    counts: Mapped[dict[str, list[int]]] = mapped_column(JSON, default=dict)
    """For each file how many were stored, duplicate and quarantined."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    mailing_list: Mapped[MailingList] = relationship()


class QuarantinedMessage(Base):
    """A piece of an archive that could not be stored as a message; its bytes are kept."""

    __tablename__ = "quarantined_message"
    __table_args__ = (UniqueConstraint("mailing_list_id", "sha256"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    sha256: Mapped[Short]
    """Hex, of the uncompressed bytes."""
    size: Mapped[int]
    """Bytes, uncompressed."""
    compressed: Mapped[bytes] = mapped_column(deferred=True)
    """zstd."""
    file: Mapped[str]
    ordinal: Mapped[int]
    """0-based number in its file."""
    offset: Mapped[int] = mapped_column(BigInteger)
    """0-based byte in its file, uncompressed."""
    arrived_at: Mapped[datetime]
    reason: Mapped[Short]
    """A code: of the reader, or `crash`."""
    detail: Mapped[str] = mapped_column(default="")
    """For a crash: the exception in one line."""
    old_keys: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Its addresses in the web archive it came from; see `OldAddress.key`."""
    found_at: Mapped[datetime]


class OldAddress(Base):
    """The address of a post in the web archive it came from, by the key of its kind."""

    __tablename__ = "old_address"
    __table_args__ = (UniqueConstraint("mailing_list_id", "key"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(index=True)
    """`pipermail/LIST/2009-April/000123`, `hyperkitty/HASH`, `sympa/LIST/2009-04/msg00012`, or a
    path that begins with `/`."""
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)

    post: Mapped[Post] = relationship()


def unfinished_source(
    session: Session, mailing_list_id: int, path: str, fingerprint: str
) -> ImportSource | None:
    """The import of this very source that was broken off."""
    return session.scalar(
        select(ImportSource)
        .where(
            ImportSource.mailing_list_id == mailing_list_id,
            ImportSource.path == path,
            ImportSource.fingerprint == fingerprint,
            ImportSource.finished_at.is_(None),
        )
        .order_by(ImportSource.id.desc())
        .limit(1)
    )


def unfinished_sources(session: Session, mailing_list_id: int) -> list[ImportSource]:
    """The imports into a list that are under way or were broken off; locked."""
    query = select(ImportSource).where(
        ImportSource.mailing_list_id == mailing_list_id, ImportSource.finished_at.is_(None)
    )
    query = query.order_by(ImportSource.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))
