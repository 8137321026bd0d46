"""Everything that the site holds of a person goes along with them."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import pytest
from sqlalchemy.orm import Session

import forum.storage
from forum.operations import curation_authors, erasure_requests
from forum.operations.curation_authors import report
from forum.operations.person_export import LEFT_OUT, PARTS, document_of, messages_of
from forum.operations.posting import Posted
from forum.operations.reading_marks import open_list
from forum.operations.synthesis import write_synthesis
from forum.operations.writing import write_post
from forum.storage.archive import Post
from forum.storage.base import Base
from forum.storage.people import Account
from forum.storage.reading_marks import ThreadMark
from forum.storage.sending import BounceStanding
from tests.factories import START, Make

SITE = "http://forum.example.org"
PERSON = ("author", "account", "address", "subscription")


def test_every_column_that_leads_to_a_person_is_exported_or_excused_with_a_reason() -> None:
    for module in pkgutil.iter_modules(forum.storage.__path__, "forum.storage."):
        importlib.import_module(module.name)
    leading = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in PERSON
    }
    exported = {f"{column.class_.__tablename__}.{column.key}" for column in PARTS.values()}
    assert exported | set(LEFT_OUT) == leading
    assert exported & set(LEFT_OUT) == set()
    assert all(LEFT_OUT.values())


@pytest.fixture
def awa(make: Make) -> Account:
    """Somebody who wrote, changed, read, reported, summed up, and asked to be forgotten."""
    session, ancrage = make.session, make.mailing_list()
    account = make.account("awa@example.org", name="Awa Ndiaye")
    subscription = make.subscriber(ancrage, "awa@example.org")
    written = write_post(
        session, ancrage, account, subject_line="Marché", text="Le marché a lieu samedi.",
        now=START, max_bytes=10**6,
    )  # fmt: skip
    assert isinstance(written, Posted)
    own = session.get_one(Post, written.post_id)
    curation_authors.edit(
        session, own, account, "Le marché a lieu dimanche.", START, max_bytes=10**6
    )
    other = make.post(ancrage, author="Luc <luc@example.net>", subject="Le verger", mail_out=True)
    report(session, other, account, "Une adresse privée", START)
    write_synthesis(session, own.thread, "fr", "Rendez-vous dimanche.", START, account)
    open_list(session, account, ancrage.id)
    session.add(ThreadMark(account_id=account.id, thread_id=other.thread_id, post_id=other.id))
    session.add(BounceStanding(subscription_id=subscription.id, last_reply="550 no such user"))
    erasure_requests.ask(session, account, START, "")
    session.flush()
    return account


def test_the_document_tells_what_a_person_did_and_what_was_sent_to_them(
    session: Session, awa: Account
) -> None:
    document: dict[str, Any] = json.loads(json.dumps(document_of(session, awa.author, SITE)))
    assert [one["reason"] for one in document["reports_made"]] == ["Une adresse privée"]
    assert [one["text"] for one in document["syntheses_written"]] == ["Rendez-vous dimanche."]
    assert [one["last_reply"] for one in document["mail_that_came_back"]] == ["550 no such user"]
    for part in (
        "mails_of_posts_sent_to",
        "changes_of_own_posts",
        "lists_read",
        "threads_read",
        "erasure_requests",
        "subscriptions",
        "decisions_taken",
    ):
        assert len(document[part]) >= 1, part
    assert "token" not in document["subscriptions"][0]


def test_both_texts_of_a_changed_post_are_in_the_mailbox(session: Session, awa: Account) -> None:
    packed = b"".join(messages_of(session, awa.author, SITE))
    assert b"samedi" in packed
    assert b"dimanche" in packed


def test_of_another_person_nothing_is_told(session: Session, make: Make, awa: Account) -> None:
    document = document_of(session, make.account("pia@example.net", name="Pia").author, SITE)
    assert [name for name in PARTS if document[name]] == []
