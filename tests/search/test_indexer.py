"""From the posts to the index: nothing is lost, nothing is shown that should not be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

import forum.storage.audit
import forum.storage.mail
import forum.storage.people  # noqa: F401 - all tables are to be made.
from forum.domain.query import parse
from forum.domain.values import Role
from forum.search import open_index
from forum.search.indexer import drain, pending, rebuild
from forum.search.whoosh_index import WhooshIndex
from forum.settings import Settings, SettingsError
from forum.storage.archive import Post, PostAttachment, PostSegment, PostState, Thread
from forum.storage.base import Base, configure_engine
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from forum.storage.people import Author
from tests.forks import forks

NOW = datetime(2010, 3, 1, 9, tzinfo=UTC)


class Archive:
    """A small database with an index beside it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'archive.sqlite3'}"
        engine = create_engine(self.url)
        configure_engine(engine)
        Base.metadata.create_all(engine)
        self.session = Session(engine)
        self.index = WhooshIndex(folder / "index")
        self.list = MailingList(
            slug="ancrage", address="ancrage@lists.example.org", title_fr="Ancrage",
            title_en="Anchoring", title_es="Anclaje", created_at=NOW,
        )  # fmt: skip
        self.author = Author(name="Awa Ndiaye")
        self.thread = Thread(
            mailing_list=self.list, subject="Monnaie", tags="monnaie,territoire",
            started_at=NOW, last_post_at=NOW,
        )  # fmt: skip
        self.session.add_all([self.list, self.author, self.thread])
        self.session.commit()

    def post(self, text: str, *, queued: bool = True, state: str = PostState.VISIBLE) -> int:
        number = self.session.scalar(select(func.count()).select_from(Post)) or 0
        post = Post(
            mailing_list=self.list, thread=self.thread, author=self.author, author_name="Awa N",
            message_id=f"m{number}@example.org", content_digest=str(number), subject="Monnaie",
            base_subject="monnaie", is_reply=False, date=NOW + timedelta(hours=number),
            arrived_at=NOW, source="email", language="fr", text_format="plain", html="",
            state=state,
        )  # fmt: skip
        post.segments = [
            PostSegment(position=0, role=Role.REPLY, language="fr", text=text),
            PostSegment(position=1, role=Role.QUOTATION, language="es", text="palabra citada"),
        ]
        post.attachments = [
            PostAttachment(index=0, filename="plan.pdf", content_type="application/pdf", size=1)
        ]
        self.session.add(post)
        self.session.flush()
        if queued:
            self.session.add(IndexQueue(post_id=post.id, queued_at=NOW))
        self.session.commit()
        return post.id

    def queue(self, post_id: int) -> None:
        self.session.add(IndexQueue(post_id=post_id, queued_at=NOW))
        self.session.commit()

    def drain(self, **options: int) -> int:
        count = drain(self.session, self.index, **options)
        self.session.commit()
        return count

    def drain_all(self) -> None:
        while self.drain():
            pass

    def found(self, text: str) -> set[int]:
        hits = self.index.find(parse(text), frozenset({self.list.id}), per_page=1000).hits
        return {hit.post_id for hit in hits}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path)
    made.drain_all()
    yield made
    made.index.close()
    made.session.close()
    made.session.get_bind().dispose()


def test_a_queued_post_is_found_by_all_that_is_known_of_it(archive: Archive) -> None:
    post = archive.post("une épicerie solidaire")
    assert archive.found("épicerie") == set()
    assert archive.drain() == 1
    for query in (
        "epiceries", "sujet:monnaie", "de:awa", "mot:territoire", "liste:ancrage", "langue:fr",
        "avec:pièce", "plan", "in:quotes palabras", "after:2009 before:2011",
    ):  # fmt: skip
        assert archive.found(query) == {post}, query
    assert archive.found("palabra") == set()
    assert archive.found("lang:es") == set(), "a quotation is not own text"
    assert pending(archive.session) == 0


def test_the_queue_is_kept_until_the_caller_commits(archive: Archive) -> None:
    archive.post("texte")
    drain(archive.session, archive.index)
    archive.session.rollback()
    assert pending(archive.session) == 1
    assert archive.drain() == 1
    assert archive.found("texte") == {1}
    assert archive.index.status().indexed == 1


