"""Authors change and withdraw their own posts; readers report others'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.rules import ListRules, PersonFlag, Reason
from forum.operations import curation_authors
from forum.operations.accounts import set_held_mail
from forum.operations.curation import Refused
from forum.operations.curation_authors import NotTaken, report, settle_report, texts_of
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import undo
from forum.operations.deriving import basis_of, derive, differs
from forum.operations.posting import Posted
from forum.operations.raw import load_raw, newest_raw
from forum.operations.ruling import flag_sender, set_rules
from forum.operations.telling_moderators import NOTICES_AN_HOUR
from forum.operations.writing import write_post
from forum.storage.archive import MessageLink, Post, RawMessage, ThreadState
from forum.storage.audit import AuditEntry
from forum.storage.curation import PostReport, PostRevision
from forum.storage.lists import Posting
from forum.storage.mail import Delivery, IndexQueue, Notice, SendState
from forum.storage.people import Account
from tests.factories import START, Make

SOON = START + timedelta(minutes=29)
LATE = START + timedelta(minutes=31)
edit = partial(curation_authors.edit, max_bytes=10**6)
FIRST = "Le marché de printemps aura lieu samedi matin devant la mairie."
SECOND = "Le marché de printemps aura lieu **dimanche** matin devant la mairie."


@pytest.fixture
def author(make: Make) -> Account:
    return make.account("awa@example.org", name="Awa Ndiaye")


@pytest.fixture
def post(make: Make, author: Account) -> Post:
    """A post of the web, which two subscribers get."""
    mailing_list = make.mailing_list()
    make.subscriber(mailing_list, "awa@example.org")
    make.subscriber(mailing_list, "luc@example.net")
    outcome = write_post(
        make.session, mailing_list, author, subject_line="Marché", text=FIRST, now=START,
        max_bytes=10**6,
    )  # fmt: skip
    assert isinstance(outcome, Posted)
    make.session.query(IndexQueue).delete()
    return make.session.get_one(Post, outcome.post_id)


def text_of(post: Post) -> str:
    return "".join(segment.text for segment in post.segments)


def test_the_new_text_is_shown_and_the_first_bytes_stay(
    session: Session, post: Post, author: Account
) -> None:
    assert post.raw is not None
    first, digest = load_raw(post.raw), post.content_digest
    entry = edit(session, post, author, SECOND, SOON)
    assert "<strong>dimanche</strong>" in post.html
    assert "dimanche" in text_of(post)
    assert "dimanche" in post.excerpt
    assert load_raw(post.raw) == first
    assert (post.content_digest, post.corrections) == (digest, 1)
    assert (entry.action, entry.account_id) == ("edit", author.id)
    assert [text.strip() for _, text in texts_of(session, post)] == [FIRST, SECOND]
    assert post.id in session.scalars(select(IndexQueue.post_id)).all()


def test_a_rebuild_keeps_it(session: Session, post: Post, author: Account) -> None:
    edit(session, post, author, SECOND, SOON)
    basis = basis_of(session, post)
    assert basis is not None
    assert not differs(post, derive(basis))


def test_it_is_mailed_again_only_if_asked(session: Session, post: Post, author: Account) -> None:
    delivery = session.scalars(select(Delivery)).one()
    delivery.state = SendState.SENT
    session.flush()
    edit(session, post, author, SECOND, SOON)
    session.refresh(delivery)
    assert delivery.state == SendState.SENT
    edit(session, post, author, SECOND + " Venez.", SOON, mail_again=True)
    session.refresh(delivery)
    assert (delivery.state, delivery.due_at) == (SendState.QUEUED, SOON)


def test_what_is_mailed_is_the_newest_text_under_an_id_that_answers_find(
    session: Session, post: Post, author: Account
) -> None:
    edit(session, post, author, SECOND, SOON)
    newest = newest_raw(session, post)
    assert newest is not None
    raw = load_raw(newest)
    assert b"dimanche" in raw
    revision = session.scalars(select(PostRevision)).one()
    assert f"Message-ID: <{revision.message_id}>".encode() in raw
    assert f"In-Reply-To: <{post.message_id}>".encode() in raw
    link = session.get(MessageLink, (post.mailing_list_id, revision.message_id))
    assert link is not None
    assert link.post_id == post.id


def test_after_half_an_hour_it_is_too_late(session: Session, post: Post, author: Account) -> None:
    with pytest.raises(Refused) as refused:
        edit(session, post, author, SECOND, LATE)
    assert refused.value.refusal == Refusal.TOO_LATE
    assert text_of(post).strip() == FIRST


def test_only_the_author_may(session: Session, make: Make, post: Post) -> None:
    with pytest.raises(Refused) as refused:
        edit(session, post, make.moderator(post.mailing_list), SECOND, SOON)
    assert refused.value.refusal == Refusal.NOT_THE_AUTHOR


def test_the_same_text_changes_nothing(session: Session, post: Post, author: Account) -> None:
    with pytest.raises(Refused) as refused:
        edit(session, post, author, f"{FIRST}\n", SOON)
    assert refused.value.refusal == Refusal.NOTHING_CHANGES


def test_a_change_is_no_decision_to_be_undone(
    session: Session, post: Post, author: Account
) -> None:
    entry = edit(session, post, author, SECOND, SOON)
    with pytest.raises(Refused) as refused:
        undo(session, entry.id, SOON)
    assert refused.value.refusal == Refusal.NOT_UNDOABLE


def test_removing_takes_all_texts(session: Session, post: Post, author: Account) -> None:
    edit(session, post, author, SECOND, SOON)
    remove(session, post, LATE, reason="À la demande de son autrice")
    assert session.scalars(select(PostRevision)).all() == []
    assert session.scalars(select(RawMessage)).all() == []


def test_a_report_waits_until_a_moderator_settles_it(
    session: Session, make: Make, post: Post
) -> None:
    reader = make.account("luc@example.net")
    moderator = make.moderator(post.mailing_list)
    report(session, post, reader, "Une adresse privée", SOON)
    report(session, post, reader, " Une adresse privée, ligne 2 ", LATE)
    found = session.scalars(select(PostReport)).one()
    assert (found.reason, found.settled_at) == ("Une adresse privée, ligne 2", None)
    settle_report(session, found, moderator, LATE)
    settle_report(session, found, make.moderator(post.mailing_list), LATE)
    assert found.settled_by_id == moderator.id
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "settle")).all()
    assert actions == ["settle"]


def test_moderators_are_mailed_a_report_at_once_and_in_their_language(
    session: Session, make: Make, post: Post
) -> None:
    make.moderator(post.mailing_list, "marta@example.net", language="es")
    daily = make.moderator(post.mailing_list, "paul@example.net")
    set_held_mail(session, daily, "daily", START)
    reader = make.moderator(post.mailing_list, "luc@example.net", name="Luc")
    for _ in range(2):
        report(session, post, reader, "Une adresse privée", SOON)
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.recipient, told.language) == ("reported", "marta@example.net", "es")
    assert told.params == {
        "subject": "Marché", "author": "Awa Ndiaye", "reason": "Une adresse privée",
        "post_id": str(post.id), "by": "Luc",
    }  # fmt: skip
    report(session, post, reader, "Et une rumeur", LATE)
    assert len(session.scalars(select(Notice)).all()) == 2


def test_in_a_flood_of_reports_the_queue_alone_tells(
    session: Session, make: Make, post: Post
) -> None:
    make.moderator(post.mailing_list)
    for number in range(NOTICES_AN_HOUR + 1):
        report(session, post, make.account(), f"Raison {number}", SOON)
    assert len(session.scalars(select(Notice)).all()) == NOTICES_AN_HOUR


def test_a_report_needs_a_reason(session: Session, make: Make, post: Post) -> None:
    with pytest.raises(Refused):
        report(session, post, make.account(), "  ", SOON)


def moderate(make: Make, post: Post) -> None:
    post.mailing_list.posting = Posting.MODERATED


def close(make: Make, post: Post) -> None:
    post.thread.state = ThreadState.CLOSED


def hold_author(make: Make, post: Post) -> None:
    flag(make, post, PersonFlag.HOLD)


def ban_author(make: Make, post: Post) -> None:
    flag(make, post, PersonFlag.BANNED)


def look_at_first_posts(make: Make, post: Post) -> None:
    set_rules(make.session, post.mailing_list, ListRules(first_post=True), START)


def allow_no_links(make: Make, post: Post) -> None:
    set_rules(make.session, post.mailing_list, ListRules(max_links=0), START)


def watch_a_word(make: Make, post: Post) -> None:
    set_rules(make.session, post.mailing_list, ListRules(words=("casino",)), START)


def use_spanish_only(make: Make, post: Post) -> None:
    set_rules(make.session, post.mailing_list, ListRules(languages=("es",)), START)


def limit_size(make: Make, post: Post) -> None:
    set_rules(make.session, post.mailing_list, ListRules(max_bytes=900), START)


def flag(make: Make, post: Post, flag: PersonFlag) -> None:
    flag_sender(make.session, post.author_id, flag, START, mailing_list=post.mailing_list)


@pytest.mark.parametrize(
    ("prepare", "reason", "would_wait"),
    [
        (moderate, Reason.MODERATED_LIST, True),
        (close, Reason.CLOSED_THREAD, True),
        (hold_author, Reason.HELD_ALWAYS, True),
        (ban_author, Reason.BANNED, False),
        (look_at_first_posts, Reason.FIRST_POST, True),
        (allow_no_links, Reason.LINKS, True),
        (watch_a_word, Reason.WORDS, True),
        (use_spanish_only, Reason.LANGUAGE, True),
        (limit_size, Reason.TOO_LARGE, False),
    ],
)
def test_a_change_meets_the_rules_of_the_list_and_passes_none(
    session: Session, make: Make, post: Post, author: Account,
    prepare: Callable[[Make, Post], None], reason: Reason, would_wait: bool,
) -> None:  # fmt: skip
    delivery = session.scalars(select(Delivery)).one()
    delivery.state = SendState.SENT
    prepare(make, post)
    text = f"{SECOND} Le casino ouvre : https://casino.example.net/ est son adresse. " * 3
    with pytest.raises(NotTaken) as not_taken:
        edit(session, post, author, text, SOON, mail_again=True)
    assert not_taken.value.reasons == (reason,)
    assert not_taken.value.would_wait is would_wait
    assert (text_of(post).strip(), post.corrections) == (FIRST, 0)
    assert delivery.state == SendState.SENT


def test_a_changed_text_is_mailed_once(session: Session, post: Post, author: Account) -> None:
    edit(session, post, author, SECOND, SOON, mail_again=True)
    with pytest.raises(Refused) as refused:
        edit(session, post, author, f"{SECOND} Venez.", SOON, mail_again=True)
    assert refused.value.refusal == Refusal.MAILED_AGAIN
    edit(session, post, author, f"{SECOND} Venez.", SOON)
    assert "Venez" in text_of(post)
