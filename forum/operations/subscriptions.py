"""Joining and leaving a list: asked for, confirmed by the address itself, done."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import LANGUAGES, Mailbox
from forum.operations import bounces, tokens
from forum.operations.accounts import AccountError, check_email, ensure_author
from forum.operations.deliveries import cancel_queued, cancel_queued_translations
from forum.operations.digests import cancel_digests
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import MailingList, Visibility
from forum.storage.people import (
    DeliveryMode,
    DigestFormat,
    Subscription,
    SubscriptionState,
    account_by_email,
    subscription_of,
)
from forum.storage.tokens import TokenKind

CONFIRM_HOURS = 72


def subscribe(
    session: Session,
    mailing_list: MailingList,
    email: str,
    now: datetime,
    *,
    name: str = "",
    language: str | None = None,
    delivery: str = DeliveryMode.EACH,
    reads: str = "",
    confirmed: bool = True,
) -> Subscription:
    """Put an address on a list; who is there already stays, with what they chose.

    Args:
        language: fr, en or es; None takes the account's, else the list's.
        reads: Languages the person reads, comma-separated; empty for all.
        confirmed: Whether the address has shown that it is its holder's.

    Raises:
        AccountError: the address, the language or the delivery is no good.
    """
    email = check_email(email)
    _check(language, delivery, reads)
    found = subscription_of(session, mailing_list.id, email)
    if found is not None:
        return found
    address = ensure_author(session, Mailbox(name, email), None)
    if confirmed and address.confirmed_at is None:
        address.confirmed_at = now
    account = account_by_email(session, email)
    subscription = Subscription(
        mailing_list_id=mailing_list.id,
        address_id=address.id,
        language=language or (account.language if account else mailing_list.language),
        delivery=delivery,
        reads=reads,
        token=tokens.new_secret(),
        created_at=now,
    )
    session.add(subscription)
    session.flush()
    return subscription


def unsubscribe(session: Session, mailing_list: MailingList, email: str, now: datetime) -> bool:
    """Take an address off a list, with the mail that waited for it; False if it was not there."""
    found = subscription_of(session, mailing_list.id, email)
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def by_token(session: Session, token: str) -> Subscription | None:
    """The subscription that a footer's link or a return path names."""
    return session.scalar(select(Subscription).where(Subscription.token == token.strip().lower()))


def request_subscribe(
    session: Session,
    mailing_list: MailingList,
    email: str,
    now: datetime,
    *,
    name: str = "",
    language: str | None,
    site_url: str,
) -> None:
    """Mail an address what it must do to join.

    Args:
        language: Of who asks; None where it is not known: then the mail is in all three, the
            list's first.

    Raises:
        AccountError: it is not an address.
    """
    email = check_email(email)
    payload = {"name": name, "language": language or "", "visibility": mailing_list.visibility}
    kind = NoticeKind.CONFIRM_SUBSCRIBE if language else NoticeKind.CONFIRM_IN_ALL
    language = language or mailing_list.language
    _ask(session, TokenKind.SUBSCRIBE, kind, mailing_list, email, now, payload, language, site_url)


def confirm_subscribe(
    session: Session, secret: str, now: datetime, *, language: str | None = None
) -> Subscription | None:
    """Join by a confirmation's secret; None where it is unknown, used or too old.

    Args:
        language: Of the page on which it is confirmed, for who told none when they asked.
    """
    token = tokens.redeem(session, TokenKind.SUBSCRIBE, secret, now)
    if token is None or token.mailing_list is None:
        return None
    payload = tokens.payload_of(token)
    if payload.get("visibility") != token.mailing_list.visibility == Visibility.PRIVATE:
        return None  # It was public when they asked: its owners have closed the door since.
    was_there = subscription_of(session, token.mailing_list.id, token.email) is not None
    subscription = subscribe(
        session,
        token.mailing_list,
        token.email,
        now,
        name=payload.get("name", ""),
        language=payload.get("language") or language,
    )
    if not was_there:
        welcome(session, subscription, now)
    return subscription


def welcome(session: Session, subscription: Subscription, now: datetime) -> None:
    """Mail a new subscriber what the list is, in the words of its owners where there are some."""
    notify(
        session,
        NoticeKind.WELCOME,
        subscription.address.email,
        subscription.language,
        now,
        mailing_list=subscription.mailing_list,
        token=subscription.token,
    )


