"""A moderator takes back a repair of wrongly decoded text, and makes it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.repairs import NoRepairs, can_redo, can_undo, redo_repairs, undo_repairs
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.mail import IndexQueue
from tests.factories import START, Make

LATER = START + timedelta(days=9)
WRONG = "Le marchÃ© de printemps aura lieu Ã  la mairie, dâ€™aprÃ¨s le compte rendu dâ€™hier."
RIGHT = "Le marché de printemps aura lieu à la mairie, d’après le compte rendu d’hier."


@pytest.fixture
def post(make: Make) -> Post:
    return make.post(make.mailing_list(), subject="RÃ©union de printemps", text=f"{WRONG}\n")


def text_of(post: Post) -> str:
    return "".join(segment.text for segment in post.segments).strip()


def test_repairs_are_recorded_with_their_part(post: Post) -> None:
    assert text_of(post) == RIGHT
    assert {repair.partition(":")[0] for repair in post.repairs} == {"subject", "body"}
    assert can_undo(post)
    assert not can_redo(post)


def test_a_repair_is_taken_back_and_made_again(post: Post, make: Make, session: Session) -> None:
    account = make.moderator(post.mailing_list)
    entry = undo_repairs(session, post, account, LATER)
    assert text_of(post) == WRONG
    assert "marchÃ©" in post.html
    assert (post.subject, post.thread.subject) == ("RÃ©union de printemps",) * 2
    assert (entry.action, entry.target, entry.account) == (
        "undo-repairs", f"post {post.id}", account,
    )  # fmt: skip
    redo_repairs(session, post, account, LATER)
    assert text_of(post) == RIGHT
    assert (post.subject, post.thread.subject) == ("Réunion de printemps",) * 2
    assert can_undo(post)
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.target == f"post {post.id}")
    ).all()
    assert actions == ["undo-repairs", "redo-repairs"]


def test_the_search_follows(post: Post, make: Make, session: Session) -> None:
    session.query(IndexQueue).delete()
    undo_repairs(session, post, None, LATER)
    assert session.scalars(select(IndexQueue.post_id)).all() == [post.id]


def test_a_threads_own_title_stays(post: Post, session: Session) -> None:
    post.thread.subject = "Le printemps"
    undo_repairs(session, post, None, LATER)
    assert post.thread.subject == "Le printemps"


def test_what_was_not_repaired_cannot_be_taken_back(make: Make, session: Session) -> None:
    clean = make.post(make.mailing_list())
    with pytest.raises(NoRepairs):
        undo_repairs(session, clean, None, LATER)
    with pytest.raises(NoRepairs):
        redo_repairs(session, clean, None, LATER)


def test_it_is_not_taken_back_twice(post: Post, session: Session) -> None:
    undo_repairs(session, post, None, LATER)
    with pytest.raises(NoRepairs):
        undo_repairs(session, post, None, LATER)


def test_without_the_bytes_nothing_can_be_done(post: Post, session: Session) -> None:
    post.raw = None
    with pytest.raises(NoRepairs):
        undo_repairs(session, post, None, LATER)
    assert text_of(post) == RIGHT
