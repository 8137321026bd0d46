"""Posts find their threads as they come, and end as if all had come at once."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from forum.domain.reply_tree import Node, build
from forum.domain.subject import base_subject, parse_subject
from forum.domain.values import Mailbox, Submission, TextFormat
from forum.operations.threading import add_alias, place, rethread, settle
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.base import Base
from forum.storage.lists import MailingList
from forum.storage.people import Author
from tests.rethreading import rethread_list

START = datetime(2009, 4, 25, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


class Archive:
    """A list that messages come to, in a transaction that is rolled back."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.mailing_list = MailingList(
            slug="atelier",
            address="atelier@lists.example.org",
            title_fr="Atelier",
            title_en="Workshop",
            title_es="Taller",
            created_at=START,
        )
        self.author = Author(name="Ana")
        session.add_all([self.mailing_list, self.author])
        session.flush()

    def arrive(self, message: Submission) -> Post:
        """What publishing does, as far as threading is concerned."""
        session, mailing_list = self.session, self.mailing_list
        placement = place(session, mailing_list, message)
        thread_id = placement.thread_id
        if thread_id is None:
            thread = Thread(
                mailing_list_id=mailing_list.id,
                subject=parse_subject(message.subject).base,
                started_at=message.date,
                last_post_at=message.date,
            )
            session.add(thread)
            session.flush()
            thread_id = thread.id
        used = session.get(MessageLink, (mailing_list.id, message.message_id))
        taken = used is not None and used.post_id is not None
        suffix = f".{message.content_digest[:16]}" if taken else ""
        row = Post(
            mailing_list_id=mailing_list.id,
            thread_id=thread_id,
            parent_id=placement.parent_id,
            author_id=self.author.id,
            author_name="",
            message_id=f"{message.message_id}{suffix}",
            content_digest=message.content_digest,
            references=list(message.references),
            people=sorted({message.author.key, *(box.key for box in message.recipients)} - {""}),
            thread_index=message.thread_index,
            subject=message.subject,
            base_subject=base_subject(message.subject),
            is_reply=parse_subject(message.subject).is_reply,
            date=message.date,
            arrived_at=START,
            source="email",
            language="fr",
            text_format="plain",
            html="",
        )
        session.add(row)
        session.flush()
        settle(session, row)
        session.expire_all()
        assert placement.thread_id is None or row.thread_id == placement.thread_id
        assert row.parent_id == placement.parent_id
        return row

    def posts(self) -> list[Post]:
        found = select(Post).where(Post.mailing_list_id == self.mailing_list.id)
        return list(self.session.scalars(found.order_by(Post.thread_id, Post.position)))

    def drawn(self) -> set[str]:
        """Each thread as text: a dot for each level."""
        threads: dict[int, list[str]] = {}
        for row in self.posts():
            told = "." * row.depth + row.message_id.partition("@")[0]
            threads.setdefault(row.thread_id, []).append(told)
        return {" ".join(thread) for thread in threads.values()}

    def threads(self) -> list[Thread]:
        found = select(Thread).where(Thread.mailing_list_id == self.mailing_list.id)
        return list(self.session.scalars(found.order_by(Thread.id)))

    def by_name(self, name: str) -> Post:
        return next(p for p in self.posts() if p.message_id == f"{name}@x.example")


@contextmanager
def archive_in(engine: Engine) -> Iterator[Archive]:
    with Session(engine) as session:
        yield Archive(session)
        session.rollback()


@pytest.fixture
def archive(engine: Engine) -> Iterator[Archive]:
    with archive_in(engine) as archive:
        yield archive


def message(
    name: str,
    *references: str,
    minute: float = 0,
    subject: str = "",
    people: str = "",
    index: bytes | None = None,
    text: str = "",
) -> Submission:
    """A message whose Message-ID is made of its name."""
    boxes = [Mailbox("", f"{person}@x.example") for person in people.split()]
    return Submission(
        raw=b"",
        message_id=f"{name}@x.example",
        in_reply_to=(),
        references=tuple(f"{reference}@x.example" for reference in references),
        author=boxes[0] if boxes else Mailbox("", ""),
        recipients=(*boxes[1:], Mailbox("", "atelier@lists.example.org")),
        subject=subject,
        date=START + timedelta(minutes=minute),
        text=text,
        text_format=TextFormat.PLAIN,
        attachments=(),
        content_digest=hashlib.sha256(f"{name}{text}{minute}".encode()).hexdigest(),
        thread_index=None if index is None else base64.b64encode(index).decode(),
    )


