"""A moderator's decision by replying to a notice.

The address the notice asks to be answered at, `<slug>-moderate+TOKEN`, bears a random token that is
good for one held message, one moderator and some weeks; once the notice has left, only its digest
is kept. The reply has to come from an address of that moderator. One word alone on the first line
of their own text decides, what stands below is the reason; anything else is asked again, and
decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import body
from forum.domain.values import Role, Submission
from forum.operations import moderation, tokens
from forum.operations.moderation import AlreadyDecided, Verb
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import MailingList, roles_of
from forum.storage.mail import HeldMessage, Notice
from forum.storage.people import Account, account_by_email
from forum.storage.tokens import TokenKind
from mailbridge.authentication import Verdict
from mailbridge.command_words import plain_words

ASKED_AGAIN_AT_MOST: Final = timedelta(minutes=10)
"""How often one moderator is asked again about one message."""

_REASON_CHARACTERS: Final = 2_000
_READ: Final = 20_000

_WORDS: Final = {
    Verb.ACCEPT: frozenset({"ok", "oui", "si", "yes", "accept", "accepter", "aceptar"}),
    Verb.REJECT: frozenset({"no", "non", "reject", "refuse", "refuser", "rejeter", "rechazar"}),
    Verb.DISCARD: frozenset({"discard", "ignore", "ecarter", "ignorer", "descartar"}),
}
"""Without accents, lower case."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reply says."""

    verb: Verb | None
    """None where it says nothing clear."""
    reason: str = ""
    """The rest of its own text, for the author of what is rejected."""


@dataclass(frozen=True, slots=True)
class _Asked:
    held: HeldMessage
    account: Account


def read_decision(submission: Submission) -> Decision:
    """The decision in the first line that is the moderator's own."""
    segments = body.segment(submission.text[:_READ], submission.text_format)
    own = "\n".join(segment.text for segment in segments if segment.role is Role.REPLY)
    first, _, rest = own.strip().partition("\n")
    word = plain_words(first).strip(" .:;,!*_")
    for verb, words in _WORDS.items():
        if word in words:
            return Decision(verb, rest.strip()[:_REASON_CHARACTERS])
    return Decision(None)


def decide(
    session: Session,
    mailing_list: MailingList,
    secret: str,
    submission: Submission,
    found: Verdict,
    now: datetime,
) -> str:
    """Do what a moderator's reply says; the caller commits.

    The token must be ours and not too old, the reply from its moderator, who must moderate the
    list still, and the message must wait.

    Args:
        found: Whether the sender is who From says; a forged one decides nothing.

    Returns:
        What was done, for the log of incoming mail: the verb, or why nothing was.
    """
    asked = _asked(session, mailing_list, secret, submission, found, now)
    if isinstance(asked, str):
        return asked
    decision = read_decision(submission)
    if decision.verb is None:
        _ask_again(session, asked.held, asked.account, secret, now)
        return "no-decision"
    try:
        stands = moderation.decide(
            session, asked.held, decision.verb, now, account=asked.account, reason=decision.reason
        )
    except AlreadyDecided:
        _tell_decided(session, asked.held, asked.account, now)
        return "already-decided"
    if stands:
        _tell_stands(session, asked.held, asked.account, now)
    return decision.verb


def _asked(
    session: Session,
    mailing_list: MailingList,
    secret: str,
    submission: Submission,
    found: Verdict,
    now: datetime,
) -> _Asked | str:
    """What the token asks of whom, where the reply is theirs; else why it decides nothing."""
    token = tokens.peek(session, TokenKind.MODERATE, secret, now)
    named = tokens.payload_of(token) if token is not None else {}
    held = session.get(HeldMessage, int(named["held"])) if named else None
    account = session.get(Account, int(named["account"])) if named else None
    if held is None or account is None or held.mailing_list_id != mailing_list.id:
        return "unknown-token"
    sender = account_by_email(session, submission.author.address)
    if sender is None or sender.id != account.id or found is Verdict.FAIL:
        return "another-sender"
    roles = roles_of(session, account.id, mailing_list.id)
    if not account.is_admin and not roles & {"moderator", "owner"}:
        return "not-a-moderator"
    return _Asked(held, account)


def _ask_again(
    session: Session, held: HeldMessage, account: Account, secret: str, now: datetime
) -> None:
    asked = session.scalars(
        select(Notice).where(
            Notice.kind == NoticeKind.HELD_UNCLEAR,
            Notice.recipient == account.email,
            Notice.queued_at > now - ASKED_AGAIN_AT_MOST,
        )
    )
    if any(one.params.get("held_id") == str(held.id) for one in asked):
        return
    _tell(
        session,
        NoticeKind.HELD_UNCLEAR,
        held,
        account,
        now,
        held_id=str(held.id),
        decision_token=secret,
    )


def _tell(
    session: Session,
    kind: NoticeKind,
    held: HeldMessage,
    account: Account,
    now: datetime,
    **params: str,
) -> None:
    notify(
        session,
        kind,
        account.email,
        account.language,
        now,
        mailing_list=held.mailing_list,
        subject=held.subject,
        **params,
    )


def _tell_stands(session: Session, held: HeldMessage, account: Account, now: datetime) -> None:
    _tell(
        session,
        NoticeKind.HELD_STANDS,
        held,
        account,
        now,
        post_id=str(held.post_id),
    )


def _tell_decided(session: Session, held: HeldMessage, account: Account, now: datetime) -> None:
    _tell(
        session,
        NoticeKind.HELD_DECIDED,
        held,
        account,
        now,
        by=held.decided_by.name if held.decided_by else "",
        **{held.state: "yes"},
    )
