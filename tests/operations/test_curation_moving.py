"""Threads moved to another list: what leads to them, what comes later, who may read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.domain.curation import Refusal
from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.curation import Refused
from forum.operations.curation_moving import move
from forum.operations.curation_placing import merge, reparent, split
from forum.operations.curation_undoing import undo
from forum.operations.posting import Duplicate, Held, Posted, post
from forum.operations.rebuilding import settle_threads
from forum.storage.archive import Post, Thread
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, IndexQueue
from mailbridge.queue import claim
from tests.factories import START, Make, mail
from tests.operations.test_curation import Talk

LATER = START + timedelta(days=30)


@pytest.fixture
def talk(make: Make) -> Talk:
    """Two threads: `a .b ..c` and `x .y`, and a private list beside."""
    talk = Talk(make, make.mailing_list())
    make.subscriber(talk.mailing_list, "awa@example.org")
    talk.say("a")
    talk.say("b", "a")
    talk.say("c", "a", "b")
    talk.say("x")
    talk.say("y", "x")
    make.commit()
    return talk


@pytest.fixture
def inside(make: Make, talk: Talk) -> MailingList:
    found = make.mailing_list("dedans", visibility="private")
    make.subscriber(found, "membre@example.net")
    make.commit()
    return found


def arrive(talk: Talk, raw: bytes, source: Source = Source.EMAIL) -> object:
    return post(
        talk.session, talk.mailing_list, parse(raw, LATER), LATER, max_bytes=10**6, source=source
    )


def drawn(talk: Talk, mailing_list: MailingList) -> set[str]:
    return Talk(talk.make, mailing_list).drawn()


def test_a_thread_goes_with_all_its_posts(talk: Talk, inside: MailingList) -> None:
    number = talk.thread("a").id
    talk.session.query(IndexQueue).delete()
    entry = move(talk.session, talk.thread("a"), inside, LATER)
    assert (talk.drawn(), drawn(talk, inside)) == ({"x .y"}, {"a .b ..c"})
    assert (talk.thread("a").id, talk.thread("a").mailing_list_id) == (number, inside.id)
    assert (entry.action, entry.details) == ("move", {"from": "ancrage", "to": "dedans"})
    queued = set(talk.session.scalars(select(IndexQueue.post_id)))
    assert queued == {talk.post(name).id for name in "abc"}


def test_nobody_is_mailed_again(talk: Talk, inside: MailingList) -> None:
    before = talk.session.scalar(select(func.count(Delivery.id)))
    undo(talk.session, move(talk.session, talk.thread("a"), inside, LATER).id, LATER)
    assert talk.session.scalar(select(func.count(Delivery.id))) == before


def test_what_has_not_left_yet_waits_until_it_comes_back(talk: Talk, inside: MailingList) -> None:
    talk.make.subscriber(talk.mailing_list, "luc@example.net")
    late = talk.make.post(talk.mailing_list, subject="Péniche", mail_out=True)
    talk.make.commit()
    due = LATER + timedelta(days=400)
    entry = move(talk.session, late.thread, inside, LATER)
    talk.make.commit()
    assert claim(talk.session, Delivery, due) == []
    undo(talk.session, entry.id, LATER)
    talk.make.commit()
    assert len(claim(talk.session, Delivery, due)) == 1


def test_a_private_list_hides_it_at_once(
    talk: Talk, inside: MailingList, client: FlaskClient
) -> None:
    thread, number = talk.thread("a").id, talk.post("a").id
    ways = (
        f"/threads/{thread}",
        f"/posts/{number}",
        "/message/a@example.org",
        "/message/a@example.org?list=ancrage",
        f"/threads/{thread}/feed.atom",
        f"/api/v1/threads/{thread}",
        f"/api/v1/posts/{number}",
    )
    for address in ways:
        assert client.get(address).status_code in (200, 302), address
    move(talk.session, talk.thread("a"), inside, LATER)
    talk.make.commit()
    for address in ways:
        assert client.get(address).status_code == 404, address
    assert "Bus a" not in client.get("/lists/ancrage/").text
    assert "Bus a" not in client.get("/lists/ancrage/feed.atom").text


def test_a_merged_thread_follows_and_tells_of_nothing(
    talk: Talk, inside: MailingList, client: FlaskClient
) -> None:
    old = talk.thread("x").id
    merge(talk.session, talk.thread("x"), talk.thread("a"), LATER)
    move(talk.session, talk.thread("a"), inside, LATER)
    talk.make.commit()
    assert client.get(f"/threads/{old}").status_code == 404


def test_a_later_answer_lands_where_the_post_is_now(talk: Talk, inside: MailingList) -> None:
    move(talk.session, talk.thread("a"), inside, LATER)
    answer = {"subject": "Re: Bus a", "text": "Tout à fait d'accord avec la proposition.\n"}
    member = mail(
        **answer,
        author="Membre <membre@example.net>",
        message_id="e@example.org",
        date=LATER,
        references="a@example.org b@example.org",
    )
    outcome = arrive(talk, member)
    assert isinstance(outcome, Posted)
    assert drawn(talk, inside) == {"a .b ..c ..e"}
    stranger = mail(**answer, message_id="f@example.org", in_reply_to="c@example.org")
    held = arrive(talk, stranger)
    assert isinstance(held, Held)
    assert talk.drawn() == {"x .y"}
    assert arrive(talk, member) == Duplicate(outcome.post_id)


def test_an_answer_that_came_before_what_it_answers_follows(
    talk: Talk, inside: MailingList
) -> None:
    talk.make.subscriber(inside, "awa@example.org")
    move(talk.session, talk.thread("a"), inside, LATER)
    talk.say("g", "f", subject="Barque")
    assert talk.drawn() == {"x .y", "g"}
    raw = mail(
        subject="Péniche", message_id="f@example.org", in_reply_to="a@example.org", date=LATER
    )
    assert isinstance(arrive(talk, raw), Posted)
    assert (talk.drawn(), drawn(talk, inside)) == ({"x .y"}, {"a .b ..c .f ..g"})


def test_another_copy_is_a_duplicate_in_the_list_it_left(talk: Talk, inside: MailingList) -> None:
    raw = mail(subject="Péniche", message_id="p@example.org", text="Une péniche pour le marché.\n")
    first = arrive(talk, raw)
    assert isinstance(first, Posted)
    move(talk.session, talk.post("p").thread, inside, LATER)
    assert arrive(talk, raw) == Duplicate(first.post_id)


def test_it_comes_back_with_the_answers_it_got(talk: Talk, inside: MailingList) -> None:
    number = talk.thread("a").id
    entry = move(talk.session, talk.thread("a"), inside, LATER)
    Talk(talk.make, inside).say("e", "a", "b")
    undo(talk.session, entry.id, LATER)
    assert (talk.drawn(), drawn(talk, inside)) == ({"a .b ..c ..e", "x .y"}, set())
    assert talk.thread("e").id == number
    talk.say("f", "c")
    assert talk.drawn() == {"a .b ..c ...f ..e", "x .y"}


def test_posts_of_the_other_list_stay_there(talk: Talk, inside: MailingList) -> None:
    there = Talk(talk.make, inside)
    there.say("w", subject="Train")
    number = talk.thread("a").id
    entry = move(talk.session, talk.thread("a"), inside, LATER)
    late = there.say("v", "w", "a", subject="Train")
    assert drawn(talk, inside) == {"a .b ..c .v", "w"}
    merged = merge(talk.session, there.thread("w"), talk.thread("a"), LATER)
    with pytest.raises(Refused) as refused:
        undo(talk.session, entry.id, LATER)
    assert (refused.value.refusal, refused.value.number) == (Refusal.LATER_DECISION, merged.id)
    undo(talk.session, merged.id, LATER)
    undo(talk.session, entry.id, LATER)
    assert (talk.drawn(), drawn(talk, inside)) == ({"a .b ..c .v", "x .y"}, {"w"})
    assert (talk.thread("a").id, late.mailing_list_id) == (number, talk.mailing_list.id)


def test_a_split_is_not_undone_across_lists(talk: Talk, inside: MailingList) -> None:
    first, thread = split(talk.session, talk.post("b"), LATER)
    second = move(talk.session, thread, inside, LATER)
    with pytest.raises(Refused) as refused:
        undo(talk.session, first.id, LATER)
    assert refused.value.number == second.id
    undo(talk.session, second.id, LATER)
    undo(talk.session, first.id, LATER)
    assert talk.drawn() == {"a .b ..c", "x .y"}


def test_decisions_inside_a_moved_thread_stand(talk: Talk, inside: MailingList) -> None:
    first = reparent(talk.session, talk.post("c"), talk.post("a"), LATER)
    move(talk.session, talk.thread("a"), inside, LATER)
    every = list(talk.session.scalars(select(Thread.id)))
    assert settle_threads(talk.session, inside, every, LATER) == 0
    assert drawn(talk, inside) == {"a .b .c"}
    undo(talk.session, first.id, LATER)
    assert drawn(talk, inside) == {"a .b ..c"}


def test_a_list_that_holds_a_copy_refuses_it(talk: Talk, inside: MailingList) -> None:
    copy = Talk(talk.make, inside).say("z")
    original = talk.post("a")
    copy.content_digest, copy.message_id = original.content_digest, original.message_id
    talk.session.flush()
    with pytest.raises(Refused) as refused:
        move(talk.session, original.thread, inside, LATER)
    assert (refused.value.refusal, refused.value.number) == (Refusal.ALREADY_THERE, copy.id)


def test_another_text_with_the_same_id_is_no_hindrance(talk: Talk, inside: MailingList) -> None:
    other = Talk(talk.make, inside).say("a", subject="Tout autre chose")
    mine = talk.session.scalars(
        select(Post).where(Post.mailing_list_id == talk.mailing_list.id).order_by(Post.id)
    ).first()
    assert mine is not None
    entry = move(talk.session, mine.thread, inside, LATER)
    assert mine.message_id == f"a@example.org.{mine.content_digest[:16]}"
    assert other.message_id == "a@example.org"
    undo(talk.session, entry.id, LATER)
    assert mine.message_id == "a@example.org"
    assert mine.mailing_list_id == talk.mailing_list.id


def test_mirrored_lists_keep_their_threads(talk: Talk, make: Make) -> None:
    outside = make.mailing_list(
        "miroir", mode="mirrored", upstream_address="liste@example.net",
        bridge_address="pont@lists.example.org",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        move(talk.session, talk.thread("a"), outside, LATER)
    assert refused.value.refusal == Refusal.MIRRORED
    with pytest.raises(Refused) as refused:
        move(talk.session, talk.thread("a"), talk.mailing_list, LATER)
    assert refused.value.refusal == Refusal.SAME_LIST
