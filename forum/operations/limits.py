"""How many copies leave in an hour, for each list and each domain of recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from forum.domain.sending_limits import (
    HOUR,
    Allowance,
    bucket_of,
    domain_scope,
    list_scope,
)
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, SendState
from forum.storage.people import Address, Subscription, receives
from forum.storage.sending import SentCount

KEPT: Final = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Held:
    """A limit that holds mail back now."""

    scope: str
    """`list:NUMBER` or `domain:NAME`."""
    name: str
    """The list's slug, or the domain."""
    limit: int
    waiting: int

    @property
    def is_list(self) -> bool:
        """Whether a list has reached its limit, and not a domain."""
        return self.scope.startswith("list:")


def allowance(session: Session, hourly_limits: tuple[int, int] | None, now: datetime) -> Allowance:
    """What may leave still, as the limits and the last hour have it.

    Args:
        hourly_limits: For a list and to a domain, 0 for none; None turns off those of single lists
            too.
    """
    if hourly_limits is None:
        return Allowance(0, 0)
    own = session.execute(
        select(MailingList.id, MailingList.hourly_limit).where(
            MailingList.hourly_limit.is_not(None)
        )
    )
    used = session.execute(
        select(SentCount.scope, func.sum(SentCount.number))
        .where(SentCount.began_at > now - HOUR)
        .group_by(SentCount.scope)
    )
    return Allowance(
        *hourly_limits,
        {list_scope(key): int(limit or 0) for key, limit in own},
        Counter({scope: int(number) for scope, number in used}),
    )


def count_sent(session: Session, scopes: Iterable[str], now: datetime) -> None:
    """Write down copies that have left, and forget those of long ago.

    Args:
        scopes: Those of each copy, one after the other.
    """
    counts = Counter(scopes)
    if not counts:
        return
    began_at = bucket_of(now)
    rows = [
        {"scope": scope, "began_at": began_at, "number": number}
        for scope, number in sorted(counts.items())
    ]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(SentCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[SentCount.scope, SentCount.began_at],
            set_={"number": SentCount.number + statement.excluded.number},
        ),
        rows,
    )
    session.execute(delete(SentCount).where(SentCount.began_at < now - KEPT))


def scopes_of(row: Delivery | DigestDelivery) -> tuple[str, str]:
    """Where a copy counts."""
    subscription = row.subscription
    return list_scope(subscription.mailing_list_id), domain_scope(subscription.address.email)


def not_full(scopes: Collection[str]) -> list[ColumnElement[bool]]:
    """Conditions on `subscription` that leave out what is in one of these scopes."""
    lists = [int(scope.partition(":")[2]) for scope in scopes if scope.startswith("list:")]
    domains = [scope.partition(":")[2] for scope in scopes if scope.startswith("domain:")]
    conditions: list[ColumnElement[bool]] = []
    if lists:
        conditions.append(Subscription.mailing_list_id.not_in(lists))
    if domains:
        conditions.append(Subscription.address_id.not_in(_addresses_at(domains)))
    return conditions


def held_by_limits(
    session: Session, hourly_limits: tuple[int, int] | None, now: datetime
) -> list[Held]:
    """The limits that hold mail back now, with how much waits because of each."""
    left = allowance(session, hourly_limits, now)
    found: list[Held] = []
    for scope in left.full():
        kind, _, name = scope.partition(":")
        if kind == "list":
            mailing_list = session.get(MailingList, int(name))
            if mailing_list is None:
                continue
            name = mailing_list.slug
            waiting = _waiting(session, now, Subscription.mailing_list_id == mailing_list.id)
        else:
            waiting = _waiting(session, now, Subscription.address_id.in_(_addresses_at([name])))
        if waiting:
            found.append(Held(scope, name, left.limit(scope), waiting))
    return found


def waiting_for(session: Session, mailing_list: MailingList, now: datetime) -> int:
    """How many copies and digests of a list wait to be sent."""
    return _waiting(session, now, Subscription.mailing_list_id == mailing_list.id, later=True)


def _waiting(
    session: Session, now: datetime, condition: ColumnElement[bool], *, later: bool = False
) -> int:
    number = 0
    for kind in (Delivery, DigestDelivery):
        query = (
            select(func.count(kind.id))
            .join(Subscription, Subscription.id == kind.subscription_id)
            .where(kind.state.in_((SendState.QUEUED, SendState.SENDING)), receives(now), condition)
        )
        number += session.scalar(query if later else query.where(kind.due_at <= now)) or 0
    return number


def _addresses_at(domains: Collection[str]) -> Select[int]:
    at = [Address.email.endswith(f"@{domain}", autoescape=True) for domain in sorted(domains)]
    return select(Address.id).where(or_(*at))
