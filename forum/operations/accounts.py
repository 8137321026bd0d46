"""People: authors known by their mail, and the accounts they sign in to."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from forum.domain.values import LANGUAGES, Mailbox
from forum.operations import tokens
from forum.operations.notices import NoticeKind, notify
from forum.storage.people import (
    Account,
    Address,
    Author,
    HeldMail,
    account_by_email,
    address_of,
    language_of_subscriber,
)
from forum.storage.tokens import TokenKind

LOGIN_HOURS = 2
NAME_CHARACTERS = 120
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,253}")
NAME = re.compile(
    "[^<>@\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
"""Neither an address nor direction marks, which would turn what stands beside the name."""


class AccountError(ValueError):
    """An account that cannot be made or changed so; the text says why."""


def check_email(email: str) -> str:
    """The address as it is compared.

    Raises:
        AccountError: it is not an address.
    """
    email = email.strip().lower()
    if not ADDRESS.fullmatch(email) or not email.isprintable():
        raise AccountError(f"{email!r} is not an email address")
    return email


def check_name(name: str) -> str:
    """The name of an account as it is kept: spaces collapsed.

    Raises:
        AccountError: it is empty or too long, or could pass for an address.
    """
    name = " ".join(name.split())
    if not name:
        raise AccountError("a name is needed")
    if len(name) > NAME_CHARACTERS:
        raise AccountError(f"a name has at most {NAME_CHARACTERS} characters")
    if not NAME.fullmatch(name):
        raise AccountError("a name holds no <, > or @, and no control characters")
    return name


def ensure_author(session: Session, mailbox: Mailbox, date: datetime | None) -> Address:
    """The address of a person, made known where it is new; the newest mail gives the name.

    Args:
        mailbox: As a message names its author; an empty address gets a row of its own by name.
        date: Of the message; None leaves a known name as it is.
    """
    email = mailbox.key or f"unknown:{mailbox.name.strip().lower()}"
    address = address_of(session, email)
    name = mailbox.name.strip()
    if address is None:
        author = Author(name=name, named_at=date if name else None)
        address = Address(email=email, author=author)
        session.add(address)
        session.flush()
        return address
    author = address.author
    is_newer = (
        not author.name_is_corrected
        and date is not None
        and (author.named_at is None or date > author.named_at)
    )
    if name and (not author.name or (is_newer and author.account is None)):
        author.name = name
        author.named_at = date
    return address


def create_account(
    session: Session,
    email: str,
    name: str,
    now: datetime,
    *,
    language: str | None = None,
    is_admin: bool = False,
    password: str | None = None,
) -> Account:
    """Make an account for an address, which counts as confirmed.

    Args:
        language: Of the pages and our mail: fr, en or es; None takes that of the address's newest
            subscription, else English.

    Raises:
        AccountError: the address, the name or the language is no good, or there is one already.
    """
    email, name = check_email(email), check_name(name)
    language = language or language_of_subscriber(session, email) or "en"
    _check_language(language)
    if account_by_email(session, email) is not None:
        raise AccountError(f"{email} has an account already")
    address = ensure_author(session, Mailbox(name, email), now)
    if address.author.account is not None:
        # The row came with somebody's unconfirmed second address: now its holder has shown up.
        address.author = Author(name=name, named_at=now)
    address.confirmed_at = address.confirmed_at or now
    address.author.name = name
    account = Account(
        author=address.author,
        email=email,
        language=language,
        is_admin=is_admin,
        password_hash=generate_password_hash(password) if password else None,
        created_at=now,
        session_key=tokens.new_secret(),
    )
    session.add(account)
    session.flush()
    return account


def request_login(
    session: Session, email: str, next_path: str, language: str, now: datetime, site_url: str
) -> None:
    """Mail a login link to an address, whether it is known or not.

    Raises:
        AccountError: it is not an address.
    """
    email = check_email(email)
    account = account_by_email(session, email)
    link = login_link(session, email, next_path, now, site_url)
    notify(
        session,
        NoticeKind.LOGIN,
        email,
        account.language if account else language,
        now,
        link=link,
        hours=str(LOGIN_HOURS),
    )


def login_link(session: Session, email: str, next_path: str, now: datetime, site_url: str) -> str:
    """A one-time address that signs in whoever opens it and presses its button."""
    secret = tokens.issue(
        session, TokenKind.LOGIN, email, now, payload={"next": next_path}, hours=LOGIN_HOURS
    )
    return f"{site_url}/login/{secret}"


def use_login(
    session: Session, secret: str, now: datetime, language: str
) -> tuple[Account, str] | None:
    """Sign in by a link's secret: the account, made where the address had none, and where to go."""
    token = tokens.redeem(session, TokenKind.LOGIN, secret, now)
    if token is None:
        return None
    account = account_by_email(session, token.email)
    if account is None:
        known = address_of(session, token.email)
        name = _fit_name(known.author.name if known else "", token.email)
        account = create_account(session, token.email, name, now, language=language)
    address = address_of(session, token.email)
    if address is not None and address.confirmed_at is None:
        address.confirmed_at = now
    return account, tokens.payload_of(token).get("next", "")


def check_password(session: Session, email: str, password: str) -> Account | None:
    """The account with this address and password; takes as long where there is none."""
    account = account_by_email(session, email)
    expected = account.password_hash if account and account.password_hash else _nobody()
    good = check_password_hash(expected, password)
    return account if good and account is not None and account.password_hash else None


@cache
def _nobody() -> str:
    """A hash that nobody's password has: checking it takes as long as checking a real one."""
    return generate_password_hash("nobody")


def set_language(session: Session, account: Account, language: str) -> None:
    """Choose the interface language of an account.

    Raises:
        AccountError: there is no such language.
    """
    _check_language(language)
    account.language = language
    session.flush()


def set_profile(
    session: Session, account: Account, *, name: str, language: str, time_zone: str
) -> None:
    """Change what a person tells of themselves.

    Raises:
        AccountError: a name that cannot be one, or no such language or time zone.
    """
    name = check_name(name)
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AccountError(f"there is no time zone {time_zone!r}") from None
    set_language(session, account, language)
    account.author.name = name
    account.time_zone = time_zone
    session.flush()


def set_held_mail(session: Session, account: Account, held_mail: str, now: datetime) -> None:
    """Choose how a moderator hears of what waits.

    Raises:
        AccountError: there is no such choice.
    """
    if held_mail not in tuple(HeldMail):
        raise AccountError(f"the choice must be one of {', '.join(HeldMail)}")
    if held_mail != account.held_mail:
        account.held_mail = held_mail
        # The first daily one leaves at its hour, not at once.
        account.held_told_at = now
    session.flush()


def account_for(session: Session, account_id: int, session_key: str) -> Account | None:
    """The account of a session cookie, if it has not been signed out everywhere."""
    return session.scalar(_account_query(), {"account": account_id, "key": session_key})


@cache
def _account_query() -> Select[Account]:
    # Asked on every page of who is signed in.
    return select(Account).where(
        Account.id == bindparam("account"), Account.session_key == bindparam("key")
    )


def _fit_name(name: str, email: str) -> str:
    """The name that somebody's mails bear, where an account can have it, else of the address."""
    try:
        return check_name(name)
    except AccountError:
        return email.partition("@")[0]


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise AccountError(f"the language must be one of {', '.join(LANGUAGES)}")
