"""The one predicate of who may read what; every read of lists, threads and posts uses it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, or_, select, true
from sqlalchemy.orm import Session, contains_eager

from forum.storage.archive import Post, PostState, Thread
from forum.storage.browsing import read_columns
from forum.storage.glossary import GlossaryConcept
from forum.storage.lists import (
    MailingList,
    RoleGrant,
    Visibility,
    names_before_subjects,
    title_in,
)
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
TRANSLATING: Final = ("owner", "moderator", "translator")
"""The roles of those who may translate what others write."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list as the search and its form need it."""

    id: int
    slug: str
    title_fr: str
    title_en: str
    title_es: str
    language: str
    subject_prefix: str
    has_glossary: bool

    @property
    def subject_names(self) -> tuple[str, ...]:
        """What stands before its subjects and is no part of them."""
        return names_before_subjects(self.slug, self.subject_prefix)

    def title(self, language: str) -> str:
        """The title in an interface language, or in the list's own."""
        return title_in(self, language)


def joined_lists(reader: Reader) -> ColumnElement[bool]:
    """Which lists a reader belongs to: subscribed with a confirmed address, or with a role."""
    if reader.account_id is None:
        return false()
    return joined(reader.account_id, reader.author_id)


def joined(account_id: Any, author_id: Any) -> ColumnElement[bool]:
    """The same for the keys of an account and its author, which may be parameters."""
    subscribed = (
        select(Subscription.mailing_list_id)
        .join(Address)
        .where(Address.author_id == author_id, Address.confirmed_at.is_not(None))
    )
    granted = select(RoleGrant.mailing_list_id).where(RoleGrant.account_id == account_id)
    return or_(MailingList.id.in_(subscribed), MailingList.id.in_(granted))


def visible_lists(reader: Reader) -> ColumnElement[bool]:
    """Which rows of `mailing_list` a reader may see."""
    if reader.is_admin:
        return true()
    return or_(MailingList.visibility == Visibility.PUBLIC, joined_lists(reader))


def _kind(reader: Reader) -> tuple[bool, bool]:
    """What the shape of a query depends on."""
    return reader.is_anonymous, reader.is_admin


def _known(reader: Reader) -> dict[str, int | None]:
    """The parameters of queries made for a kind of reader."""
    if reader.is_anonymous or reader.is_admin:
        return {}
    return {"account": reader.account_id, "author": reader.author_id}


# Every page asks these: making a query costs more than running it, so each kind of reader has its
# own, made once, with parameters for who it is.


@cache
def _visible_to(is_anonymous: bool, is_admin: bool) -> ColumnElement[bool]:
    if is_anonymous or is_admin:
        return visible_lists(Reader(is_admin=is_admin))
    own = joined(bindparam("account"), bindparam("author"))
    return or_(MailingList.visibility == Visibility.PUBLIC, own)


@cache
def _list_query(is_anonymous: bool, is_admin: bool) -> Select[MailingList]:
    visible = _visible_to(is_anonymous, is_admin)
    return select(MailingList).where(MailingList.slug == bindparam("slug"), visible)


@cache
def _thread_query(is_anonymous: bool, is_admin: bool) -> Select[Thread]:
    return (
        select(Thread)
        .join(Thread.mailing_list)
        .options(contains_eager(Thread.mailing_list))
        .where(Thread.id == bindparam("thread"), _visible_to(is_anonymous, is_admin))
    )


@cache
def _joined_query() -> Select[int]:
    own = joined(bindparam("account"), bindparam("author"))
    return select(MailingList.id).where(MailingList.id == bindparam("mailing_list"), own)


@cache
def _moderated_query() -> Select[int]:
    return select(RoleGrant.mailing_list_id).where(
        RoleGrant.account_id == bindparam("account"), RoleGrant.role.in_(("owner", "moderator"))
    )


@cache
def _names_query(is_anonymous: bool, is_admin: bool) -> Select[*tuple[Any, ...]]:
    return (
        select(
            MailingList.id,
            MailingList.slug,
            MailingList.title_fr,
            MailingList.title_en,
            MailingList.title_es,
            MailingList.language,
            MailingList.subject_prefix,
            exists().where(GlossaryConcept.mailing_list_id == MailingList.id),
        )
        .where(_visible_to(is_anonymous, is_admin))
        .order_by(MailingList.id)
    )


def visible_list_names(session: Session, reader: Reader) -> tuple[NamedList, ...]:
    """The lists a reader may see, as the search needs them."""
    found = read_columns(session, _names_query(*_kind(reader)), **_known(reader))
    return tuple(NamedList(*row) for row in found.all())


def visible_list_ids(session: Session, reader: Reader) -> frozenset[int]:
    """The ids of the lists a reader may see."""
    return frozenset(one.id for one in visible_list_names(session, reader))


def find_list(session: Session, reader: Reader, slug: str) -> MailingList | None:
    """A list by its slug, if the reader may see it."""
    return session.scalar(_list_query(*_kind(reader)), {"slug": slug, **_known(reader)})


def find_thread(session: Session, reader: Reader, thread_id: int) -> Thread | None:
    """A thread, if the reader may see it; a merged one is given as it is."""
    return session.scalar(_thread_query(*_kind(reader)), {"thread": thread_id, **_known(reader)})


def find_post(session: Session, reader: Reader, post_id: int) -> Post | None:
    """A post, if the reader may see it. Hidden ones are seen by moderators alone."""
    post = _in_a_visible_list(session, reader, post_id)
    if post is None or post.state == PostState.VISIBLE:
        return post
    return post if may_moderate(session, reader, post.mailing_list_id) else None


def find_place(session: Session, reader: Reader, post_id: int) -> Post | None:
    """A post whose place in its thread the reader may see: a tombstone has one too."""
    post = _in_a_visible_list(session, reader, post_id)
    if post is not None and post.state == PostState.REMOVED:
        return post
    return find_post(session, reader, post_id)


def _in_a_visible_list(session: Session, reader: Reader, post_id: int) -> Post | None:
    query = select(Post).join(MailingList).where(Post.id == post_id, visible_lists(reader))
    return session.scalar(query)


def may_moderate(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is moderator or owner of a list, or an administrator."""
    return reader.is_admin or _has_role(session, reader, mailing_list_id, ("owner", "moderator"))


def may_translate(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is translator, moderator or owner of a list, or an administrator."""
    return reader.is_admin or _has_role(session, reader, mailing_list_id, TRANSLATING)


def may_run(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is owner of a list, or an administrator."""
    return reader.is_admin or _has_role(session, reader, mailing_list_id, ("owner",))


def may_fetch_bytes(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader may have stored bytes, which hold mail addresses."""
    return reader.is_admin or belongs(session, reader, mailing_list_id)


def belongs(session: Session, reader: Reader, mailing_list_id: int) -> bool:
    """Whether a reader is subscribed to a list with a confirmed address, or has a role in it."""
    if reader.account_id is None:
        return False
    values = {"mailing_list": mailing_list_id}
    values |= {"account": reader.account_id, "author": reader.author_id or 0}
    return read_columns(session, _joined_query(), **values).first() is not None


def moderated_list_ids(session: Session, reader: Reader) -> frozenset[int]:
    """The lists whose queue a reader decides on."""
    if reader.is_admin:
        return frozenset(session.scalars(select(MailingList.id)))
    if reader.account_id is None:
        return frozenset()
    found = read_columns(session, _moderated_query(), account=reader.account_id)
    return frozenset(found.scalars())


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