def expected(messages: list[Submission]) -> set[tuple[tuple[str, str | None, int], ...]]:
    """The forest of all messages at once."""
    nodes = [
        Node(
            key=m.content_digest,
            message_ids=(m.message_id or "",),
            parents=m.references,
            date=m.date,
            base_subject=base_subject(m.subject),
            is_reply=parse_subject(m.subject).is_reply,
            people=frozenset({m.author.key, *(box.key for box in m.recipients[:-1])} - {""}),
            thread_index=m.thread_index,
        )
        for m in messages
    ]
    forest = build(nodes)
    return {tuple((p.key, p.parent, p.depth) for p in thread) for thread in forest.threads}


def standing(archive: Archive) -> set[tuple[tuple[str, str | None, int], ...]]:
    """The forest as it stands in the tables."""
    rows = archive.posts()
    keys = {row.id: row.content_digest for row in rows}
    threads: dict[int, list[tuple[str, str | None, int]]] = {}
    for row in rows:
        thread = threads.setdefault(row.thread_id, [])
        assert row.position == len(thread)
        parent = keys[row.parent_id] if row.parent_id else None
        thread.append((row.content_digest, parent, row.depth))
    return {tuple(thread) for thread in threads.values()}


def test_an_answer_joins_the_thread_of_what_it_answers(archive: Archive) -> None:
    first = archive.arrive(message("a"))
    answer = archive.arrive(message("b", "a", minute=1))
    assert (answer.thread_id, answer.parent_id) == (first.thread_id, first.id)
    assert archive.drawn() == {"a .b"}


def test_answers_stand_by_date_whenever_they_come(archive: Archive) -> None:
    archive.arrive(message("a"))
    archive.arrive(message("d", "a", minute=9))
    archive.arrive(message("b", "a", minute=1))
    archive.arrive(message("c", "a", "b", minute=2))
    archive.arrive(message("e", "a", "d", minute=10))
    assert archive.drawn() == {"a .b ..c .d ..e"}


def test_a_late_parent_adopts_its_orphans_into_their_thread(archive: Archive) -> None:
    orphan = archive.arrive(message("b", "a", minute=1, subject="Re: Bus"))
    archive.arrive(message("c", "a", minute=2))
    thread_id = orphan.thread_id
    archive.arrive(message("a", subject="[atelier] Bus"))
    assert archive.drawn() == {"a .b .c"}
    assert [thread.id for thread in archive.threads()] == [thread_id]


def test_a_message_that_joins_two_threads_leaves_the_older_and_a_way_from_the_other(
    archive: Archive,
) -> None:
    older = archive.arrive(message("a")).thread_id
    younger = archive.arrive(message("c", "b", minute=2)).thread_id
    archive.arrive(message("d", "c", minute=3))
    archive.arrive(message("b", "a", minute=1))
    assert archive.drawn() == {"a .b ..c ...d"}
    assert [(t.id, t.merged_into_id) for t in archive.threads()] == [
        (older, None),
        (younger, older),
    ]
    links = select(MessageLink.thread_id).where(
        MessageLink.mailing_list_id == archive.mailing_list.id
    )
    assert set(archive.session.scalars(links)) == {older}


def test_a_late_first_post_gives_the_thread_its_subject(archive: Archive) -> None:
    archive.arrive(message("b", "a", minute=1, subject="Re: Autobus"))
    archive.arrive(message("a", subject="Bus"))
    assert [thread.subject for thread in archive.threads()] == ["Bus"]


def test_a_subject_given_by_a_moderator_stays(archive: Archive) -> None:
    archive.arrive(message("b", "a", minute=1, subject="Re: Autobus"))
    archive.threads()[0].subject = "Le bus de Limoux"
    archive.arrive(message("a", subject="Bus"))
    assert [thread.subject for thread in archive.threads()] == ["Le bus de Limoux"]


def test_answers_to_an_alias_are_adopted(archive: Archive) -> None:
    first = archive.arrive(message("a"))
    archive.arrive(message("b", "outside", minute=1))
    add_alias(archive.session, first, "outside@x.example")
    archive.session.expire_all()
    assert archive.drawn() == {"a .b"}
    archive.arrive(message("c", "outside", minute=2))
    assert archive.drawn() == {"a .b .c"}


