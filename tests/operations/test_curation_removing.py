"""Removing a post for good: nothing of it can be had any more, and no copy comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.curation import Refused
from forum.operations.curation_moving import move
from forum.operations.curation_posts import restore
from forum.operations.curation_removing import remove
from forum.operations.curation_threads import retitle
from forum.operations.curation_undoing import undo
from forum.operations.posting import Duplicate, Posted, post
from forum.operations.raw import load_raw, store_raw
from forum.operations.rebuilding import settle_threads
from forum.storage.archive import (
    Post,
    PostAttachment,
    PostSegment,
    PostState,
    RawMessage,
    Thread,
)
from forum.storage.curation import RemovedMessage
from forum.storage.mail import (
    Delivery,
    DigestItem,
    HeldMessage,
    HeldState,
    Incoming,
    IncomingState,
    IndexQueue,
)
from tests.erased import everything
from tests.factories import START, Make, mail
from tests.operations.test_curation import Talk

LATER = START + timedelta(days=30)
WHY = "Adresse privée d'une autre personne"
SECRET = "demeure au douze rue des Lilas"


@pytest.fixture
def talk(make: Make) -> Talk:
    """A thread `a .b ..c` in which b tells too much; `b` came by mail."""
    talk = Talk(make, make.mailing_list())
    make.subscriber(talk.mailing_list, "awa@example.org")
    make.subscriber(talk.mailing_list, "luc@example.net")
    make.subscriber(talk.mailing_list, "ines@example.net", delivery="daily")
    talk.say("a")
    post(
        talk.session, talk.mailing_list, parse(DOXX, LATER), LATER, max_bytes=10**6,
        source=Source.EMAIL,
    )  # fmt: skip
    talk.say("c", "a", "b")
    make.commit()
    return talk


DOXX = mail(
    subject="Re: Où habite-t-il",
    text=f"Notre voisin {SECRET}, allez-y nombreux et bruyamment.\n",
    message_id="b@example.org",
    references="a@example.org",
    date=START + timedelta(hours=2),
)


def test_words_and_bytes_are_gone_and_answers_stay(talk: Talk, session: Session) -> None:
    gone = talk.post("b")
    raw_id, digest = gone.raw_id, gone.content_digest
    assert SECRET in everything(session)
    entry = remove(session, gone, LATER, reason=WHY)
    assert SECRET not in everything(session)
    assert "Où habite-t-il" not in everything(session)
    assert digest not in everything(session)
    assert session.get(RawMessage, raw_id) is None
    assert (gone.state, gone.raw_id, gone.subject) == (PostState.REMOVED, None, "")
    assert talk.drawn() == {"a .b ..c"}
    assert (entry.action, entry.details) == ("remove", {"reason": WHY})
    kept = session.scalars(select(RemovedMessage)).one()
    assert (kept.post_id, kept.reason) == (gone.id, WHY)
    for table in (PostSegment, PostAttachment, Delivery, DigestItem):
        count = select(func.count()).select_from(table).where(table.post_id == gone.id)
        assert session.scalar(count) == 0
    assert gone.id in session.scalars(select(IndexQueue.post_id)).all()
    assert talk.thread("a").post_count == 2


def test_it_cannot_be_undone_or_shown_again(talk: Talk, session: Session) -> None:
    entry = remove(session, talk.post("b"), LATER, reason=WHY)
    with pytest.raises(Refused) as refused:
        undo(session, entry.id, LATER)
    assert refused.value.refusal == Refusal.NOT_UNDOABLE
    for again in (
        lambda: restore(session, talk.post("b"), LATER),
        lambda: remove(session, talk.post("b"), LATER, reason=WHY),
    ):
        with pytest.raises(Refused) as refused:
            again()
        assert refused.value.refusal == Refusal.IS_REMOVED


def test_a_reason_is_needed(talk: Talk, session: Session) -> None:
    with pytest.raises(Refused) as refused:
        remove(session, talk.post("b"), LATER, reason="  ")
    assert refused.value.refusal == Refusal.NO_REASON


def test_another_copy_is_refused_and_its_bytes_are_not_kept(talk: Talk, session: Session) -> None:
    gone = talk.post("b")
    remove(session, gone, LATER, reason=WHY)
    copy = DOXX.replace(b"MIME-Version", b"X-Trace: 1\nMIME-Version")
    row = store_raw(session, copy)
    session.add(
        Incoming(
            raw_id=row.id, reverse_path="", forward_path="ancrage@lists.example.org",
            received_at=LATER, state=IncomingState.RECEIVED, subject="Re: Où habite-t-il",
        )
    )  # fmt: skip
    session.flush()
    outcome = post(
        session, talk.mailing_list, parse(copy, LATER), LATER, max_bytes=10**6, source=Source.EMAIL
    )
    assert outcome == Duplicate(gone.id)
    assert SECRET not in everything(session)
    assert "Où habite-t-il" not in everything(session)
    assert (row.size, load_raw(row)) == (0, b"")


def test_the_log_of_what_came_in_stays_without_bytes(talk: Talk, session: Session) -> None:
    gone = talk.post("b")
    assert gone.raw_id is not None
    incoming = Incoming(
        raw_id=gone.raw_id, reverse_path="", forward_path="ancrage@lists.example.org",
        received_at=LATER, state=IncomingState.POSTED, post_id=gone.id, subject=gone.subject,
    )  # fmt: skip
    session.add(incoming)
    session.flush()
    remove(session, gone, LATER, reason=WHY)
    session.refresh(incoming)
    assert (incoming.subject, load_raw(incoming.raw)) == ("", b"")


def test_bytes_that_another_post_uses_stay(talk: Talk, make: Make, session: Session) -> None:
    gone, other = talk.post("b"), make.mailing_list("autre", posting="open")
    outcome = post(session, other, parse(DOXX, LATER), LATER, max_bytes=10**6, source=Source.EMAIL)
    assert isinstance(outcome, Posted)
    remove(session, gone, LATER, reason=WHY)
    kept = session.get_one(Post, outcome.post_id)
    assert kept.raw is not None
    assert SECRET.encode() in load_raw(kept.raw)


def test_copies_that_wait_for_a_moderator_are_refused(talk: Talk, session: Session) -> None:
    gone = talk.post("b")
    held = HeldMessage(
        mailing_list_id=talk.mailing_list.id, raw_id=store_raw(session, DOXX + b"\n").id,
        author_id=gone.author_id, author_email="awa@example.org", author_name="Awa",
        subject=gone.subject, content_digest=gone.content_digest, source="email",
        reasons=["stranger"], held_at=LATER,
    )  # fmt: skip
    session.add(held)
    session.flush()
    remove(session, gone, LATER, reason=WHY)
    assert (held.state, held.subject) == (HeldState.DISCARDED, "")
    assert SECRET not in everything(session)


def test_answers_by_subject_alone_stay_in_place(make: Make, session: Session) -> None:
    talk = Talk(make, make.mailing_list())
    talk.say("a", subject="Le bus")
    make.post(talk.mailing_list, subject="Re: Le bus", message_id="b@example.org")
    assert talk.drawn() == {"a .b"}
    remove(session, talk.post("a"), LATER, reason=WHY)
    every = list(session.scalars(select(Thread.id)))
    assert settle_threads(session, talk.mailing_list, every, LATER) == 0
    assert talk.drawn() == {"a .b"}


def test_a_subject_that_nobody_else_bears_goes_too(make: Make, session: Session) -> None:
    talk = Talk(make, make.mailing_list())
    alone = talk.say("a", subject=f"Il {SECRET}")
    entry = retitle(session, alone.thread, "Un voisin", LATER)
    undo(session, entry.id, LATER)
    remove(session, alone, LATER, reason=WHY)
    assert alone.thread.subject == ""
    assert SECRET not in everything(session)


def test_readers_see_a_tombstone_with_who_and_why(
    talk: Talk, make: Make, session: Session, client: FlaskClient
) -> None:
    gone = talk.post("b")
    moderator = make.moderator(talk.mailing_list, name="Inès Haddad")
    remove(session, gone, LATER, moderator, reason=WHY)
    make.commit()
    page = client.get(f"/threads/{gone.thread_id}").text
    assert f'id="post-{gone.id}"' in page
    assert "Inès Haddad" in page
    assert "Adresse privée" in page
    assert client.get(f"/posts/{gone.id}").status_code == 302
    assert client.get("/message/b@example.org").status_code == 302
    for address in (
        f"/posts/{gone.id}/citation.bib",
        f"/api/v1/posts/{gone.id}",
        f"/posts/{gone.id}/attachments/0/x.txt",
    ):
        assert client.get(address).status_code == 404, address
    document = client.get(f"/api/v1/threads/{gone.thread_id}").json
    assert document is not None
    assert [one["id"] for one in document["posts"]] == [talk.post("a").id, talk.post("c").id]


def test_a_copy_in_the_list_it_was_moved_from_is_refused_too(
    talk: Talk, make: Make, session: Session
) -> None:
    gone, inside = talk.post("b"), make.mailing_list("dedans", visibility="private")
    move(session, gone.thread, inside, LATER)
    remove(session, gone, LATER, reason=WHY)
    for mailing_list in (talk.mailing_list, inside):
        outcome = post(
            session, mailing_list, parse(DOXX, LATER), LATER, max_bytes=10**6, source=Source.EMAIL
        )
        assert outcome == Duplicate(gone.id)
