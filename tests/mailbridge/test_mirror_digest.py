"""Digests of an outside list at the bridge: their messages count as if they had come alone."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.digest_split import split
from forum.domain.message import parse
from forum.operations import digests
from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.mail import DigestDelivery, Incoming, IncomingState
from mailbridge.digest import DigestBuilder
from mailbridge.receive import resume
from tests.factories import START, Make, mail
from tests.flows.outside_digest import digest
from tests.flows.outside_fields import Identity
from tests.flows.outside_habits import DigestForm, Habits, Software
from tests.flows.outside_mail import Posted, distributed
from tests.mailbridge.mirroring import BRIDGE, LONG, OUTSIDE, Mirror

OWN = Identity(OUTSIDE, "Atelier")
FORMS = [DigestForm.PLAIN, DigestForm.MIME]
NUMBERS = itertools.count(1)


@pytest.fixture
def mirror(session: Session, settings: Settings, make: Make) -> Mirror:
    mailing_list = make.mailing_list(
        "atelier", mode="mirrored", upstream_address=OUTSIDE, bridge_address=BRIDGE
    )
    make.commit()
    return Mirror(session, settings, make, mailing_list)


def posted(habits: Habits, subject: str, author: str = "imane", **fields: str) -> Posted:
    number = next(NUMBERS)
    raw = mail(
        author=f"{author.title()} Zeroual <{author}@example.net>",
        subject=subject,
        text=f"{LONG}\nVoici le point numéro {number} de la proposition de {author}.\n",
        message_id=f"x{number}@example.net",
        to=OUTSIDE,
        date=START + timedelta(minutes=number),
        **fields,
    )
    return distributed(raw, OWN, habits, number)


@pytest.mark.parametrize("form", FORMS)
def test_a_digest_becomes_its_messages_in_their_threads(mirror: Mirror, form: DigestForm) -> None:
    habits = Habits(Software.MAILMAN2, digest=form, has_prefix=True)
    first = posted(habits, "Semences")
    second = posted(habits, "Re: [Atelier] Semences", "joan", in_reply_to=first.original_id[1:-1])
    third = posted(habits, "Marché")
    mirror.wait(hours=2)
    mirror.arrives(digest([first, second, third], OWN, habits, 4))
    posts = mirror.posts()
    assert [post.author.name for post in posts] == [
        "Imane Zeroual", "Joan Zeroual", "Imane Zeroual",
    ]  # fmt: skip
    assert [post.parent_id for post in posts] == [None, posts[0].id, None]
    assert [post.message_id for post in posts] == [
        one.original_id[1:-1] for one in (first, second, third)
    ]
    whole, *parts = mirror.session.scalars(select(Incoming).order_by(Incoming.id))
    assert (whole.state, whole.reasons) == (IncomingState.AUTOMATIC, ["digest"])
    assert b"Digest" in load_raw(whole.raw)
    assert [part.state for part in parts] == [IncomingState.POSTED] * 3
    assert {part.peer for part in parts} == {f"digest {whole.id}"}


@pytest.mark.parametrize("form", FORMS)
def test_what_came_alone_and_in_a_digest_is_one(mirror: Mirror, form: DigestForm) -> None:
    habits = Habits(Software.MAILMAN3, digest=form, has_prefix=True)
    some = [posted(habits, "Semences"), posted(habits, "Marché")]
    mirror.wait(hours=2)
    mirror.arrives(some[0].raw)
    mirror.arrives(digest(some, OWN, habits, 4))
    mirror.arrives(some[1].raw)
    mirror.arrives(digest(some, OWN, habits, 5))
    assert len(mirror.posts()) == 2


@pytest.mark.parametrize("form", FORMS)
def test_our_own_post_comes_back_in_a_digest(mirror: Mirror, form: DigestForm) -> None:
    habits = Habits(Software.MAILMAN2, digest=form, has_prefix=True)
    grace = mirror.make.moderator(mirror.mailing_list, "grace@example.org", name="Grace Reyes")
    mirror.write(grace, "Semences")
    mirror.work()
    (sent,) = mirror.went_out()
    back = distributed(sent.as_bytes(), OWN, habits, 1)
    mirror.arrives(digest([back, posted(habits, "Marché")], OWN, habits, 4))
    mirror.work()
    states = mirror.session.scalars(select(Incoming.state).order_by(Incoming.id)).all()
    assert states == [IncomingState.AUTOMATIC, IncomingState.ECHO, IncomingState.POSTED]
    assert len(mirror.posts()) == 2
    assert len(mirror.went_out()) == 1


def test_an_answer_in_a_plain_digest_finds_what_came_before_it(mirror: Mirror) -> None:
    habits = Habits(Software.SYMPA, digest=DigestForm.PLAIN)
    first, other = posted(habits, "Semences"), posted(habits, "Marché")
    answer = posted(habits, "Re: Semences", "joan", in_reply_to=first.original_id[1:-1])
    mirror.wait(hours=2)
    mirror.arrives(digest([first, other], OWN, habits, 1))
    mirror.arrives(digest([answer], OWN, habits, 2))
    posts = mirror.posts()
    assert posts[2].parent_id == posts[0].id


def test_a_digest_that_a_member_forwards_is_their_post(mirror: Mirror) -> None:
    habits = Habits(Software.MAILMAN2, digest=DigestForm.PLAIN)
    whole = digest([posted(habits, "Semences")], OWN, habits, 4)
    text = parse(whole, START).text
    forwarded = posted(habits, "Fwd: Atelier Digest", "joan")
    raw = mail(
        author="Joan <joan@example.net>", subject="Atelier Digest", text=f"Pour mémoire.\n{text}",
        List_Id=f"<{OUTSIDE.replace('@', '.')}>", message_id="f@example.net",
    )  # fmt: skip
    mirror.arrives(raw)
    mirror.arrives(forwarded.raw)
    assert [post.subject for post in mirror.posts()] == ["Atelier Digest", "Fwd: Atelier Digest"]


def test_what_a_killed_process_left_of_a_digest_is_taken_up(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    habits = Habits(Software.MAILMAN2, digest=DigestForm.MIME)
    some = [posted(habits, "Semences"), posted(habits, "Marché")]
    with monkeypatch.context() as patch:
        # As if the process had ended behind the first commit.
        patch.setattr("mailbridge.receive._unpacked", lambda session, key: [])
        mirror.arrives(digest(some, OWN, habits, 4))
    assert mirror.posts() == []
    mirror.wait(minutes=1)
    assert resume(mirror.session, mirror.now, mirror.settings) == 2
    assert len(mirror.posts()) == 2


def test_our_own_digest_gives_back_its_messages(
    session: Session, settings: Settings, make: Make
) -> None:
    where = make.mailing_list()
    reader = make.subscriber(where, "pilar@example.net", delivery="daily")
    some = [
        make.post(where, mail_out=True, subject=f"Sujet {number}", text=f"{LONG} {number}\n")
        for number in range(4)
    ]
    now = START + timedelta(days=3)
    digests.queue_digests(session, now, everything=True)
    row = session.scalars(select(DigestDelivery)).one()
    assert row.subscription is reader
    copy = DigestBuilder(settings).build(row, digests.posts_of(session, row.id), session)
    pieces = [parse(piece.raw, now) for piece in split(copy.message)]
    assert [piece.message_id for piece in pieces] == [post.message_id for post in some]
    assert [piece.subject.split("] ")[-1] for piece in pieces] == [post.subject for post in some]
    for piece, post in zip(pieces, some, strict=True):
        assert LONG.strip() in piece.text
        assert piece.date == post.date
    assert session.scalars(select(Post.id).order_by(Post.id)).all() == [post.id for post in some]
