"""Everything the site holds about one person: a JSON document, and their messages as mbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forum.domain.masking import redact_own_tokens
from forum.domain.mbox import mbox_entry
from forum.domain.redacting import redacted_piece
from forum.operations.raw import load_raw
from forum.storage.archive import Post, RawMessage
from forum.storage.audit import AuditEntry
from forum.storage.base import Base
from forum.storage.choices import Invitation, ThreadSubscription
from forum.storage.curation import PostReport, PostRevision
from forum.storage.drafts import Draft
from forum.storage.lists import RoleGrant
from forum.storage.mail import (
    Delivery,
    DigestDelivery,
    DigestItem,
    HeldMessage,
    Incoming,
    Notice,
)
from forum.storage.people import Author, Subscription
from forum.storage.privacy import ErasureRequest
from forum.storage.reading_marks import ListMark, ThreadMark
from forum.storage.rules import SenderFlag
from forum.storage.saved_searches import SavedSearch
from forum.storage.sending import BounceStanding
from forum.storage.synthesis import SynthesisVersion
from forum.storage.tokens import ApiToken, Token
from forum.storage.translations import PostTranslation

_SECRET: Final = frozenset(
    {"token", "probe_token", "digest", "password_hash", "session_key", "params", "html"}
)
"""Columns that open something, or that are derived from the messages in the mbox."""

PARTS: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "subscriptions": Subscription.address_id,
    "mails_of_posts_sent_to": Delivery.subscription_id,
    "digests_sent_to": DigestDelivery.subscription_id,
    "posts_in_digests": DigestItem.subscription_id,
    "mail_that_came_back": BounceStanding.subscription_id,
    "threads_followed_or_muted": ThreadSubscription.author_id,
    "posts": Post.author_id,
    "held_messages": HeldMessage.author_id,
    "decisions_about": SenderFlag.author_id,
    "changes_of_own_posts": PostRevision.account_id,
    "syntheses_written": SynthesisVersion.account_id,
    "translations_written": PostTranslation.account_id,
    "reports_made": PostReport.account_id,
    "lists_read": ListMark.account_id,
    "threads_read": ThreadMark.account_id,
    "erasure_requests": ErasureRequest.account_id,
    "invitations_sent": Invitation.invited_by_id,
    "roles": RoleGrant.account_id,
    "api_tokens": ApiToken.account_id,
    "drafts": Draft.account_id,
    "saved_searches": SavedSearch.account_id,
    "decisions_taken": AuditEntry.account_id,
}
"""What the document lists, by the column that leads to the person."""

_A_DECISION: Final = "the decision itself stands among `decisions_taken`"
LEFT_OUT: Final[Mapping[str, str]] = {
    "address.author_id": "the document begins with the addresses",
    "account.author_id": "the document begins with the account",
    "erasure.author_id": "who was erased has no account, no address and no name here any more",
    "held_claim.account_id": "it lapses after five minutes",
    "held_message.decided_by_id": _A_DECISION,
    "post_report.settled_by_id": _A_DECISION,
    "erasure_request.decided_by_id": _A_DECISION,
    "sender_flag.set_by_id": _A_DECISION,
    "mirror_notice.closed_by_id": _A_DECISION,
    "removed_message.account_id": _A_DECISION,
}
"""Columns that lead to a person too and need no part of their own, and why."""


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Takes the secrets of our own mails out: who has the file must not open what they open."""

    site_url: str

    def knows(self, text: str) -> bool:
        """No address goes as a whole."""
        return False

    def author_of(self, address: str) -> int | None:
        """Nobody's pseudonym takes the place of an address."""
        return None

    def text(self, text: str, *, everywhere: bool, own: bool = False) -> str:
        """A text without them."""
        return redact_own_tokens(text, self.site_url)

    def value(self, value: Any) -> Any:
        """A value for JSON without them."""
        if isinstance(value, str):
            return redact_own_tokens(value, self.site_url)
        if isinstance(value, Mapping):
            return {name: self.value(one) for name, one in value.items()}
        return [self.value(one) for one in value] if isinstance(value, list) else value


def document_of(session: Session, author: Author, site_url: str) -> dict[str, Any]:
    """What is known of a person, ready for JSON; without secrets.

    Args:
        site_url: Of the addresses in our mails that hold one, without a slash at its end.
    """
    emails = [address.email for address in author.addresses]
    account = author.account
    rows: dict[str, Any] = {
        **_parts(session, author),
        "mails_received_from": select(Incoming).where(Incoming.author_email.in_(emails)),
        "mails_sent_to": select(Notice).where(Notice.recipient.in_(emails)),
        "invitations": select(Invitation).where(Invitation.email.in_(emails)),
        "links_sent": select(Token).where(Token.email.in_(emails)),
    }
    found = {
        "name": author.name,
        "addresses": [_plain(address) for address in author.addresses],
        "account": _plain(account) if account is not None else None,
        **{name: [_plain(row) for row in session.scalars(query)] for name, query in rows.items()},
    }
    without: dict[str, Any] = _Tokens(site_url).value(found)
    return without


def _parts(session: Session, author: Author) -> dict[str, Select[Any]]:
    addresses = [address.id for address in author.addresses]
    subscriptions = select(Subscription.id).where(Subscription.address_id.in_(addresses))
    keys = {
        "author": [author.id],
        "account": [author.account.id] if author.account is not None else [],
        "address": addresses,
        "subscription": list(session.scalars(subscriptions)),
    }
    return {
        name: select(column.class_)
        .where(column.in_(keys[leads_to(column)]))
        .order_by(*inspect(column.class_).primary_key)
        for name, column in PARTS.items()
    }


def leads_to(column: InstrumentedAttribute[Any]) -> str:
    """The table that a column refers to."""
    (key,) = inspect(column.class_).c[column.key].foreign_keys
    return str(key.column.table.name)


def messages_of(session: Session, author: Author, site_url: str) -> Iterator[bytes]:
    """The messages a person wrote, as entries of an mbox, oldest first; each once.

    As they came, but for secrets of our mails to which they answered, or which they quote.

    Args:
        site_url: As of `document_of`.
    """
    tokens = _Tokens(site_url)
    emails = [address.email for address in author.addresses]
    times: dict[int, datetime] = {}
    queries = (
        select(Post.raw_id, Post.arrived_at).where(Post.author_id == author.id),
        select(PostRevision.raw_id, PostRevision.edited_at)
        .join(Post, Post.id == PostRevision.post_id)
        .where(Post.author_id == author.id),
        select(HeldMessage.raw_id, HeldMessage.held_at).where(HeldMessage.author_id == author.id),
        select(Incoming.raw_id, Incoming.received_at).where(Incoming.author_email.in_(emails)),
    )
    for query in queries:
        for raw_id, at in session.execute(query):
            if raw_id is not None:
                times.setdefault(raw_id, at)
    for raw_id, at in sorted(times.items(), key=lambda one: (one[1], one[0])):
        raw = load_raw(session.get_one(RawMessage, raw_id))
        if raw:
            yield mbox_entry(redacted_piece(raw, tokens), at)


def _plain(row: Base) -> dict[str, Any]:
    """The columns of a row, without secrets and without what others wrote."""
    found: dict[str, Any] = {}
    for column in inspect(type(row)).column_attrs:
        if column.key in _SECRET or column.key.endswith("_html"):
            continue
        value = getattr(row, column.key)
        found[column.key] = value.isoformat() if isinstance(value, datetime) else value
    return found