class TestModerators:
    """Their decisions hold, whatever comes afterwards."""

    @pytest.fixture
    def split(self, archive: Archive) -> Archive:
        for name, *references in (("a",), ("b", "a"), ("c", "a", "b")):
            archive.arrive(message(name, *references, minute=len(references), subject=name))
        row = archive.by_name("b")
        row.pinned_parent_id = row.id
        archive.session.flush()
        touched = rethread(archive.session, archive.mailing_list, [row.thread_id], START)
        archive.session.expire_all()
        assert len(touched) == 2
        return archive

    def test_a_split_takes_the_answers_along(self, split: Archive) -> None:
        assert split.drawn() == {"a", "b .c"}
        assert split.by_name("a").thread_id < split.by_name("b").thread_id
        assert [thread.subject for thread in split.threads()] == ["a", "b"]

    def test_later_answers_go_where_the_split_led(self, split: Archive) -> None:
        split.arrive(message("d", "a", "b", "c", minute=5))
        split.arrive(message("e", "a", minute=6))
        split.arrive(message("f", "lost", "b", minute=7))
        assert split.drawn() == {"a .e", "b .c ..d .f"}

    def test_a_repair_of_the_whole_list_changes_nothing(self, split: Archive) -> None:
        assert rethread_list(split.session, split.mailing_list, START) == set()
        assert split.drawn() == {"a", "b .c"}

    def test_undoing_it_brings_them_together_again(self, split: Archive) -> None:
        row = split.by_name("b")
        row.pinned_parent_id = None
        split.session.flush()
        rethread(split.session, split.mailing_list, [row.thread_id], START)
        split.session.expire_all()
        assert split.drawn() == {"a .b ..c"}
        assert split.threads()[1].merged_into_id == split.threads()[0].id

    def test_a_merge_pins_the_root_below_another(self, split: Archive) -> None:
        split.by_name("b").pinned_parent_id = split.arrive(message("x", minute=-5)).id
        split.session.flush()
        rethread(split.session, split.mailing_list, [split.by_name("b").thread_id], START)
        split.session.expire_all()
        split.arrive(message("d", "b", minute=9))
        assert split.drawn() == {"a", "x .b ..c ..d"}


NAMES = [f"m{i}" for i in range(8)]
HEADS = [bytes([1]) + bytes([i]) * 21 for i in range(2)]


@st.composite
def correspondences(draw: st.DrawFn) -> list[Submission]:
    """Small sets of messages, as tangled as can be, in any order."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=8))
    messages = {}
    for name in names:
        index = draw(st.none() | st.none() | st.sampled_from(HEADS))
        if index is not None:
            index += draw(st.sampled_from([b"", b"11111", b"22222", b"1111133333"]))
        found = message(
            name,
            *draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)),
            minute=draw(st.sampled_from([0, 1, 2, 3, 50_000, 90_000])),
            subject=draw(st.sampled_from(["", "Re: "])) + draw(st.sampled_from(["", "s", "t"])),
            people=draw(st.sampled_from(["", "ana", "luc", "ana luc"])),
            index=index,
            text=draw(st.sampled_from(["", "another text"])),
        )
        messages[found.content_digest] = found
    return list(messages.values())


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(correspondences())
def test_any_order_of_arrival_ends_in_the_same_forest(
    engine: Engine, messages: list[Submission]
) -> None:
    with archive_in(engine) as archive:
        for arrived, found in enumerate(messages, 1):
            archive.arrive(found)
            assert standing(archive) == expected(messages[:arrived])
        names = {row.content_digest: row.message_id for row in archive.posts()}
        assert rethread_list(archive.session, archive.mailing_list, START) == set()
    with archive_in(engine) as archive:
        for found in reversed(messages):
            archive.arrive(found)
        assert {row.content_digest: row.message_id for row in archive.posts()} == names


@pytest.mark.slow
def test_a_long_thread_grows_quickly(archive: Archive) -> None:
    names = [f"n{i}" for i in range(250)]
    for i, name in enumerate(names[:200]):
        archive.arrive(message(name, *names[max(0, i - 12) : i], minute=i, subject="Re: Bus"))
    start = time.perf_counter()
    for i, name in enumerate(names[200:], 200):
        archive.arrive(message(name, *names[i - 12 : i], minute=i, subject="Re: Bus"))
    assert time.perf_counter() - start < 3
    assert max(row.depth for row in archive.posts()) == 249
