"""`passerelle rebuild`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from forum.extensions import db
from forum.operations.lists import create_list
from forum.operations.repairs import undo_repairs
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post, PostSegment, Thread
from forum.storage.base import Base
from forum.storage.mail import IndexQueue
from forum.storage.translations import PostTranslation
from tests.commands.conftest import Run
from tests.factories import START, TITLES, Make

pytestmark = pytest.mark.slow

WRONG = "Le marchÃ© de printemps aura lieu Ã  la mairie, dâ€™aprÃ¨s le compte rendu dâ€™hier.\n"


def contents(app: Flask, *tables: type[Base]) -> list[Any]:
    """All rows, as values."""
    with app.app_context():
        return [
            sorted(str(tuple(row)) for row in db.session.execute(select(table.__table__)))
            for table in tables or (Post, PostSegment, PostTranslation, Thread, IndexQueue)
        ]


def spoil(app: Flask) -> None:
    """As an older version would have left the archive."""
    with app.app_context():
        values = {"html": "", "excerpt": "", "subject": "?", "base_subject": "?", "language": "und"}
        db.session.execute(update(Post).values(position=0, depth=0, **values))
        db.session.execute(update(PostSegment).values(role="reply", language="und", text="?"))
        db.session.execute(update(Thread).values(post_count=0, languages=""))
        db.session.commit()


def test_rebuilding_a_fresh_archive_changes_nothing(app: Flask, run: Run) -> None:
    run("demo")
    before = contents(app)
    done = run("rebuild", "--json").json
    assert (done["changed"], done["moved"]) == (0, 0)
    assert done["posts"] > 20
    assert contents(app) == before


def test_rebuilding_makes_good_what_an_older_version_read_badly(app: Flask, run: Run) -> None:
    run("demo")
    before = contents(app, Post, PostSegment, Thread)
    spoil(app)
    done = run("rebuild", "--json").json
    assert done["changed"] == done["posts"]
    run("rebuild")
    assert contents(app, Post, PostSegment, Thread) == before


def test_one_list_alone_is_rebuilt(app: Flask, run: Run) -> None:
    run("demo")
    with app.app_context():
        create_list(db.session(), "vide@lists.example.org", TITLES, START)
        db.session.commit()
    assert run("rebuild", "vide", "--json").json["posts"] == 0
    assert "nulle-part" in run("rebuild", "nulle-part", status=2).err


def test_what_moderators_decided_stays(app: Flask, run: Run) -> None:
    with app.app_context():
        make = Make(db.session())
        found = make.mailing_list()
        first = make.post(found, subject="Marché")
        parent = first.message_id
        split = make.post(found, subject="Re: Marché", in_reply_to=parent, text="Autre chose.\n")
        repaired = make.post(found, subject="Re: Marché", in_reply_to=parent, text=WRONG)
        split.pinned_parent_id = split.id
        repaired.state = "hidden"
        make.session.flush()
        rethread(make.session, found, {split.thread_id}, START + timedelta(days=9))
        first.thread.subject = "Le marché de printemps"
        undo_repairs(make.session, repaired, None, START + timedelta(days=9))
        refresh_summaries(make.session, {first.thread_id, split.thread_id})
        make.commit()
        assert split.thread_id != first.thread_id
    before = contents(app, Post, PostSegment, Thread)
    assert run("rebuild", "--json").json["changed"] == 0
    assert contents(app, Post, PostSegment, Thread) == before


def test_a_post_whose_bytes_are_gone_stays_as_it_is(app: Flask, run: Run) -> None:
    with app.app_context():
        make = Make(db.session())
        make.post(make.mailing_list()).raw_id = None
        make.commit()
    spoil(app)
    assert run("rebuild", "--json").json == {"posts": 1, "changed": 0, "moved": 0}
