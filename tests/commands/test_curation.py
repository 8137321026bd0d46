"""`passerelle thread`, `post`, `undo` and `audit`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from forum.domain.mbox import mbox_entry
from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations.publishing import publish
from forum.storage.archive import Post, Thread
from forum.storage.lists import list_by_slug
from tests.commands.conftest import Run, one_line
from tests.factories import START, mail

pytestmark = pytest.mark.slow


@pytest.fixture
def archive(app: Flask, tmp_path: Path, run: Run, ancrage: str) -> Path:
    """An archive of `a .b ..c` and `x`, whose messages are posts already."""
    raws = [
        mail(
            subject="Re: Sujet a" if parents else f"Sujet {name}",
            text=f"Ce que {name} propose pour le printemps.\n",
            message_id=f"{name}@example.org",
            references=" ".join(f"{one}@example.org" for one in parents.split()),
        )
        for name, parents in (("a", ""), ("b", "a"), ("c", "a b"), ("x", ""))
    ]
    with app.app_context():
        mailing_list = list_by_slug(db.session(), ancrage)
        assert mailing_list is not None
        for raw in raws:
            publish(
                db.session(), mailing_list, parse(raw, START), START,
                source=Source.EMAIL, mail=False,
            )  # fmt: skip
        db.session.commit()
    path = tmp_path / "archive.mbox"
    path.write_bytes(b"".join(mbox_entry(raw, START) for raw in raws))
    return path


def threads(app: Flask) -> dict[int, list[int]]:
    """Posts by thread."""
    with app.app_context():
        found: dict[int, list[int]] = {}
        for post in db.session.query(Post).order_by(Post.thread_id, Post.position):
            found.setdefault(post.thread_id, []).append(post.id)
        return found


def numbers(run: Run, app: Flask) -> tuple[dict[str, int], dict[str, int]]:
    """Posts and threads by the letter of their message."""
    with app.app_context():
        rows = db.session.query(Post).all()
        return (
            {row.message_id[0]: row.id for row in rows},
            {row.message_id[0]: row.thread_id for row in rows},
        )


def test_split_prints_the_thread_and_the_decision_and_undo_takes_it(
    app: Flask, run: Run, archive: Path
) -> None:
    posts, at = numbers(run, app)
    before = threads(app)
    lines = run("thread", "split", str(posts["b"]), "--subject", "Le train").out.splitlines()
    new, audit = (int(line) for line in lines[-2:])
    assert threads(app)[new] == [posts["b"], posts["c"]]
    assert threads(app)[at["a"]] == [posts["a"]]
    # A second import changes nothing of it.
    assert "stored=0 duplicate=4" in run("import", "ancrage", str(archive)).last
    run("rebuild", "ancrage")
    assert threads(app)[new] == [posts["b"], posts["c"]]
    undone = int(run("undo", str(audit)).last)
    assert undone > audit
    assert threads(app) == before
    actions = [row["action"] for row in run("audit", "ancrage", "--json").json]
    assert actions[-2:] == ["split", "undo"]


def test_alone_leaves_the_answers(app: Flask, run: Run, archive: Path) -> None:
    posts, at = numbers(run, app)
    new = int(run("thread", "split", str(posts["b"]), "--alone").out.splitlines()[-2])
    assert threads(app)[new] == [posts["b"]]
    assert threads(app)[at["a"]] == [posts["a"], posts["c"]]


def test_every_decision_prints_its_number_alone_and_is_undone(
    app: Flask, run: Run, archive: Path
) -> None:
    run("list", "create", "autre@lists.example.org", "--title-fr", "Autre", "--title-en", "Other",
        "--title-es", "Otra")  # fmt: skip
    posts, at = numbers(run, app)
    a, x = str(at["a"]), str(at["x"])
    before = threads(app)
    for words in (
        ("thread", "merge", x, a),
        ("thread", "move", a, "autre"),
        ("thread", "retitle", a, "Le printemps"),
        ("thread", "retitle", a, "--fr", "Le printemps", "--es", "La primavera"),
        ("thread", "pin", a),
        ("thread", "close", a),
        ("thread", "tag", a, "eau, énergie"),
        ("thread", "label", a, "debate"),
        ("post", "reparent", str(posts["x"]), str(posts["c"])),
        ("post", "hide", str(posts["c"])),
    ):
        audit = run(*words).last
        assert audit.isdigit()
        assert run("audit", "--json").json[-1]["action"] == words[1]
        run("undo", audit)
    assert threads(app) == before
    for one, two in (("pin", "unpin"), ("close", "reopen")):
        run("thread", one, a)
        assert run("thread", two, a).last.isdigit()
    run("post", "hide", str(posts["c"]))
    assert run("post", "restore", str(posts["c"])).last.isdigit()
    run("thread", "tag", a, "eau")
    assert run("thread", "untag", a, "eau").last.isdigit()


def test_what_was_removed_is_not_imported_again(app: Flask, run: Run, archive: Path) -> None:
    posts, _ = numbers(run, app)
    audit = run("post", "remove", str(posts["b"]), "--reason", "Adresse privée").last
    assert (
        "read=4 stored=0 duplicate=4 quarantined=0" in run("import", "ancrage", str(archive)).last
    )
    refused = run("undo", audit, status=1)
    assert one_line(refused)
    with app.app_context():
        assert db.session.get_one(Post, posts["b"]).state == "removed"


def test_what_was_moved_is_not_imported_again_and_answers_follow(
    app: Flask, run: Run, archive: Path, tmp_path: Path
) -> None:
    run("list", "create", "autre@lists.example.org", "--title-fr", "Autre", "--title-en", "Other",
        "--title-es", "Otra", "--visibility", "private")  # fmt: skip
    posts, at = numbers(run, app)
    run("thread", "move", str(at["a"]), "autre")
    answers = [
        mail(subject="Encore", text="Une réponse.\n", message_id="d@example.org",
             in_reply_to="c@example.org"),
        mail(subject="Toujours", text="Une autre réponse.\n", message_id="e@example.org",
             in_reply_to="d@example.org"),
    ]  # fmt: skip
    more = tmp_path / "more.mbox"
    more.write_bytes(archive.read_bytes() + b"".join(mbox_entry(one, START) for one in answers))
    assert "read=6 stored=2 duplicate=4 quarantined=0" in run("import", "ancrage", str(more)).last
    posts, _ = numbers(run, app)
    assert threads(app)[at["a"]] == [posts[name] for name in "abcde"]
    assert "read=6 stored=0 duplicate=6 quarantined=0" in run("import", "ancrage", str(more)).last


def test_a_later_decision_in_the_way_is_named(app: Flask, run: Run, archive: Path) -> None:
    posts, _ = numbers(run, app)
    first = run("thread", "split", str(posts["b"])).last
    second = run("post", "reparent", str(posts["b"]), str(posts["x"])).last
    refused = run("undo", first, status=1)
    assert one_line(refused)
    assert f"decision {second} " in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("thread", "split", "999"),
        ("thread", "merge", "1", "999"),
        ("thread", "move", "1", "nowhere"),
        ("thread", "retitle", "1"),
        ("thread", "tag", "1", "<b>"),
        ("thread", "label", "1", "conclude"),
        ("post", "hide", "x"),
        ("post", "reparent", "1", "999"),
        ("undo", "999"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, archive: Path, words: tuple[str, ...]) -> None:
    assert one_line(run(*words, status=2))


def test_what_cannot_be_done_exits_1(app: Flask, run: Run, archive: Path) -> None:
    posts, at = numbers(run, app)
    for words in (
        ("thread", "split", str(posts["a"])),
        ("thread", "merge", str(at["a"]), str(at["a"])),
        ("thread", "unpin", str(at["a"])),
        ("post", "reparent", str(posts["a"]), str(posts["c"])),
        ("post", "restore", str(posts["a"])),
    ):
        assert one_line(run(*words, status=1)), words
    with app.app_context():
        assert db.session.query(Thread).filter(Thread.pinned).count() == 0
