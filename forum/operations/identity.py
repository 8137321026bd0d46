"""One person with several addresses: another one is claimed by a mail to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from forum.domain import message
from forum.operations import tokens
from forum.operations.accounts import AccountError, check_email
from forum.operations.notices import NoticeKind, notify
from forum.operations.raw import load_raw
from forum.operations.ruling import carry_flags
from forum.storage.archive import Post
from forum.storage.choices import ThreadSubscription
from forum.storage.mail import HeldMessage, IndexQueue
from forum.storage.mirror import outside_of
from forum.storage.people import Account, Address, Author, address_of
from forum.storage.tokens import Token, TokenKind

CLAIM_HOURS = 24


def claim_address(
    session: Session, account: Account, email: str, now: datetime, site_url: str
) -> None:
    """Mail a link to an address that a person says is theirs.

    Whoever has the address with an account of their own gets no mail; the person is told no more
    than anybody: that a mail is on its way.

    Raises:
        AccountError: it is no address, or theirs already.
    """
    email = check_email(email)
    found = address_of(session, email)
    if found is not None and found.author_id == account.author_id and found.confirmed_at:
        raise AccountError(f"{email} is an address of yours already")
    if found is not None and _is_taken(found, account):
        return
    secret = tokens.issue(
        session,
        TokenKind.ADDRESS,
        email,
        now,
        payload={"account": str(account.id)},
        hours=CLAIM_HOURS,
    )
    notify(
        session,
        NoticeKind.CONFIRM_ADDRESS,
        email,
        account.language,
        now,
        link=f"{site_url}/account/addresses/{secret}",
        account=account.email,
        name=account.name,
        hours=str(CLAIM_HOURS),
    )


def claimed(session: Session, account: Account, secret: str, now: datetime) -> str | None:
    """The address that a link is for; None where it is too old or was asked for by another."""
    token = tokens.peek(session, TokenKind.ADDRESS, secret, now)
    return token.email if token is not None and _is_for(token, account) else None


def take_address(session: Session, account: Account, secret: str, now: datetime) -> str | None:
    """Make an address a person's own, with what was written from it; gives the address.

    Returns:
        None where the link is too old, was asked for by another, or the address has gone to
        somebody else meanwhile.
    """
    if claimed(session, account, secret, now) is None:
        return None
    token = tokens.redeem(session, TokenKind.ADDRESS, secret, now)
    assert token is not None
    address = address_of(session, token.email)
    if address is None:
        address = Address(email=token.email, author=account.author)
        session.add(address)
    elif _is_taken(address, account):
        return None
    elif address.author_id != account.author_id:
        _join(session, address, account.author, now)
    address.confirmed_at = address.confirmed_at or now
    session.flush()
    return address.email


def _is_for(token: Token, account: Account) -> bool:
    return tokens.payload_of(token).get("account") == str(account.id)


def _is_taken(address: Address, account: Account) -> bool:
    """Whether it is another account's: where that signs in, or showed that it is its own."""
    holder = address.author.account
    if holder is None or holder.id == account.id:
        return False
    return holder.email == address.email or address.confirmed_at is not None


def _join(session: Session, address: Address, author: Author, now: datetime) -> None:
    """Let a person be the author of what was written from an address, and no more."""
    before = address.author_id
    is_only = session.scalar(select(func.count(Address.id)).where(Address.author_id == before)) == 1
    written = session.scalars(select(Post).where(Post.author_id == before)).all()
    for post in written:
        if is_only or _wrote(session, post, address.email):
            post.author_id = author.id
            session.add(IndexQueue(post_id=post.id, queued_at=now))
    session.execute(
        update(HeldMessage)
        .where(HeldMessage.author_id == before, HeldMessage.author_email == address.email)
        .values(author_id=author.id)
    )
    carry_flags(session, before, author.id, now, keep=not is_only)
    if is_only:
        _join_choices(session, before, author.id)
    address.author_id = author.id
    session.flush()
    session.refresh(address)


def _wrote(session: Session, post: Post, email: str) -> bool:
    """Whether a post was written from an address, of a person who has several."""
    if post.raw is None or email not in post.people:
        return False
    outside = outside_of(session, post.mailing_list)
    return message.parse(load_raw(post.raw), post.arrived_at, outside=outside).author.key == email


def _join_choices(session: Session, before: int, after: int) -> None:
    """What was chosen about threads goes along, where the person has not chosen themselves."""
    own = select(ThreadSubscription.thread_id).where(ThreadSubscription.author_id == after)
    session.execute(
        delete(ThreadSubscription)
        .where(ThreadSubscription.author_id == before, ThreadSubscription.thread_id.in_(own))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ThreadSubscription)
        .where(ThreadSubscription.author_id == before)
        .values(author_id=after)
        .execution_options(synchronize_session=False)
    )
