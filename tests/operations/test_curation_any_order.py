"""Whatever moderators decide, and in whatever order they undo it, the same forest comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.pool import StaticPool

from forum.domain.curation import Refusal
from forum.domain.values import Submission
from forum.operations.curation import Refused, thread_now
from forum.operations.curation_moving import move
from forum.operations.curation_placing import merge, reparent, split
from forum.operations.curation_undoing import undo
from forum.storage.archive import Post
from forum.storage.base import Base
from forum.storage.curation import CurationDecision
from forum.storage.lists import MailingList
from tests.operations.test_threading import (
    START,
    Archive,
    archive_in,
    correspondences,
    expected,
    standing,
)
from tests.rethreading import rethread_list

pytestmark = pytest.mark.slow

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["split", "alone", "merge", "reparent", "move", "undo"]),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


class Moderator:
    """Decides at random, keeps the numbers, and undoes."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.session = archive.session
        self.standing: list[int] = []
        self.other = MailingList(
            slug="autre",
            address="autre@lists.example.org",
            title_fr="Autre",
            title_en="Other",
            title_es="Otra",
            created_at=START,
        )
        self.session.add(self.other)
        self.session.flush()
        self.lists = (archive.mailing_list, self.other)

    def posts(self) -> list[Post]:
        return list(self.session.scalars(select(Post).order_by(Post.id)))

    def do(self, step: Step) -> None:
        what, one, two = step
        posts = self.posts()
        first, second = posts[one % len(posts)], posts[two % len(posts)]
        deeds: dict[str, Callable[[], Any]] = {
            "split": lambda: split(self.session, first, START)[0],
            "alone": lambda: split(self.session, first, START, alone=True)[0],
            "merge": lambda: merge(self.session, first.thread, second.thread, START),
            "reparent": lambda: reparent(self.session, first, second, START),
            "move": lambda: move(self.session, first.thread, self.lists[two % 2], START),
        }
        if what == "undo":
            self.take_back(two)
            return
        try:
            self.standing.append(deeds[what]().id)
        except Refused as refused:
            assert refused.refusal != Refusal.LATER_DECISION

    def take_back(self, which: int) -> bool:
        """Undo a decision, or hear of a later one that still stands."""
        if not self.standing:
            return False
        number = self.standing[which % len(self.standing)]
        try:
            undo(self.session, number, START)
        except Refused as refused:
            assert refused.refusal == Refusal.LATER_DECISION
            assert refused.number in self.standing
            assert refused.number > number
            return False
        self.standing.remove(number)
        return True

    def pinned(self) -> list[Post]:
        return [post for post in self.posts() if post.pinned_parent_id is not None]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(correspondences().filter(bool), STEPS, st.lists(st.integers(0, 7), max_size=7))
def test_undoing_everything_gives_back_the_forest(
    engine: Engine, messages: list[Submission], steps: list[Step], order: list[int]
) -> None:
    with archive_in(engine) as archive:
        for found in messages:
            archive.arrive(found)
        before = {post.id: (post.parent_id, post.thread_id) for post in archive.posts()}
        addresses = {thread.id for thread in archive.threads()}
        moderator = Moderator(archive)
        for step in steps:
            moderator.do(step)
            for mailing_list in moderator.lists:
                assert rethread_list(archive.session, mailing_list, START) == set()
        for which in order:
            moderator.take_back(which)
        while moderator.standing:
            assert moderator.take_back(len(moderator.standing) - 1)
        archive.session.expire_all()
        assert standing(archive) == expected(messages)
        assert moderator.pinned() == []
        after = {post.id: (post.parent_id, post.thread_id) for post in archive.posts()}
        assert {key: parent for key, (parent, _) in after.items()} == {
            key: parent for key, (parent, _) in before.items()
        }
        for number in addresses:
            thread_now(archive.session, number)
        undone = archive.session.scalars(select(CurationDecision.undone_by_id)).all()
        assert archive.posts() == [] or all(
            post.mailing_list_id == archive.mailing_list.id for post in moderator.posts()
        )
        assert len(undone) % 2 == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(correspondences().filter(bool), STEPS)
def test_undone_from_the_last_to_the_first_each_step_is_as_before(
    engine: Engine, messages: list[Submission], steps: list[Step]
) -> None:
    with archive_in(engine) as archive:
        for found in messages:
            archive.arrive(found)
        moderator = Moderator(archive)
        states: list[dict[int, Any]] = []

        def drawn() -> dict[int, Any]:
            return {
                post.id: (post.mailing_list_id, post.parent_id, post.depth, post.position)
                for post in moderator.posts()
            }

        for step in steps:
            if step[0] == "undo":
                continue
            state, count = drawn(), len(moderator.standing)
            moderator.do(step)
            if len(moderator.standing) > count:
                states.append(state)
        while states:
            assert moderator.take_back(len(moderator.standing) - 1)
            archive.session.expire_all()
            assert drawn() == states.pop()
