"""What leaves as data is what the API gives, and what leaves as pages can be read anywhere."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.cli import main
from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.publishing import publish
from forum.operations.synthesis import write_synthesis
from forum.operations.tokens import issue_api_token
from forum.operations.translation import write_translation
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from tests.factories import START, Make

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "archives.schema.json"


@pytest.fixture
def export(app: Flask, session: Session, make: Make, tmp_path: Path) -> Any:
    mailing_list = make.mailing_list("ancrage", visibility="private")
    first = make.post(mailing_list, text="Bonjour à tous, écrivez à awa@example.org.\n")
    make.post(
        mailing_list, text="> Bonjour à tous\n\n=1+1 dit Ana.\n", in_reply_to=first.message_id
    )
    hidden = make.post(mailing_list, subject="Hidden", text="Nobody sees this sentence.\n")
    hidden.state = PostState.HIDDEN
    make.commit()

    def run(name: str, *arguments: object) -> Result:
        words = ["export", "ancrage", str(tmp_path / name), *map(str, arguments)]
        return CliRunner().invoke(
            main, words, obj=ScriptInfo(create_app=lambda: app), catch_exceptions=False
        )

    return run


def test_a_line_is_what_the_api_gives_and_what_the_schema_says(
    export: Any, tmp_path: Path, make: Make, session: Session, client: FlaskClient
) -> None:
    assert export("a.jsonl", "--format", "jsonl").stdout == "exported=2\n"
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) for line in lines]
    account = make.account("admin@example.org", is_admin=True)
    token = issue_api_token(session, account, "read", START)
    make.commit()
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for post in posts:
        answer = client.get(
            f"/api/v1/posts/{post['id']}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.get_json() == post
        assert set(post) == set(schema["properties"]) - {"synthesis"} == set(schema["required"])


@pytest.fixture
def translated(export: Any, session: Session, make: Make) -> Post:
    """The first post, which somebody translated."""
    post = session.scalars(select(Post).order_by(Post.id)).first()
    assert post is not None
    luc = make.account("luc@example.net", name="Luc")
    write_translation(session, post, "es", "Escriba a awa@example.org.", START, luc)
    make.commit()
    return post


def test_translations_leave_with_their_posts(export: Any, tmp_path: Path, translated: Post) -> None:
    assert export("a.jsonl", "--format", "jsonl").stdout == "exported=2\n"
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line)["translations"] for line in lines)
    assert second == []
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]["translations"]["items"]
    assert set(first[0]) == set(schema["properties"]) == set(schema["required"])
    assert (first[0]["text"], first[0]["translator"]) == (
        "Escriba a awa@example.org.",
        {"name": "Luc"},
    )


def test_a_page_shows_translations_below_their_posts(
    export: Any, tmp_path: Path, translated: Post
) -> None:
    export("pages", "--format", "html")
    page = (tmp_path / "pages" / "threads" / f"{translated.thread_id}.html").read_text("utf-8")
    assert "translated by Luc" in page
    assert '<div lang="es">' in page
    assert page.index("Bonjour") < page.index("Escriba")
    assert "awa@example.org" not in page


@pytest.fixture
def summed_up(export: Any, session: Session, make: Make) -> Post:
    """The first post of the thread, which has a synthesis in two languages."""
    post = session.scalars(select(Post).order_by(Post.id)).first()
    assert post is not None
    marta = make.moderator(post.mailing_list, "marta@example.net", name="Marta")
    luc = make.account("luc@example.net", name="Luc")
    written = [
        ("fr", "D’abord.", marta),
        ("fr", "Selon #1, écrire à ana@example.net.", luc),
        ("en", "As #1 says.", marta),
    ]
    for days, (language, text, account) in enumerate(written):
        at = START + timedelta(days=days)
        write_synthesis(session, post.thread, language, text, at, account)
    make.commit()
    return post


def test_a_synthesis_leaves_with_all_its_versions_beside_the_first_post_of_its_thread(
    export: Any, tmp_path: Path, summed_up: Post
) -> None:
    assert export("a.jsonl", "--format", "jsonl").stdout == "exported=2\n"
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert "synthesis" not in second
    told = [
        (one["language"], one["author"]["name"], one["written_at"], one["current"])
        for one in first["synthesis"]
    ]
    assert told == [
        ("fr", "Marta", "2010-03-01T09:00:00Z", False),
        ("fr", "Luc", "2010-03-02T09:00:00Z", True),
        ("en", "Marta", "2010-03-03T09:00:00Z", True),
    ]
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]["synthesis"]["items"]
    for one in first["synthesis"]:
        assert set(one) == set(schema["properties"]) == set(schema["required"])
    assert first["synthesis"][2]["translated_from"] == "fr"


def test_a_page_shows_the_synthesis_first_and_its_earlier_versions_folded(
    export: Any, tmp_path: Path, summed_up: Post
) -> None:
    export("pages", "--format", "html")
    page = (tmp_path / "pages" / "threads" / f"{summed_up.thread_id}.html").read_text("utf-8")
    assert (
        page.index("Selon")
        < page.index("<details>")
        < page.index("D’abord")
        < page.index("<article")
    )
    assert f'<a href="#p{summed_up.id}"' in page
    assert "Luc" in page
    assert "2010-03-02 09:00" in page
    assert "ana@example.net" not in page


def test_a_table_opens_in_a_spreadsheet_and_runs_nothing(export: Any, tmp_path: Path) -> None:
    export("a.csv", "--format", "csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["author"] for row in rows] == ["Awa Ndiaye", "Awa Ndiaye"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_copy_in_pages_hides_addresses_and_carries_a_search(export: Any, tmp_path: Path) -> None:
    assert export("copy", "--format", "html").exit_code == 0
    files = [path for path in (tmp_path / "copy").iterdir() if path.is_file()]
    pages = {path.name: path.read_text(encoding="utf-8") for path in files}
    threads = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "copy/threads").iterdir())
    assert "Bonjour" in threads
    assert "Bonjour" in pages["posts.js"]
    assert "2010.html" in pages
    assert "search.js" in pages["index.html"]
    assert '<p id="none" hidden>Nothing found.</p>' in pages["index.html"]
    assert pages["kin.js"].startswith("window.KIN = [")
    everything = threads + "".join(pages.values())
    assert "awa@example.org" not in everything
    assert "Nobody sees" not in everything


def test_a_copy_in_pages_leaves_out_files_that_hold_addresses(
    app: Flask, session: Session, make: Make, tmp_path: Path, export: Any
) -> None:
    mailing_list = session.scalars(select(MailingList)).one()
    raw = (
        b"From: Awa Ndiaye <awa@example.org>\nSubject: Two files\nMessage-ID: <f@example.org>\n"
        b"Date: Mon, 01 Mar 2010 10:00:00 +0000\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHere.\n"
        b"--b\nContent-Type: text/plain; name=plan.txt\n"
        b"Content-Disposition: attachment; filename=plan.txt\n\nThe plan\n"
        b"--b\nContent-Type: application/octet-stream; name=members.csv\n"
        b"Content-Disposition: attachment; filename=members.csv\n\nAna;ana@example.org\n--b--\n"
    )
    publish(session, mailing_list, parse(raw, START), START, source=Source.IMPORT, mail=False)
    session.commit()
    assert export("copy", "--format", "html").exit_code == 0
    written = [path for path in (tmp_path / "copy/attachments").rglob("*") if path.is_file()]
    assert [path.name for path in written] == ["0-plan.txt"]
    pages = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "copy/threads").iterdir())
    assert "members.csv: " in pages
    assert "0-plan.txt" in pages


def test_what_is_hidden_leaves_a_copy_that_is_written_again_and_other_files_stay(
    session: Session, export: Any, tmp_path: Path
) -> None:
    assert export("copy", "--format", "html").exit_code == 0
    threads = sorted(path.name for path in (tmp_path / "copy/threads").iterdir())
    assert len(threads) == 1
    (tmp_path / "copy/threads/mine.html").write_text("mine", encoding="utf-8")
    (tmp_path / "copy/CNAME").write_text("archive.example.org", encoding="utf-8")
    for post in session.scalars(select(Post)):
        post.state = PostState.HIDDEN
    session.commit()
    assert export("copy", "--format", "html").exit_code == 0
    assert [path.name for path in (tmp_path / "copy/threads").iterdir()] == ["mine.html"]
    assert not (tmp_path / "copy/2010.html").exists()
    assert (tmp_path / "copy/CNAME").exists()
    assert (tmp_path / "copy/index.html").exists()


def test_a_part_can_be_asked_for(export: Any, tmp_path: Path) -> None:
    def posts(*arguments: object) -> int:
        export("part.jsonl", "--format", "jsonl", *arguments)
        return len((tmp_path / "part.jsonl").read_text(encoding="utf-8").splitlines())

    assert posts("--after", "2009") == 2
    assert posts("--after", "2010-03") == 0
    assert posts("--before", "2010-03") == 0
    assert posts("--before", "2010-03-02") == 2
    assert export("x", "--thread", 999).exit_code == 2
    assert export("x", "--after", "spring").exit_code == 2


def test_an_unknown_list_and_an_impossible_file_are_refused(export: Any, tmp_path: Path) -> None:
    assert export("nowhere/a.mbox").exit_code == 1
    (tmp_path / "folder").mkdir()
    assert export("folder").exit_code == 2
    (tmp_path / "file").write_bytes(b"")
    assert export("file", "--format", "maildir").exit_code == 2