def request_unsubscribe(
    session: Session,
    mailing_list: MailingList,
    email: str,
    now: datetime,
    *,
    site_url: str,
) -> None:
    """Mail an address what it must do to leave; one that is not on the list is told nothing."""
    subscription = subscription_of(session, mailing_list.id, email)
    if subscription is None:
        return
    language, kind = subscription.language, NoticeKind.CONFIRM_UNSUBSCRIBE
    _ask(session, TokenKind.UNSUBSCRIBE, kind, mailing_list, email, now, {}, language, site_url)


def confirm_unsubscribe(session: Session, secret: str, now: datetime) -> MailingList | None:
    """Leave by a confirmation's secret: the list left, or None."""
    token = tokens.redeem(session, TokenKind.UNSUBSCRIBE, secret, now)
    if token is None or token.mailing_list is None:
        return None
    leave(session, token.mailing_list, token.email, now)
    return token.mailing_list


def leave(session: Session, mailing_list: MailingList, email: str, now: datetime) -> bool:
    """Take an address off a list and say goodbye to it."""
    found = subscription_of(session, mailing_list.id, email)
    if found is None:
        return False
    language = found.language
    unsubscribe(session, mailing_list, email, now)
    notify(session, NoticeKind.GOODBYE, email, language, now, mailing_list=mailing_list)
    return True


class Choices(TypedDict, total=False):
    """What a subscriber can choose; what is absent or None stays as it is."""

    delivery: str | None
    language: str | None
    reads: str | None
    own_posts: bool | None
    attachments_as_links: bool | None
    plain_text: bool | None
    follows_written: bool | None
    translations: bool | None
    bursts: bool | None
    digest_format: str | None
    state: str | None
    paused_until: datetime | None
    """When a pause ends by itself; for the state `paused` alone."""


def set_options(session: Session, subscription: Subscription, **choices: Unpack[Choices]) -> None:
    """Change how a person receives a list.

    Who pauses or wants no mail, or no translations, is not sent either what is queued already.

    Raises:
        AccountError: a value that does not exist.
    """
    delivery, state = choices.get("delivery"), choices.get("state")
    if state == SubscriptionState.ACTIVE and subscription.state == SubscriptionState.BOUNCING:
        bounces.clear(session, subscription)
    reads = choices.get("reads") or ""
    _check(choices.get("language"), delivery or subscription.delivery, reads)
    _check_one("the state", state, SubscriptionState)
    _check_one("the form of digests", choices.get("digest_format"), DigestFormat)
    for name, choice in choices.items():
        if choice is not None and name != "paused_until":
            setattr(subscription, name, choice)
    if state is not None:
        until = choices.get("paused_until")
        subscription.paused_until = until if state == SubscriptionState.PAUSED else None
    if delivery == DeliveryMode.NONE:
        cancel_digests(session, subscription)
    if delivery == DeliveryMode.NONE or state == SubscriptionState.PAUSED:
        cancel_queued(session, subscription)
    if choices.get("translations") is False:
        cancel_queued_translations(session, subscription)
    session.flush()


def _check_one(what: str, value: str | None, words: type[StrEnum]) -> None:
    if value is not None and value not in tuple(words):
        raise AccountError(f"{what} must be one of {', '.join(words)}, not {value!r}")


def clean_reads(text: str) -> str:
    """The languages a person reads, as they are kept: `fr,en`.

    Raises:
        AccountError: a language that the site has not.
    """
    codes = [code.strip().lower() for code in text.split(",") if code.strip()]
    _check(None, DeliveryMode.EACH, ",".join(codes))
    return ",".join(dict.fromkeys(codes))


def _ask(
    session: Session,
    what: TokenKind,
    kind: NoticeKind,
    mailing_list: MailingList,
    email: str,
    now: datetime,
    payload: dict[str, str],
    language: str,
    site_url: str,
) -> None:
    secret = tokens.issue(
        session, what, email, now, mailing_list=mailing_list, payload=payload, hours=CONFIRM_HOURS
    )
    notify(
        session,
        kind,
        email,
        language,
        now,
        mailing_list=mailing_list,
        secret=secret,
        link=f"{site_url}/confirm/{secret}",
        hours=str(CONFIRM_HOURS),
    )


def _check(language: str | None, delivery: str, reads: str) -> None:
    if language is not None and language not in LANGUAGES:
        raise AccountError(f"the language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    if delivery not in tuple(DeliveryMode):
        raise AccountError(f"delivery must be one of {', '.join(DeliveryMode)}, not {delivery!r}")
    unknown = [code for code in reads.split(",") if code and code.strip() not in LANGUAGES]
    if unknown:
        raise AccountError(f"reads names languages the site has not: {', '.join(unknown)}")
