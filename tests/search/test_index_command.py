"""`passerelle index`."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from sqlalchemy import delete

from forum.commands.index import index_group
from forum.config import search_index
from forum.domain.query import parse
from forum.storage.mail import IndexQueue
from tests.factories import Make


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(index_group, arguments)
    return result.exit_code, result.output


def status(app: Flask) -> dict[str, Any]:
    code, output = run(app, "status", "--json")
    assert code == 0
    assert output.count("\n") == 1
    found: dict[str, Any] = json.loads(output)
    return found


def test_status_before_and_after_the_first_build(app: Flask, make: Make) -> None:
    make.post(make.mailing_list(), text="Une épicerie solidaire.\n")
    make.commit()
    before = status(app)
    assert {name: before[name] for name in ("engine", "posts", "indexed", "pending")} == {
        "engine": "whoosh",
        "posts": 1,
        "indexed": 0,
        "pending": 1,
    }
    code, output = run(app, "rebuild", "--json")
    assert code == 0
    after = json.loads(output)
    assert (after["indexed"], after["pending"], after["rebuilding"]) == (1, 0, False)
    assert after["bytes"] > 0


def test_a_rebuild_needs_no_queue(app: Flask, make: Make) -> None:
    mailing_list = make.mailing_list()
    post = make.post(mailing_list, text="Une épicerie solidaire.\n")
    make.session.execute(delete(IndexQueue))
    make.commit()
    code, output = run(app, "rebuild")
    assert code == 0
    assert "indexed: 1" in output
    hits = search_index().find(parse("epicerie"), frozenset({mailing_list.id})).hits
    assert [hit.post_id for hit in hits] == [post.id]


def test_a_rebuild_while_another_writes_says_so(app: Flask, make: Make) -> None:
    with search_index().writing():
        code, output = run(app, "rebuild")
    assert code == 1
    assert "another process" in output
    assert output.count("\n") == 1
