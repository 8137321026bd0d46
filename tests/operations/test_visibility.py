"""Who may read what: one predicate, asked as anonymous, stranger, subscriber and moderator."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forum.operations.lists import grant_role
from forum.storage.archive import PostState
from forum.storage.visibility import (
    ANONYMOUS,
    Reader,
    find_list,
    find_post,
    find_thread,
    may_fetch_bytes,
    may_moderate,
    moderated_list_ids,
    visible_list_ids,
)
from tests.factories import START, Make


def test_a_private_list_is_there_for_its_own_people_alone(session: Session, make: Make) -> None:
    private = make.mailing_list("prive", visibility="private")
    post = make.post(private)
    make.subscriber(private, "member@example.org")
    readers = {
        "anonymous": ANONYMOUS,
        "stranger": Reader.of(make.account("stranger@example.org")),
        "subscriber": Reader.of(make.account("member@example.org")),
        "moderator": Reader.of(make.moderator(private, "mod@example.org")),
        "administrator": Reader.of(make.account("admin@example.org", is_admin=True)),
    }
    for name, reader in readers.items():
        inside = name not in ("anonymous", "stranger")
        assert (find_list(session, reader, "prive") is not None) is inside, name
        assert (find_thread(session, reader, post.thread_id) is not None) is inside, name
        assert (find_post(session, reader, post.id) is not None) is inside, name
        assert (private.id in visible_list_ids(session, reader)) is inside, name
        assert may_fetch_bytes(session, reader, private.id) is inside, name
        assert may_moderate(session, reader, private.id) is (
            name in ("moderator", "administrator")
        ), name


def test_bytes_of_a_public_list_are_for_those_who_belong_to_it(
    session: Session, make: Make
) -> None:
    public = make.mailing_list()
    make.subscriber(public, "member@example.org")
    stranger = Reader.of(make.account("stranger@example.org"))
    member = Reader.of(make.account("member@example.org"))
    assert find_list(session, ANONYMOUS, "ancrage") is public
    assert not may_fetch_bytes(session, ANONYMOUS, public.id)
    assert not may_fetch_bytes(session, stranger, public.id)
    assert may_fetch_bytes(session, member, public.id)


def test_a_subscription_of_an_address_nobody_confirmed_opens_nothing(
    session: Session, make: Make
) -> None:
    private = make.mailing_list("prive", visibility="private")
    account = make.account("member@example.org")
    other = make.subscriber(private, "claimed@example.org", confirmed=False)
    other.address.author = account.author
    session.flush()
    assert find_list(session, Reader.of(account), "prive") is None


def test_a_hidden_post_is_seen_by_moderators_alone(session: Session, make: Make) -> None:
    public = make.mailing_list()
    post = make.post(public)
    post.state = PostState.HIDDEN
    moderator = make.moderator(public)
    assert find_post(session, ANONYMOUS, post.id) is None
    assert find_post(session, Reader.of(moderator), post.id) is post


def test_a_translator_moderates_nothing(session: Session, make: Make) -> None:
    public = make.mailing_list()
    account = make.account()
    grant_role(session, public, account, "translator", START)
    assert moderated_list_ids(session, Reader.of(account)) == frozenset()
