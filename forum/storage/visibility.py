"""The one predicate of who may read what; every read of lists, threads and posts uses it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session, contains_eager

from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import MailingList, RoleGrant, Visibility
from forum.storage.people import Account, Address, Subscription


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is reading: nobody known, or an account."""

    account_id: int | None = None
    author_id: int | None = None
    is_admin: bool = False

    @classmethod
    def of(cls, account: Account | None) -> Reader:
        """The reader behind an account, or the anonymous one."""
        if account is None:
            return ANONYMOUS
        return cls(account.id, account.author_id, account.is_admin)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is known."""
        return self.account_id is None


ANONYMOUS = Reader()


def joined_lists(reader: Reader) -> ColumnElement[bool]:
    """Which lists a reader belongs to: subscribed with a confirmed address, or with a role."""
    if reader.account_id is None:
        return false()
    subscribed = (
        select(Subscription.mailing_list_id)
        .join(Address)
        .where(Address.author_id == reader.author_id, Address.confirmed_at.is_not(None))
    )
    granted = select(RoleGrant.mailing_list_id).where(RoleGrant.account_id == reader.account_id)
    return or_(MailingList.id.in_(subscribed), MailingList.id.in_(granted))


def visible_lists(reader: Reader) -> ColumnElement[bool]:
    """Which rows of `mailing_list` a reader may see."""
    if reader.is_admin:
        return true()
    return or_(MailingList.visibility == Visibility.PUBLIC, joined_lists(reader))


def visible_list_ids(session: Session, reader: Reader) -> frozenset[int]:
    """The ids of the lists a reader may see, as the search needs them."""
    return frozenset(session.scalars(select(MailingList.id).where(visible_lists(reader))))


def find_list(session: Session, reader: Reader, slug: str) -> MailingList | None:
    """A list by its slug, if the reader may see it."""
    return session.scalar(
        select(MailingList).where(MailingList.slug == slug, visible_lists(reader))
    )


def find_thread(session: Session, reader: Reader, thread_id: int) -> Thread | None:
    """A thread, if the reader may see it; a merged one is given as it is."""
    return session.scalar(
        select(Thread)
        .join(Thread.mailing_list)
        .options(contains_eager(Thread.mailing_list))
        .where(Thread.id == thread_id, visible_lists(reader))
    )


def find_post(session: Session, reader: Reader, post_id: int) -> Post | None:
    """A post, if the reader may see it. Hidden ones are seen by moderators alone."""
    post = session.scalar(
        select(Post).join(MailingList).where(Post.id == post_id, visible_lists(reader))
    )
    if post is None or post.state == PostState.VISIBLE:
        return post
    return post if may_moderate(session, reader, post.mailing_list_id) else None


def find_place(session: Session, reader: Reader, post_id: int) -> Post | None:
    """A post whose place in its thread the reader may see: a tombstone has one too."""
    post = session.scalar(
        select(Post).join(MailingList).where(Post.id == post_id, visible_lists(reader))
    )
    if post is not None and post.state == PostState.REMOVED:
        return post
    return find_post(session, reader, post_id)


def may_moderate(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is moderator or owner of a list, or an administrator."""
    return reader.is_admin or _has_role(session, reader, mailing_list_id, ("owner", "moderator"))


def may_run(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is owner of a list, or an administrator."""
    return reader.is_admin or _has_role(session, reader, mailing_list_id, ("owner",))


def may_fetch_bytes(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader may have stored bytes, which hold mail addresses."""
    if reader.is_admin:
        return True
    return (
        session.scalar(
            select(MailingList.id).where(MailingList.id == mailing_list_id, joined_lists(reader))
        )
        is not None
    )


def moderated_list_ids(session: Session, reader: Reader) -> frozenset[int]:
    """The lists whose queue a reader decides on."""
    if reader.is_admin:
        return frozenset(session.scalars(select(MailingList.id)))
    if reader.account_id is None:
        return frozenset()
    return frozenset(
        session.scalars(
            select(RoleGrant.mailing_list_id).where(
                RoleGrant.account_id == reader.account_id,
                RoleGrant.role.in_(("owner", "moderator")),
            )
        )
    )


def _has_role(
    session: Session, reader: Reader, mailing_list_id: int, roles: tuple[str, ...]
) -> bool:
    if reader.account_id is None:
        return False
    return (
        session.scalar(
            select(RoleGrant.id)
            .where(
                RoleGrant.account_id == reader.account_id,
                RoleGrant.mailing_list_id == mailing_list_id,
                RoleGrant.role.in_(roles),
            )
            .limit(1)
        )
        is not None
    )
