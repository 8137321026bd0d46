"""`passerelle held` and `passerelle audit`."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations.posting import Held, post
from forum.storage.archive import Post
from forum.storage.lists import list_by_slug
from forum.storage.mail import Notice
from tests.commands.conftest import Run, one_line
from tests.factories import START, mail


@pytest.fixture
def held_ids(app: Flask, run: Run, ancrage: str) -> list[int]:
    """Three messages of strangers."""
    ids = []
    with app.app_context():
        mailing_list = list_by_slug(db.session(), ancrage)
        assert mailing_list is not None
        for number in range(3):
            raw = mail(
                subject=f"Question {number}",
                text=f"Une question numéro {number} pour vous toutes et tous.\n",
                author=f"Zoé <zoe{number}@example.net>",
                message_id=f"q{number}@example.net",
            )
            outcome = post(
                db.session(),
                mailing_list,
                parse(raw, START),
                START,
                max_bytes=10**6,
                source=Source.EMAIL,
            )
            assert isinstance(outcome, Held)
            ids.append(outcome.held_id)
        db.session.commit()
    return ids


def test_ls_tells_id_reasons_subject_and_author(run: Run, held_ids: list[int]) -> None:
    rows = run("held", "ls", "--json").json
    assert [row["id"] for row in rows] == held_ids
    assert rows[0]["reasons"] == ["stranger"]
    assert rows[0]["subject"] == "Question 0"
    assert rows[0]["author"] == "zoe0@example.net"
    assert run("held", "ls", "ancrage").out.splitlines()[0].split("\t")[0] == str(held_ids[0])


def test_accepted_messages_are_posted_and_wait_no_longer(
    app: Flask, run: Run, held_ids: list[int]
) -> None:
    run("held", "accept", *map(str, held_ids[:2]))
    assert [row["id"] for row in run("held", "ls", "--json").json] == held_ids[2:]
    with app.app_context():
        assert set(db.session.scalars(select(Post.subject))) == {"Question 0", "Question 1"}


def test_a_rejected_author_is_told_the_reason_and_a_discarded_one_nothing(
    app: Flask, run: Run, held_ids: list[int]
) -> None:
    run("held", "reject", str(held_ids[0]), "--reason", "Hors sujet")
    run("held", "discard", str(held_ids[1]))
    with app.app_context():
        told = db.session.scalars(
            select(Notice).where(Notice.kind == "rejected").order_by(Notice.id)
        ).all()
        assert [(one.recipient, one.params["reason"]) for one in told] == [
            ("zoe0@example.net", "Hors sujet")
        ]
        assert db.session.scalars(select(Post)).all() == []
    decided = [one for one in run("audit", "--json").json if one["target"].startswith("held")]
    assert [(one["action"], one["account"]) for one in decided] == [
        ("reject", None),
        ("discard", None),
    ]
    assert decided[0]["details"]["reason"] == "Hors sujet"


def test_a_message_is_decided_once(run: Run, held_ids: list[int]) -> None:
    first, second = map(str, held_ids[:2])
    run("held", "discard", first)
    assert one_line(run("held", "accept", first, second, status=1))
    assert [row["id"] for row in run("held", "ls", "--json").json] == held_ids[2:]


def test_an_unknown_id_changes_nothing(run: Run, held_ids: list[int]) -> None:
    assert one_line(run("held", "accept", str(held_ids[0]), "99999", status=2))
    assert len(run("held", "ls", "--json").json) == 3
    assert one_line(run("held", "accept", "x", status=2))
    assert one_line(run("held", "accept", "99999999999999999999", status=2))
    assert one_line(run("held", "reject", "0", status=2))
    assert one_line(run("held", "ls", "unknown", status=2))
    assert one_line(run("audit", "unknown", status=2))
