"""What every page of a thread asks besides its posts, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from forum.storage.archive import Post, Thread
from forum.storage.browsing import read_columns
from forum.storage.glossary import GlossaryConcept
from forum.storage.lists import MailingList, RoleGrant
from forum.storage.people import Address, Subscription
from forum.storage.post_rows import page_of
from forum.storage.reading_marks import ListMark
from forum.storage.synthesis import SynthesisVersion
from forum.storage.visibility import TRANSLATING, Reader, joined


@dataclass(frozen=True, slots=True)
class ThreadFacts:
    """What there is of a thread."""

    pages: int
    """At least one."""
    has_synthesis: bool
    """Whether anybody ever wrote one; it may have been taken back."""
    has_glossary: bool
    """Whether its list has any concept."""
    belongs: bool = False
    """Whether the reader is subscribed to the list with a confirmed address, or has a role."""
    is_subscribed: bool = False
    """Whether mail of the list can come to the reader."""
    is_open: bool = False
    """Whether what is new in the list is counted for the reader."""
    translates: bool = False
    """Whether the reader may translate everybody's posts, administrators apart."""


def facts_of(session: Session, reader: Reader, thread: Thread) -> ThreadFacts:
    """The facts of a thread that the reader may see."""
    values = {"thread": thread.id, "mailing_list": thread.mailing_list_id}
    if not reader.is_anonymous:
        values |= {"account": reader.account_id or 0, "author": reader.author_id or 0}
    row = read_columns(session, _facts(reader.is_anonymous), **values).one()
    return ThreadFacts(page_of(row[0] or 0), *map(bool, row[1:]))


@cache
def _facts(is_anonymous: bool) -> Select[*tuple[Any, ...]]:
    thread: Any = bindparam("thread")
    last = select(func.max(Post.position)).where(Post.thread_id == thread).scalar_subquery()
    of_list = GlossaryConcept.mailing_list_id == bindparam("mailing_list")
    found = [last, exists().where(SynthesisVersion.thread_id == thread), exists().where(of_list)]
    return select(*found) if is_anonymous else select(*found, *_of_reader())


def _of_reader() -> tuple[ColumnElement[bool], ...]:
    account: Any = bindparam("account")
    author: Any = bindparam("author")
    mailing_list: Any = bindparam("mailing_list")
    return (
        exists().where(MailingList.id == mailing_list, joined(account, author)),
        exists().where(
            Subscription.mailing_list_id == mailing_list,
            Subscription.address_id == Address.id,
            Address.author_id == author,
        ),
        exists().where(ListMark.account_id == account, ListMark.mailing_list_id == mailing_list),
        exists().where(
            RoleGrant.account_id == account,
            RoleGrant.mailing_list_id == mailing_list,
            RoleGrant.role.in_(TRANSLATING),
        ),
    )
