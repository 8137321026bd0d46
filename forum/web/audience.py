"""Who will receive what somebody is writing, told before they send it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.storage.lists import MailingList, Mode, Posting
from forum.storage.people import (
    Account,
    Address,
    DeliveryMode,
    Subscription,
    SubscriptionState,
    is_subscribed,
)
from forum.storage.visibility import Reader, may_moderate


@dataclass(frozen=True, slots=True)
class Audience:
    """People, each counted once, without the writer."""

    by_language: tuple[tuple[str, int], ...]
    """Who gets a mail at once: language and number, the most first."""
    in_digests: int

    @property
    def at_once(self) -> int:
        """How many get a mail at once."""
        return sum(number for _language, number in self.by_language)


def audience_of(session: Session, mailing_list: MailingList, account: Account | None) -> Audience:
    """Count who receives a post of this account, as the deliveries will be queued."""
    query = (
        select(
            Address.author_id,
            Subscription.language,
            Subscription.delivery,
            Subscription.own_posts,
        )
        .join(Address)
        .where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.state == SubscriptionState.ACTIVE,
            Subscription.delivery != DeliveryMode.NONE,
        )
        .order_by(Subscription.id)
    )
    writer = account.author_id if account else None
    at_once: dict[int, str] = {}
    digests: set[int] = set()
    for author_id, language, delivery, own_posts in session.execute(query):
        if author_id == writer and not own_posts:
            continue
        if delivery == DeliveryMode.EACH:
            at_once.setdefault(author_id, language)
        else:
            digests.add(author_id)
    counted = sorted(Counter(at_once.values()).items(), key=lambda pair: (-pair[1], pair[0]))
    return Audience(tuple(counted), len(digests - set(at_once)))


def audience_text(session: Session, mailing_list: MailingList, account: Account | None) -> str:
    """The same in words: `34 people by mail: fr 18, en 9, es 7.`"""
    if mailing_list.mode == Mode.MIRRORED:
        return str(_("It goes to the outside list, which sends it to its subscribers."))
    audience = audience_of(session, mailing_list, account)
    if not audience.at_once and not audience.in_digests:
        return str(_("Nobody receives it by mail; it can be read here."))
    parts = []
    if audience.at_once:
        languages = ", ".join(
            f"{language} {format_decimal(number)}" for language, number in audience.by_language
        )
        parts.append(
            ngettext(
                "%(number)s person by mail: %(languages)s.",
                "%(number)s people by mail: %(languages)s.",
                audience.at_once,
                number=format_decimal(audience.at_once),
                languages=languages,
            )
        )
    if audience.in_digests:
        parts.append(
            ngettext(
                "%(number)s person in a digest.",
                "%(number)s people in a digest.",
                audience.in_digests,
                number=format_decimal(audience.in_digests),
            )
        )
    return " ".join(parts)


def awaits_moderator(session: Session, mailing_list: MailingList, account: Account) -> bool:
    """Whether a moderator will read what this account writes before it is posted."""
    if may_moderate(session, Reader.of(account), mailing_list.id):
        return False
    if mailing_list.posting == Posting.MODERATED:
        return True
    return mailing_list.posting == Posting.MEMBERS and not is_subscribed(
        session, mailing_list.id, account.author_id
    )
