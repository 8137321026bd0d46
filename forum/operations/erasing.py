"""Erasing a person: their posts stay, what names them goes, and does not come back.

At once go the account, subscriptions, addresses, tokens and mails, and the name on posts. Then the
stored bytes are gone over, a few at a time, and what is derived from them is derived again. Keyed
digests stay, so that another copy of a message loses the name on its way in. The audit log says
that somebody was erased, and not who.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from forum.domain.erasing import (
    LONGEST_NAME,
    SHORTEST_WORD,
    Eraser,
    address_mark,
    name_mark,
    pseudonym,
    words_of,
)
from forum.domain.message import parse
from forum.domain.redacting import redacted
from forum.operations.audit import record
from forum.operations.curation_removing import overwrite_what_is_freed
from forum.operations.erasing_words import forget_pictures, forget_words
from forum.storage.archive import Post, PostState
from forum.storage.base import KEYED
from forum.storage.choices import Invitation, ThreadSubscription
from forum.storage.mail import HeldMessage, Incoming, IndexQueue, Notice, SendState
from forum.storage.people import Account, Address, Author, Subscription
from forum.storage.privacy import ErasedMark, Erasure, ErasureRequest
from forum.storage.tokens import Token


class LastAdministrator(Exception):
    """Nobody would be left who can run the site."""


def eraser_of(session: Session, author_id: int | None = None) -> Eraser | None:
    """Knows everybody who was erased, or one person of them; None where nobody was."""
    query = select(ErasedMark.keyed_digest, ErasedMark.author_id, ErasedMark.words)
    if author_id is not None:
        query = query.where(ErasedMark.author_id == author_id)
    rows = session.execute(query).all()
    if not rows:
        return None
    return Eraser(
        _key(session),
        {row.keyed_digest: row.author_id for row in rows},
        frozenset(row.words for row in rows if row.words),
    )


def scrubbed(session: Session, raw: bytes, arrived_at: datetime) -> bytes:
    """The bytes of a message that comes in, without those who were erased.

    Who writes again after the erasure, from an address of before, says so by writing: that message
    stays as it is.
    """
    eraser = eraser_of(session)
    if eraser is None:
        return raw
    submission = parse(raw, arrived_at)
    author_id = eraser.author_of(submission.author.address)
    if author_id is not None:
        erasure = session.get_one(Erasure, author_id)
        if submission.date > erasure.erased_at:
            return raw
    return redacted(raw, eraser)


def without_erased(session: Session, post_id: int, text: str) -> str:
    """What was read in a file of a post, without those who were erased."""
    eraser = eraser_of(session) if text else None
    post = session.get(Post, post_id)
    if eraser is None or post is None:
        return text
    is_theirs = session.get(Erasure, post.author_id) is not None
    return eraser.text(text, everywhere=is_theirs or eraser.knows(text))


def erase(
    session: Session, author: Author, now: datetime, account: Account | None = None
) -> Erasure:
    """Take away at once all rows that name a person, and mark the stored bytes to be gone over.

    Args:
        account: Who decided; None for an administrator at the command line.

    Raises:
        LastAdministrator: the person is the site's only one.
    """
    _keep_an_administrator(session, author)
    overwrite_what_is_freed(session)
    emails = [address.email for address in author.addresses]
    erasure = session.get(Erasure, author.id)
    if erasure is None:
        erasure = Erasure(author_id=author.id, erased_at=now)
        session.add(erasure)
    erasure.erased_at, erasure.finished_at = now, None
    erasure.scanned_to = erasure.pieces_to = 0
    session.flush()
    _mark(session, author, emails)
    _forget_mail(session, emails)
    _forget_names(session, author, emails, now)
    _forget_account(session, author, account, now)
    forget_pictures(session, author.id)
    eraser = eraser_of(session, author.id)
    rows = forget_words(session, author.id, eraser, now) if eraser is not None else 0
    erasure.changed = {"rows": rows}
    record(session, "erase", f"person {author.id}", now, account=account)
    session.flush()
    return erasure


def _keep_an_administrator(session: Session, author: Author) -> None:
    if author.account is None or not author.account.is_admin:
        return
    others = select(Account.id).where(Account.is_admin, Account.author_id != author.id)
    if session.scalar(others.limit(1)) is None:
        raise LastAdministrator


def _mark(session: Session, author: Author, emails: Iterable[str]) -> None:
    key = _key(session)
    names = {author.name}
    names |= set(session.scalars(select(Post.author_name).where(Post.author_id == author.id)))
    names |= set(
        session.scalars(select(HeldMessage.author_name).where(HeldMessage.author_id == author.id))
    )
    marks = {address_mark(key, email): 0 for email in emails if "@" in email}
    for name in names:
        words = words_of(name)
        if len(words) == 1 and len(words[0]) >= SHORTEST_WORD:
            marks[name_mark(key, name)] = 1
        elif 2 <= len(words) <= LONGEST_NAME:
            turned = " ".join((words[-1], *words[:-1]))
            marks |= dict.fromkeys((name_mark(key, name), name_mark(key, turned)), len(words))
    known = set(
        session.scalars(select(ErasedMark.keyed_digest).where(ErasedMark.keyed_digest.in_(marks)))
    )
    session.add_all(
        ErasedMark(keyed_digest=digest, author_id=author.id, words=words)
        for digest, words in marks.items()
        if digest not in known
    )
    session.flush()


def _forget_mail(session: Session, emails: list[str]) -> None:
    """Subscriptions with what waits for them, tokens, invitations, and mails to or about them."""
    ids = select(Address.id).where(Address.email.in_(emails))
    session.execute(delete(Subscription).where(Subscription.address_id.in_(ids)))
    session.execute(delete(Token).where(Token.email.in_(emails)))
    session.execute(delete(Invitation).where(Invitation.email.in_(emails)))
    session.execute(delete(Notice).where(Notice.recipient.in_(emails)))
    about = _names_one(cast(Notice.params, String), emails)
    session.execute(delete(Notice).where(about, Notice.state != SendState.SENDING))


def _forget_names(session: Session, author: Author, emails: list[str], now: datetime) -> None:
    instead = pseudonym(author.id)
    session.execute(delete(ThreadSubscription).where(ThreadSubscription.author_id == author.id))
    session.execute(
        update(HeldMessage)
        .where(HeldMessage.author_id == author.id)
        .values(author_name="", author_email=instead)
    )
    for column in (Incoming.author_email, Incoming.reverse_path):
        session.execute(update(Incoming).where(column.in_(emails)).values({column.key: instead}))
    # Translations by others may have borne the name; there are never many.
    written = select(Post.id).where(
        (Post.author_id == author.id) | (Post.translated_into != ""),
        Post.state != PostState.REMOVED,
    )
    session.add_all(
        IndexQueue(post_id=key, queued_at=now) for key in session.scalars(written).all()
    )
    session.execute(update(Post).where(Post.author_id == author.id).values(author_name=""))
    author.name, author.named_at = "", None
    for address in list(author.addresses):
        session.delete(address)
    session.flush()
    session.add(Address(email=instead, author_id=author.id))
    session.flush()
    session.expire(author)


def _forget_account(session: Session, author: Author, by: Account | None, now: datetime) -> None:
    account = author.account
    if account is None:
        return
    session.execute(
        update(HeldMessage)
        .where(HeldMessage.decided_by_id == account.id)
        .values(decided_by_id=None)
    )
    session.execute(
        update(ErasureRequest)
        .where(ErasureRequest.account_id == account.id, ErasureRequest.decided_at.is_(None))
        .values(
            decided_at=now,
            granted=True,
            decided_by_id=by.id if by is not None and by.id != account.id else None,
        )
    )
    session.execute(delete(Account).where(Account.id == account.id))
    session.expire_all()


def _names_one(column: ColumnElement[str], emails: list[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(email, autoescape=True) for email in emails))


def _key(session: Session) -> bytes:
    key: bytes = session.connection().get_execution_options()[KEYED]
    return key
