"""Which mailbox a list's mail is fetched from, when it is looked into, and how that went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from forum.domain.fetch_source import ImapSource, parse_source
from forum.operations.sealing import seal
from forum.storage.fetching import FetchedName, Fetching
from forum.storage.lists import MailingList

CLAIM: Final = timedelta(seconds=180)
"""Longer than one look into a mailbox may take."""

LONGEST_PAUSE: Final = timedelta(minutes=15)
"""Between two attempts, where a mailbox cannot be reached."""


def fetch_from(
    session: Session,
    mailing_list: MailingList,
    source: str,
    password: str | None,
    secret_key: str,
    now: datetime,
) -> Fetching:
    """Fetch a list's mail from a mailbox from now on; of a new one all that lies there.

    Args:
        source: An address as `forum.domain.fetch_source` reads it.
        password: None keeps the one stored for the same address.
        secret_key: The site's.

    Raises:
        SourceError: the address is no good.
    """
    parsed = parse_source(source)
    row = session.get(Fetching, mailing_list.id)
    if row is None or row.source != str(parsed):
        stop_fetching(session, mailing_list)
        row = Fetching(mailing_list_id=mailing_list.id, source=str(parsed), due_at=now)
        session.add(row)
    if isinstance(parsed, ImapSource) and password is not None:
        row.sealed_password = seal(password, secret_key)
    row.due_at, row.claimed_until, row.failures, row.error = now, None, 0, ""
    session.flush()
    return row


def stop_fetching(session: Session, mailing_list: MailingList) -> bool:
    """Fetch no more; False where nothing was fetched."""
    row = session.get(Fetching, mailing_list.id)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def fetching_of(session: Session, mailing_list_id: int) -> Fetching | None:
    """The mailbox of a list."""
    return session.get(Fetching, mailing_list_id)


def all_fetching(session: Session) -> list[Fetching]:
    """The mailboxes of all lists, by slug."""
    query = select(Fetching).join(MailingList).order_by(MailingList.slug)
    return list(session.scalars(query))


def due(session: Session, now: datetime) -> list[int]:
    """The keys of the lists whose mailboxes are to be looked into, the longest due first."""
    query = select(Fetching.mailing_list_id).where(_is_due(now)).order_by(Fetching.due_at)
    return list(session.scalars(query))


def claim(session: Session, key: int, now: datetime) -> bool:
    """Take a mailbox for `CLAIM`; False where another worker has it. The caller commits."""
    taken = session.scalar(
        update(Fetching)
        .where(Fetching.mailing_list_id == key, _is_due(now))
        .values(claimed_until=now + CLAIM)
        .returning(Fetching.mailing_list_id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(Fetching.claimed_until.is_(None), Fetching.claimed_until < now)
    return and_(Fetching.due_at <= now, free)


def succeeded(session: Session, key: int, now: datetime, again_at: datetime) -> None:
    """Write down that a mailbox was read, and when it is due again."""
    _settle(session, key, checked_at=now, succeeded_at=now, due_at=again_at, failures=0, error="")


def failed(session: Session, key: int, error: str, now: datetime, every: timedelta) -> None:
    """Write down why a mailbox could not be read; it is tried again, less and less often.

    Args:
        every: The pause between two looks where all is well.
    """
    row = session.get(Fetching, key)
    if row is None:
        return
    row.failures += 1
    pause = min(every * 2 ** min(row.failures, 10), max(every, LONGEST_PAUSE))
    text = " ".join(error.split())[:500]
    _settle(session, key, checked_at=now, due_at=now + pause, failures=row.failures, error=text)


def _settle(session: Session, key: int, **values: object) -> None:
    """By the row's key: a mailbox that was taken off the list meanwhile is no error."""
    session.execute(
        update(Fetching).where(Fetching.mailing_list_id == key).values(claimed_until=None, **values)
    )


def known_names(session: Session, key: int) -> frozenset[str]:
    """The files of a Maildir that were taken."""
    query = select(FetchedName.name).where(FetchedName.mailing_list_id == key)
    return frozenset(session.scalars(query))


def remember_name(session: Session, key: int, name: str) -> None:
    """Keep that a file of a Maildir was taken."""
    if session.get(FetchedName, (key, name)) is None:
        session.add(FetchedName(mailing_list_id=key, name=name))


def forget_names(session: Session, key: int, gone: Iterable[str]) -> None:
    """Forget files that are no more: a Maildir never gives a name twice."""
    names = sorted(gone)
    for at in range(0, len(names), 500):
        session.execute(
            delete(FetchedName).where(
                FetchedName.mailing_list_id == key, FetchedName.name.in_(names[at : at + 500])
            )
        )
