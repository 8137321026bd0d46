"""From a submission to a post, in one transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.rules import Reason
from forum.domain.values import Source
from forum.operations.posting import Disposition, Duplicate, Held, Posted, Rejected, post
from forum.operations.raw import load_raw
from forum.storage.archive import MessageLink, Post, RawMessage, Thread, ThreadState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, IndexQueue
from forum.storage.people import Subscription
from tests.factories import START, Make, mail

NOW = START + timedelta(hours=1)
AWA = "Awa Ndiaye <awa@example.org>"


@pytest.fixture
def mailing_list(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, "awa@example.org")
    make.subscriber(found, "pilar@example.net", "es")
    return found


def receive(session: Session, mailing_list: MailingList, raw: bytes, **options: int) -> Disposition:
    return post(
        session,
        mailing_list,
        parse(raw, NOW),
        NOW,
        max_bytes=options.get("max_bytes", 1_000_000),
        source=Source.EMAIL,
    )


def recipients(session: Session) -> list[str]:
    rows = session.scalars(select(Delivery).order_by(Delivery.id))
    return [row.subscription.address.email for row in rows]


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_members_mail_is_posted_indexed_and_queued_for_the_others(
    session: Session, mailing_list: MailingList
) -> None:
    raw = mail(author=AWA, message_id="a@example.org")
    disposition = receive(session, mailing_list, raw)
    assert isinstance(disposition, Posted)
    row = session.get_one(Post, disposition.post_id)
    assert (row.language, row.author.name, row.depth) == ("fr", "Awa Ndiaye", 0)
    assert "propositions" in row.html
    assert row.raw is not None and load_raw(row.raw) == raw
    assert row.thread.post_count == 1
    assert session.scalars(select(IndexQueue.post_id)).all() == [row.id]
    assert recipients(session) == ["pilar@example.net"]


def test_a_second_copy_adds_nothing_but_its_id(session: Session, mailing_list: MailingList) -> None:
    raw = mail(author=AWA, message_id="un@example.org")
    first = receive(session, mailing_list, raw)
    assert isinstance(first, Posted)
    copy = raw.replace(b"<un@example.org>", b"<b@rewritten.example.net>").replace(b"\n", b"\r\n")
    assert receive(session, mailing_list, b"Received: from x\r\n" + copy) == Duplicate(
        first.post_id
    )
    assert (count(session, Post), count(session, Delivery), count(session, IndexQueue)) == (1, 1, 1)
    link = session.get(MessageLink, (mailing_list.id, "b@rewritten.example.net"))
    assert link is not None and link.post_id == first.post_id


def test_another_text_under_a_used_id_is_kept(session: Session, mailing_list: MailingList) -> None:
    receive(session, mailing_list, mail(author=AWA, message_id="a@example.org"))
    other = mail(author=AWA, message_id="a@example.org", text="Un tout autre texte, cette fois.\n")
    assert isinstance(receive(session, mailing_list, other), Posted)
    assert count(session, Post) == 2


def test_two_honest_thanks_both_stay(session: Session, mailing_list: MailingList) -> None:
    for hour in (1, 2):
        raw = mail(author=AWA, text="merci\n", message_id="", date=START + timedelta(hours=hour))
        assert isinstance(receive(session, mailing_list, raw), Posted)


def test_an_answer_stands_under_its_parent(session: Session, mailing_list: MailingList) -> None:
    first = receive(session, mailing_list, mail(author=AWA, message_id="a@example.org"))
    answer = mail(
        author="Pilar <pilar@example.net>",
        subject="RE : Monnaies locales",
        message_id="b@example.net",
        in_reply_to="a@example.org",
        text="Gracias por la propuesta, nos parece muy buena idea para la reunión.\n",
        date=START + timedelta(hours=1),
    )
    second = receive(session, mailing_list, answer)
    assert isinstance(first, Posted) and isinstance(second, Posted)
    row = session.get_one(Post, second.post_id)
    assert (row.parent_id, row.depth, row.position) == (first.post_id, 1, 1)
    thread = session.get_one(Thread, first.thread_id)
    assert (thread.post_count, set(thread.languages.split(","))) == (2, {"fr", "es"})


def test_a_stranger_waits_for_a_moderator(session: Session, mailing_list: MailingList) -> None:
    raw = mail(author="Nobody <nobody@example.net>")
    held = receive(session, mailing_list, raw)
    assert isinstance(held, Held) and held.reasons == (Reason.STRANGER,)
    assert receive(session, mailing_list, raw) == held
    assert (count(session, Post), count(session, RawMessage)) == (0, 1)


def test_a_members_too_large_mail_is_refused(session: Session, mailing_list: MailingList) -> None:
    answer = receive(session, mailing_list, mail(author=AWA), max_bytes=100)
    assert answer == Rejected((Reason.TOO_LARGE,))


def test_an_answer_in_a_closed_thread_waits(session: Session, mailing_list: MailingList) -> None:
    first = receive(session, mailing_list, mail(author=AWA, message_id="a@example.org"))
    assert isinstance(first, Posted)
    session.get_one(Thread, first.thread_id).state = ThreadState.CLOSED
    answer = mail(author=AWA, in_reply_to="a@example.org", text="Encore un mot sur ce sujet.\n")
    held = receive(session, mailing_list, answer)
    assert isinstance(held, Held) and held.reasons == (Reason.CLOSED_THREAD,)


def test_an_answer_that_names_a_closed_thread_by_its_subject_alone_waits_too(
    session: Session, mailing_list: MailingList
) -> None:
    first = receive(session, mailing_list, mail(author=AWA, subject="Le verger"))
    assert isinstance(first, Posted)
    session.get_one(Thread, first.thread_id).state = ThreadState.CLOSED
    answer = mail(
        author=AWA, subject="Re: Le verger", text="Encore un mot sur le verger.\n",
        date=START + timedelta(hours=1),
    )  # fmt: skip
    held = receive(session, mailing_list, answer)
    assert isinstance(held, Held) and held.reasons == (Reason.CLOSED_THREAD,)


def test_who_was_written_to_directly_gets_no_second_copy(
    session: Session, mailing_list: MailingList
) -> None:
    raw = mail(author=AWA, Cc="Pilar <pilar@example.net>")
    assert isinstance(receive(session, mailing_list, raw), Posted)
    assert recipients(session) == []


def test_a_person_with_two_addresses_gets_one_copy(
    session: Session, mailing_list: MailingList, make: Make
) -> None:
    pilar = session.scalars(select(Subscription).order_by(Subscription.id.desc())).first()
    assert pilar is not None
    second = make.subscriber(mailing_list, "pilar@example.org")
    second.address.author = pilar.address.author
    assert isinstance(receive(session, mailing_list, mail(author=AWA)), Posted)
    assert recipients(session) == ["pilar@example.net"]


def test_who_wants_their_own_posts_gets_them(session: Session, mailing_list: MailingList) -> None:
    for subscription in session.scalars(select(Subscription)):
        subscription.own_posts = True
    assert isinstance(receive(session, mailing_list, mail(author=AWA)), Posted)
    assert sorted(recipients(session)) == ["awa@example.org", "pilar@example.net"]


def test_addresses_in_a_body_are_masked_for_the_public(
    session: Session, mailing_list: MailingList
) -> None:
    raw = mail(author=AWA, text="Écrivez à grace@example.net pour vous inscrire à la rencontre.\n")
    answer = receive(session, mailing_list, raw)
    assert isinstance(answer, Posted)
    row = session.get_one(Post, answer.post_id)
    assert "grace@example.net" in row.html
    assert row.public_html is not None and "grace@example.net" not in row.public_html
    assert "grace@example.net" not in row.excerpt
