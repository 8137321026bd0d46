"""Mailboxes that mail for a list is fetched from, and what was taken from each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.storage.base import Base
from forum.storage.lists import MailingList


class Fetching(Base):
    """The mailbox of one list, and how far it has been read."""

    __tablename__ = "fetching"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[str]
    """`imaps://…`, `imap://…` or `maildir:…`, never with a password."""
    sealed_password: Mapped[str] = mapped_column(default="")
    """Encrypted with the site's secret key; empty where none is needed."""
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)
    """RFC 3501, section 2.3.1.1: the numbers below mean something only together with it."""
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    """Every message up to this number was taken."""
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    """One worker at a time looks into a mailbox; the claim of a killed one lapses."""
    checked_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """In a row."""
    error: Mapped[str] = mapped_column(default="")
    """Why the last attempt failed, in one line; empty where it did not."""
    taken: Mapped[int] = mapped_column(default=0)
    """Messages that were handed in so far."""
    skipped: Mapped[int] = mapped_column(default=0)
    """Messages left where they are because they are larger than the site takes."""

    mailing_list: Mapped[MailingList] = relationship()


class FetchedName(Base):
    """A file of a Maildir that was taken, by the part of its name that never changes."""

    __tablename__ = "fetched_name"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("fetching.mailing_list_id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
