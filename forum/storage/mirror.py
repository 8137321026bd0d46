"""The outside list of a mirrored list: what goes out to it, what came from it, what it adds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.domain.mirroring import Outside
from forum.domain.mirroring_lines import Place
from forum.storage.archive import Post
from forum.storage.base import Base, Key, Short
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming, QueuedSend
from forum.storage.people import Account


class MirrorDelivery(QueuedSend, Base):
    """One mail to the outside list: a post, or the answer to a mail of the list's own.

    A post has one at most, so that it goes out once. It waits until it was seen to come back.
    """

    __tablename__ = "mirror_delivery"
    __table_args__ = (
        UniqueConstraint("post_id"),
        UniqueConstraint("notice_id"),
        Index("ix_mirror_delivery_due", "state", "due_at"),
        Index("ix_mirror_delivery_list", "mailing_list_id", "came_back_at", "queued_at"),
    )

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(
        ForeignKey("mirror_notice.id", ondelete="CASCADE")
    )
    """Of the mail that this answers; then there is no post."""
    came_back_at: Mapped[datetime | None]
    archived_at: Mapped[str] = mapped_column(default="")
    """The outside list's own link to the post (RFC 5064), where it gives one."""

    mailing_list: Mapped[MailingList] = relationship()
    post: Mapped[Post | None] = relationship()
    notice: Mapped[MirrorNotice | None] = relationship()


class MirrorSighting(Base):
    """A copy of a post that came by way of the outside list: the first, an echo, a second one."""

    __tablename__ = "mirror_sighting"
    __table_args__ = (Index("ix_mirror_sighting_post", "mailing_list_id", "post_id"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(default="")
    """Under which it came, without angle brackets; empty where it bore none."""
    seen_at: Mapped[datetime]


class MirrorNotice(Base):
    """A mail of the outside list's own to the bridge, for moderators to read and to answer."""

    __tablename__ = "mirror_notice"
    __table_args__ = (Index("ix_mirror_notice_list", "mailing_list_id", "arrived_at"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    incoming_id: Mapped[int] = mapped_column(
        ForeignKey("incoming.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[Short]
    """Of `forum.domain.mirroring_service.ServiceKind`."""
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    """Of what it tells, where that is known."""
    arrived_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """When a moderator answered it or put it aside."""
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    mailing_list: Mapped[MailingList] = relationship()
    incoming: Mapped[Incoming] = relationship()
    closed_by: Mapped[Account | None] = relationship()


class MirrorLine(Base):
    """A line that messages of the outside list share, or a prefix of their subjects."""

    __tablename__ = "mirror_line"
    __table_args__ = (UniqueConstraint("mailing_list_id", "place", "key"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    place: Mapped[Short]
    """Of `forum.domain.mirroring_lines.Place`."""
    key: Mapped[str]
    """As `line_key` or `prefix_key` gives it."""
    shown: Mapped[str]
    """As one message had it."""
    messages: Mapped[int] = mapped_column(default=0)
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The first few that it stood in the messages of."""
    first_number: Mapped[int]
    """Of the list's messages, that it was first seen in."""
    learned_at: Mapped[datetime | None]
    """Since when it counts as the list's."""
    is_certain: Mapped[bool] = mapped_column(default=False)
    """It came back around a text of ours, or a moderator said so."""


class MirrorState(Base):
    """What is remembered of a mirrored list as a whole; no row before its first message."""

    __tablename__ = "mirror_state"

    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), primary_key=True
    )
    messages: Mapped[int] = mapped_column(default=0)
    """That came by way of the outside list."""
    derive_after: Mapped[int | None]
    """Posts above this number are to be derived again, as lines were learned; None: all are."""


def outside_of(session: Session, mailing_list: MailingList) -> Outside | None:
    """What is known of a list's outside list; None for a list that never had one.

    Also for a list that has moved here since: its earlier posts bear the outside list's marks.
    """
    if not mailing_list.upstream_address:
        return None
    address = mailing_list.upstream_address.lower()
    rows = session.execute(
        select(MirrorLine.place, MirrorLine.key).where(
            MirrorLine.mailing_list_id == mailing_list.id, MirrorLine.learned_at.is_not(None)
        )
    ).all()
    learned: dict[str, set[str]] = {place: set() for place in Place}
    for place, key in rows:
        learned[place].add(key)
    titles = {mailing_list.title(language) for language in ("fr", "en", "es")}
    return Outside(
        address=address,
        list_id=(mailing_list.upstream_list_id or address.replace("@", ".")).lower(),
        list_id_is_given=bool(mailing_list.upstream_list_id),
        bridge=(mailing_list.bridge_address or "").lower(),
        names=tuple(sorted(titles)),
        prefixes=tuple(sorted(learned[Place.PREFIX])),
        head=frozenset(learned[Place.HEAD]),
        tail=frozenset(learned[Place.TAIL]),
    )
