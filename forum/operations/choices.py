"""Changing a subscription without an account: by a fresh link, or by mail and a confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.digest_schedule import time_zone
from forum.operations import tokens
from forum.operations.following import choose
from forum.operations.notices import NoticeKind, notify
from forum.operations.subscriptions import set_options
from forum.storage.archive import Thread
from forum.storage.choices import Following, FollowingReason
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from forum.storage.people import Subscription, SubscriptionState, subscription_of
from forum.storage.tokens import TokenKind

SETTINGS_HOURS: Final = 2
"""How long a link opens the choices of a subscription."""

LINKS_PER_HOUR: Final = 3
"""To one address: who finds the link of a footer can ask for them, too."""

CHANGE_HOURS: Final = 72


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was asked for by mail; what is empty stays as it is."""

    delivery: str = ""
    state: str = ""
    until: str = ""
    """The day on which a pause ends, as `2026-12-01`."""
    following: str = ""
    thread_id: str = ""

    @property
    def code(self) -> str:
        """Which sentence names it."""
        if self.following:
            return self.following
        if self.state == SubscriptionState.PAUSED:
            return "pause_until" if self.until else "pause"
        return "resume" if self.state else self.delivery

    @classmethod
    def of(cls, payload: Mapping[str, str]) -> Change:
        """As it was kept with a token."""
        return cls(**{name: payload.get(name, "") for name in cls.__slots__})


def end_of_pause(mailing_list: MailingList, day: date) -> datetime:
    """When a pause until a day is over: as that day begins in the list's time zone."""
    start = datetime.combine(day, time(0), time_zone(mailing_list.time_zone))
    return start.astimezone(UTC)


def day_of_pause(subscription: Subscription) -> date | None:
    """The day on which a pause ends, as `end_of_pause` was given it."""
    if subscription.paused_until is None:
        return None
    return subscription.paused_until.astimezone(
        time_zone(subscription.mailing_list.time_zone)
    ).date()


def request_settings(
    session: Session, subscription: Subscription, now: datetime, site_url: str
) -> bool:
    """Mail a subscriber a link to all their choices; False where they were sent some just now."""
    email = subscription.address.email
    sent = session.scalar(
        select(func.count(Notice.id)).where(
            Notice.kind == NoticeKind.SETTINGS,
            Notice.recipient == email,
            Notice.queued_at > now - timedelta(hours=1),
        )
    )
    if (sent or 0) >= LINKS_PER_HOUR:
        return False
    mailing_list = subscription.mailing_list
    secret = tokens.issue(
        session, TokenKind.SETTINGS, email, now, mailing_list=mailing_list, hours=SETTINGS_HOURS
    )
    notify(
        session,
        NoticeKind.SETTINGS,
        email,
        subscription.language,
        now,
        mailing_list=mailing_list,
        link=f"{site_url}/settings/{secret}",
        hours=str(SETTINGS_HOURS),
        token=subscription.token,
    )
    return True


def by_settings_link(session: Session, secret: str, now: datetime) -> Subscription | None:
    """The subscription that a link opens, as often as one likes while it is good."""
    token = tokens.peek(session, TokenKind.SETTINGS, secret, now)
    if token is None or token.mailing_list_id is None:
        return None
    return subscription_of(session, token.mailing_list_id, token.email)


def request_change(
    session: Session, subscription: Subscription, change: Change, now: datetime, site_url: str
) -> None:
    """Mail a subscriber what they are to confirm: whoever asked may not have been them."""
    email, mailing_list = subscription.address.email, subscription.mailing_list
    secret = tokens.issue(
        session,
        TokenKind.CHANGE,
        email,
        now,
        mailing_list=mailing_list,
        payload={name: value for name, value in asdict(change).items() if value},
        hours=CHANGE_HOURS,
    )
    thread = session.get(Thread, int(change.thread_id)) if change.thread_id else None
    notify(
        session,
        NoticeKind.CONFIRM_CHANGE,
        email,
        subscription.language,
        now,
        mailing_list=mailing_list,
        secret=secret,
        link=f"{site_url}/confirm/{secret}",
        hours=str(CHANGE_HOURS),
        until=change.until,
        subject=thread.subject if thread else "",
        **{f"change_{change.code}": "yes"},
    )


def confirm_change(session: Session, secret: str, now: datetime) -> Subscription | None:
    """Do what was asked for by mail, once; None where the secret is unknown, used or too old."""
    token = tokens.redeem(session, TokenKind.CHANGE, secret, now)
    if token is None or token.mailing_list is None:
        return None
    subscription = subscription_of(session, token.mailing_list.id, token.email)
    if subscription is None:
        return None
    _apply(session, subscription, Change.of(tokens.payload_of(token)), now)
    return subscription


def _apply(session: Session, subscription: Subscription, change: Change, now: datetime) -> None:
    if change.following:
        thread = session.get(Thread, int(change.thread_id or 0))
        if thread is not None and thread.mailing_list_id == subscription.mailing_list_id:
            person, state = subscription.address.author_id, Following(change.following)
            choose(session, person, thread, state, now, FollowingReason.CHOSE_BY_MAIL)
        return
    until = None
    if change.until:
        until = end_of_pause(subscription.mailing_list, date.fromisoformat(change.until))
    set_options(
        session,
        subscription,
        delivery=change.delivery or None,
        state=change.state or None,
        paused_until=until,
    )
