"""Who will receive what somebody is writing, told before they send it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.recipients import Occasion, recipients
from forum.domain.values import UNDETERMINED
from forum.operations.recipients import candidates_of, choices_of, writers_of
from forum.storage.lists import MailingList, Mode, Posting
from forum.storage.people import Account, is_subscribed
from forum.storage.visibility import Reader, may_moderate
from forum.web.filters import badge


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


def audience_of(
    session: Session,
    mailing_list: MailingList,
    account: Account | None,
    thread_id: int | None = None,
) -> Audience:
    """Count who receives a post of this account, as the deliveries will be queued.

    Its language is not known yet: who reads some languages only is counted.

    Args:
        thread_id: That of an answer.
    """
    candidates = candidates_of(session, mailing_list, utcnow())
    occasion = Occasion(
        author_id=account.author_id if account else None,
        language=UNDETERMINED,
        wrote=writers_of(session, thread_id) if thread_id else frozenset(),
        chosen=choices_of(session, thread_id) if thread_id else None,
    )
    chosen = recipients(candidates, occasion)
    at_once = Counter(one.subscription.language for one in chosen if one.at_once)
    counted = sorted(at_once.items(), key=lambda pair: (-pair[1], pair[0]))
    return Audience(tuple(counted), len(chosen) - at_once.total())


def audience_text(
    session: Session,
    mailing_list: MailingList,
    account: Account | None,
    thread_id: int | None = None,
) -> Markup:
    """The same in words: `34 people by mail: FR 18, EN 9, ES 7.`, the names hidden"""
    parts: list[str] = []
    if mailing_list.mode == Mode.MIRRORED:
        parts.append(str(_("It goes to the outside list, which sends it to its subscribers.")))
    audience = audience_of(session, mailing_list, account, thread_id)
    if not audience.at_once and not audience.in_digests and not parts:
        return escape(_("Nobody receives it by mail; it can be read here."))
    if audience.at_once:
        languages = Markup(", ").join(
            Markup('<span class="nowrap">{} {}</span>').format(
                badge(language), format_decimal(number)
            )
            for language, number in audience.by_language
        )
        sentence = ngettext(
            "%(number)s person by mail: %(languages)s.",
            "%(number)s people by mail: %(languages)s.",
            audience.at_once,
            number=format_decimal(audience.at_once),
            # Filled in below, where it stays HTML.
            languages="%(languages)s",
        )
        parts.append(escape(sentence) % {"languages": languages})
    if audience.in_digests:
        parts.append(
            ngettext(
                "%(number)s person in a digest.",
                "%(number)s people in a digest.",
                audience.in_digests,
                number=format_decimal(audience.in_digests),
            )
        )
    return Markup(" ").join(parts)


def awaits_moderator(session: Session, mailing_list: MailingList, account: Account) -> bool:
    """Whether a moderator will read what this account writes before it is posted."""
    match mailing_list.posting:
        case Posting.MODERATED:
            reads_first = True
        case Posting.MEMBERS:
            reads_first = not is_subscribed(session, mailing_list.id, account.author_id)
        case _:
            reads_first = False
    # What costs a query is asked last.
    return reads_first and not may_moderate(session, Reader.of(account), mailing_list.id)