def test_a_change_queued_meanwhile_is_not_forgotten(archive: Archive) -> None:
    post = archive.post("ancien")
    drain(archive.session, archive.index)
    archive.session.commit()
    archive.session.scalars(
        select(PostSegment).order_by(PostSegment.post_id)
    ).first().text = "nouveau"
    archive.queue(post)
    archive.queue(post)
    assert pending(archive.session) == 1
    assert archive.drain() == 1
    assert archive.found("nouveau") == {post}
    assert archive.found("ancien") == set()


@pytest.mark.parametrize("state", [PostState.HIDDEN, PostState.REMOVED])
def test_a_post_that_is_no_longer_shown_leaves_the_index(archive: Archive, state: str) -> None:
    post = archive.post("texte")
    archive.drain_all()
    archive.session.get(Post, post).state = state
    archive.queue(post)
    archive.drain_all()
    assert archive.found("texte") == set()


def test_a_post_that_is_gone_leaves_the_index(archive: Archive) -> None:
    post = archive.post("texte")
    archive.drain_all()
    archive.session.delete(archive.session.get(Post, post))
    archive.queue(post)
    archive.drain_all()
    assert archive.found("texte") == set()
    assert pending(archive.session) == 0


def test_batches_are_as_large_as_is_said(archive: Archive) -> None:
    for n in range(5):
        archive.post(f"texte {n}")
    assert [archive.drain(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(archive.found("texte")) == 5


def test_one_drains_at_a_time(archive: Archive) -> None:
    archive.post("texte")
    other = WhooshIndex(archive.index.path)
    with other.writing():
        assert archive.drain() == 0
    assert pending(archive.session) == 1
    assert archive.drain() == 1


def test_a_lost_index_is_made_anew_by_draining_and_new_posts_come_first(archive: Archive) -> None:
    for n in range(5):
        archive.post(f"texte {n}")
    archive.post("caché", state=PostState.HIDDEN)
    archive.drain_all()
    for file in sorted(archive.index.path.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    archive.index.close()
    archive.index = WhooshIndex(archive.index.path)
    newest = archive.post("texte récent")
    assert archive.drain(limit=2) == 1
    assert archive.found("texte") == {newest}
    assert archive.index.status().rebuilding
    assert archive.drain(limit=2) == 2
    assert archive.found("texte") >= {1, 2}
    archive.drain_all()
    assert archive.found("texte") == {1, 2, 3, 4, 5, newest}
    assert not archive.index.status().rebuilding
    assert archive.found("caché") == set()


def test_a_rebuild_finds_what_was_never_queued(archive: Archive) -> None:
    post = archive.post("texte", queued=False)
    archive.drain_all()
    assert archive.found("texte") == set()
    assert rebuild(archive.session, archive.index) == 1
    assert archive.found("texte") == {post}


def test_a_rebuild_does_not_wait_for_another_writer(archive: Archive) -> None:
    with WhooshIndex(archive.index.path).writing():
        assert rebuild(archive.session, archive.index) == -1


DRAINER = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from forum.search.indexer import drain
from forum.search.whoosh_index import WhooshIndex
from forum.storage.base import configure_engine


def work(argument):
    engine = create_engine(sys.argv[1])
    configure_engine(engine)
    index = WhooshIndex(Path(sys.argv[2]))
    with Session(engine) as session:
        print("ready", flush=True)
        while True:
            drain(session, index, limit=3)
            session.commit()
"""


@pytest.mark.slow
def test_a_worker_killed_again_and_again_loses_no_post(archive: Archive) -> None:
    chance = random.Random(5)
    posts = {archive.post(f"texte {n}") for n in range(180)}
    with forks(DRAINER, archive.url, str(archive.index.path)) as workers:
        for _ in range(20):
            worker = workers.start()
            assert worker.printed.readline() == "ready\n"
            worker.kill_after(chance.uniform(0.005, 0.12))
            archive.session.rollback()
            waiting = set(archive.session.scalars(select(IndexQueue.post_id)))
            archive.session.rollback()
            fresh = WhooshIndex(archive.index.path)
            archive.index = fresh
            assert fresh.rebuilt_to() is None
            assert archive.found("texte") | waiting == posts
    archive.drain_all()
    assert archive.found("texte") == posts
    assert archive.index.status().indexed == len(posts)


def test_the_settings_choose_the_engine(tmp_path: Path, archive: Archive) -> None:
    values = {"PASSERELLE_DATA_DIR": str(tmp_path)}
    engine = archive.session.get_bind()
    assert isinstance(open_index(Settings.load(values), engine), WhooshIndex)
    with pytest.raises(SettingsError, match="PostgreSQL"):
        open_index(Settings.load(values | {"PASSERELLE_SEARCH": "postgresql"}), engine)
