"""Everything the site holds about one person: a JSON document, and their messages as mbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from forum.domain.mbox import mbox_entry
from forum.operations.raw import load_raw
from forum.storage.archive import Post, RawMessage
from forum.storage.audit import AuditEntry
from forum.storage.base import Base
from forum.storage.choices import Invitation, ThreadSubscription
from forum.storage.drafts import Draft
from forum.storage.lists import RoleGrant
from forum.storage.mail import HeldMessage, Incoming, Notice
from forum.storage.people import ApiToken, Author, Subscription, Token
from forum.storage.rules import SenderFlag
from forum.storage.saved_searches import SavedSearch

_SECRET = frozenset({"token", "digest", "password_hash", "session_key", "params", "html"})
"""Columns that open something, or that are derived from the messages in the mbox."""


def document_of(session: Session, author: Author) -> dict[str, Any]:
    """What is known of a person, ready for JSON."""
    emails = [address.email for address in author.addresses]
    address_ids = [address.id for address in author.addresses]
    account = author.account
    rows: dict[str, Any] = {
        "subscriptions": select(Subscription).where(Subscription.address_id.in_(address_ids)),
        "threads_followed_or_muted": select(ThreadSubscription).where(
            ThreadSubscription.author_id == author.id
        ),
        "posts": select(Post).where(Post.author_id == author.id).order_by(Post.date, Post.id),
        "held_messages": select(HeldMessage).where(HeldMessage.author_id == author.id),
        "mails_received_from": select(Incoming).where(Incoming.author_email.in_(emails)),
        "mails_sent_to": select(Notice).where(Notice.recipient.in_(emails)),
        "invitations": select(Invitation).where(Invitation.email.in_(emails)),
        "links_sent": select(Token).where(Token.email.in_(emails)),
        "decisions_about": select(SenderFlag).where(SenderFlag.author_id == author.id),
    }
    if account is not None:
        rows |= {
            "roles": select(RoleGrant).where(RoleGrant.account_id == account.id),
            "api_tokens": select(ApiToken).where(ApiToken.account_id == account.id),
            "drafts": select(Draft).where(Draft.account_id == account.id),
            "saved_searches": select(SavedSearch).where(SavedSearch.account_id == account.id),
            "decisions_taken": select(AuditEntry).where(AuditEntry.account_id == account.id),
        }
    return {
        "name": author.name,
        "addresses": [_plain(address) for address in author.addresses],
        "account": _plain(account) if account is not None else None,
        **{name: [_plain(row) for row in session.scalars(query)] for name, query in rows.items()},
    }


def messages_of(session: Session, author: Author) -> Iterator[bytes]:
    """The messages a person wrote, as entries of an mbox, oldest first; each once."""
    emails = [address.email for address in author.addresses]
    times: dict[int, datetime] = {}
    queries = (
        select(Post.raw_id, Post.arrived_at).where(Post.author_id == author.id),
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
            yield mbox_entry(raw, at)


def _plain(row: Base) -> dict[str, Any]:
    """The columns of a row, without secrets and without what others wrote."""
    found: dict[str, Any] = {}
    for column in inspect(type(row)).column_attrs:
        if column.key in _SECRET or column.key.endswith("_html"):
            continue
        value = getattr(row, column.key)
        found[column.key] = value.isoformat() if isinstance(value, datetime) else value
    return found
