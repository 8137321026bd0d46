"""A moderator's decision by replying to a notice.

The address the notice asks to be answered at, `<slug>-moderate+TOKEN`, names the held message and
the moderator and bears a keyed digest of both, in lower-case letters that no mail server changes.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations import moderation
from forum.operations.moderation import AlreadyDecided
from forum.storage.lists import MailingList, roles_of
from forum.storage.mail import HeldMessage
from forum.storage.people import Account
from mailbridge.command_words import plain_words

_DIGEST_LENGTH: Final = 32

_ACCEPT: Final = frozenset({"accept", "ok", "yes", "accepter", "oui", "aceptar", "si"})
_REJECT: Final = frozenset({"reject", "refuse", "refuser", "rejeter", "rechazar"})
_DISCARD: Final = frozenset({"discard", "ignore", "ecarter", "ignorer", "supprimer", "descartar"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reply says."""

    verb: str
    """`accept`, `reject`, `discard`, or `""` where it says none of them."""
    reason: str = ""
    """The rest of its own text, for the author of what is rejected."""


def decision_token(held_id: int, account_id: int, secret_key: str) -> str:
    """The token of one moderator for one held message."""
    named = f"{held_id}-{account_id}"
    return f"{named}-{_digest(named, secret_key)}"


def read_token(token: str, secret_key: str) -> tuple[int, int] | None:
    """The held message and the account of a token; None where it is not ours."""
    named, _, digest = token.lower().rpartition("-")
    if not hmac.compare_digest(digest.encode(), _digest(named, secret_key).encode()):
        return None
    held_id, _, account_id = named.partition("-")
    return int(held_id), int(account_id)


def read_decision(submission: Submission) -> Decision:
    """The decision in the first line that is the moderator's own."""
    lines = [line.strip() for line in submission.text[:10_000].split("\n")]
    own = [line for line in lines if line and not line.startswith(">")]
    if not own:
        return Decision("")
    word, _, rest = plain_words(own[0]).partition(" ")
    word = word.strip(".:;,!")
    for verb, words in (("accept", _ACCEPT), ("reject", _REJECT), ("discard", _DISCARD)):
        if word in words:
            return Decision(verb, own[0].partition(" ")[2].strip() if rest else "")
    return Decision("")


def decide(
    session: Session,
    mailing_list: MailingList,
    token: str,
    submission: Submission,
    now: datetime,
    secret_key: str,
) -> str:
    """Do what a moderator's reply says; the caller commits.

    The token must be ours, its account must moderate the list still, and the message must wait.

    Returns:
        What was done, for the log of incoming mail: the verb, or why nothing was.
    """
    named = read_token(token, secret_key)
    held = session.get(HeldMessage, named[0]) if named else None
    account = session.get(Account, named[1]) if named else None
    if held is None or account is None or held.mailing_list_id != mailing_list.id:
        return "unknown-token"
    roles = roles_of(session, account.id, mailing_list.id)
    if not account.is_admin and not roles & {"moderator", "owner"}:
        return "not-a-moderator"
    decision = read_decision(submission)
    try:
        if decision.verb == "accept":
            moderation.accept(session, held, now, account=account)
        elif decision.verb == "reject":
            moderation.reject(session, held, now, account=account, reason=decision.reason)
        elif decision.verb == "discard":
            moderation.discard(session, held, now, account=account, reason=decision.reason)
    except AlreadyDecided:
        return "already-decided"
    return decision.verb or "no-decision"


def _digest(named: str, secret_key: str) -> str:
    keyed = hmac.new(secret_key.encode(), f"moderate:{named}".encode(), hashlib.sha256)
    return keyed.hexdigest()[:_DIGEST_LENGTH]
