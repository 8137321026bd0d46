"""Who is on a list: found, counted, taken off, and many put on at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from forum.operations.audit import record
from forum.operations.subscriptions import subscribe, unsubscribe, welcome
from forum.storage.lists import MailingList
from forum.storage.people import Account, Address, Author, DeliveryMode, Subscription

WANTED_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Joining:
    """One person to subscribe."""

    email: str
    name: str = ""
    language: str | None = None
    """None: as the account or the list has it."""
    delivery: str | None = None
    """None: each post."""
    reads: str = ""


def members_of(
    session: Session,
    mailing_list: MailingList,
    wanted: str = "",
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Subscription]:
    """The subscriptions of a list, by address, with their people.

    Args:
        wanted: A part of a name or an address; empty: all.
    """
    query = (
        select(Subscription)
        .join(Subscription.address)
        .join(Address.author)
        .options(contains_eager(Subscription.address).contains_eager(Address.author))
        .where(_found(mailing_list, wanted))
        .order_by(Address.email)
        .offset(offset)
        .limit(limit)
    )
    return session.scalars(query).all()


def count_members(session: Session, mailing_list: MailingList, wanted: str = "") -> int:
    """How many `members_of` finds."""
    query = (
        select(func.count(Subscription.id))
        .join(Subscription.address)
        .join(Address.author)
        .where(_found(mailing_list, wanted))
    )
    return session.scalar(query) or 0


def join_all(
    session: Session,
    mailing_list: MailingList,
    people: Sequence[Joining],
    now: datetime,
    *,
    account: Account | None = None,
    with_welcome: bool = False,
) -> int:
    """Subscribe people without confirmation; gives how many are new.

    Who is there already keeps what they chose.

    Args:
        account: Who decides; None for an administrator at the command line.
        with_welcome: Whether those who are new are mailed a welcome.

    Raises:
        AccountError: an address or a choice is no good.
    """
    before = {one.address.email for one in members_of(session, mailing_list)}
    added = 0
    for person in people:
        if person.email in before:
            continue
        before.add(person.email)
        subscription = subscribe(
            session,
            mailing_list,
            person.email,
            now,
            name=person.name,
            language=person.language,
            delivery=person.delivery or DeliveryMode.EACH,
            reads=person.reads,
        )
        if with_welcome:
            welcome(session, subscription, now)
        record(session, "subscribe", person.email, now, account=account, mailing_list=mailing_list)
        added += 1
    return added


def take_off(
    session: Session, subscription: Subscription, now: datetime, account: Account | None = None
) -> None:
    """End somebody's subscription for them; the audit log keeps who did."""
    mailing_list, email = subscription.mailing_list, subscription.address.email
    unsubscribe(session, mailing_list, email, now)
    record(session, "unsubscribe", email, now, account=account, mailing_list=mailing_list)


def _found(mailing_list: MailingList, wanted: str) -> ColumnElement[bool]:
    here = Subscription.mailing_list_id == mailing_list.id
    wanted = " ".join(wanted.split())[:WANTED_CHARACTERS].lower()
    if not wanted:
        return here
    in_name = func.lower(Author.name).contains(wanted, autoescape=True)
    return and_(here, or_(Address.email.contains(wanted, autoescape=True), in_name))
