"""Archives in and out: counts that add up, the same threads in any order, the same bytes again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from forum.cli import main
from forum.domain.mbox import mbox_entry
from forum.domain.message import parse
from forum.domain.mirroring_lines import line_key
from forum.domain.values import Source
from forum.operations.publishing import publish
from forum.operations.quarantine import put_aside
from forum.storage.archive import Post, Thread
from forum.storage.imports import ImportSource, OldAddress, QuarantinedMessage
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, IndexQueue, Notice
from forum.storage.mirror import MirrorLine
from forum.storage.people import Account, Author
from mailbridge.archive import child
from mailbridge.archive.child import Workers
from mailbridge.archive.finishing import open_source
from mailbridge.archive.found import Found
from mailbridge.archive.importer import Importer
from mailbridge.archive.old_pages import hyperkitty_key
from tests.factories import START, Make, mail
from tests.forks import forks

pytestmark = pytest.mark.slow

ARRIVED = START + timedelta(days=400)


def a_discussion(count: int = 24, seed: int = 3) -> list[bytes]:
    """Threads with late parents, unseen parents, missing ids and answers known by subject alone."""
    chance = random.Random(seed)
    raws = []
    for number in range(count):
        parents = chance.sample(range(number), min(number, chance.choice((0, 1, 1, 2))))
        ids = [f"m{one}@example.org" for one in sorted(parents)]
        if chance.random() < 0.15:
            ids.append(f"unseen{chance.randrange(3)}@example.org")
        answers = bool(ids) or chance.random() < 0.3
        subject = f"Sujet {chance.randrange(4)}"
        raws.append(
            mail(
                subject=f"Re: {subject}" if answers else subject,
                text=f"Voici le message numéro {number} de la discussion.\n",
                author=f"Personne {number % 5} <p{number % 5}@example.org>",
                to=f"p{number % 7}@example.org",
                message_id="" if chance.random() < 0.1 else f"m{number}@example.org",
                references=" ".join(ids),
                date=START + timedelta(hours=number),
            )
        )
    return raws


def write_mbox(path: Path, raws: list[bytes]) -> Path:
    path.write_bytes(b"".join(mbox_entry(raw, ARRIVED) for raw in raws))
    return path


@dataclass
class Site:
    app: Flask
    session: Session
    make: Make

    def run(self, *arguments: object) -> Result:
        self.session.rollback()
        self.session.expire_all()
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, words, obj=_info(self.app), catch_exceptions=False)

    def take_in(self, *arguments: object, slug: str = "ancrage") -> dict[str, Any]:
        result = self.run("import", slug, *arguments, "--json")
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        assert found["read"] == found["stored"] + found["duplicate"] + found["quarantined"]
        return found

    def posts(self, slug: str = "ancrage") -> list[Post]:
        self.session.expire_all()
        query = select(Post).join(MailingList).where(MailingList.slug == slug)
        return list(self.session.scalars(query.order_by(Post.content_digest)))

    def forest(self, slug: str = "ancrage") -> Any:
        """What the threads look like, told without numbers of rows."""
        posts = self.posts(slug)
        digests = {post.id: post.content_digest for post in posts}
        places = {
            post.content_digest: (digests.get(post.parent_id or 0), post.position, post.depth)
            for post in posts
        }
        threads: dict[int, set[str]] = {}
        for post in posts:
            threads.setdefault(post.thread_id, set()).add(post.content_digest)
        summaries = {
            frozenset(members): _summary(self.session.get_one(Thread, thread_id))
            for thread_id, members in threads.items()
        }
        return places, summaries


def _info(app: Flask) -> Any:
    from flask.cli import ScriptInfo

    return ScriptInfo(create_app=lambda: app)


def _summary(thread: Thread) -> Any:
    return (
        thread.post_count,
        thread.subject,
        thread.languages,
        thread.started_at,
        thread.last_post_at,
        thread.merged_into_id,
    )


@pytest.fixture
def site(app: Flask, session: Session, make: Make) -> Site:
    make.mailing_list("ancrage")
    make.commit()
    return Site(app, session, make)


def counts(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return found["read"], found["stored"], found["duplicate"], found["quarantined"]


def test_an_import_gives_what_messages_one_by_one_would(site: Site, tmp_path: Path) -> None:
    raws = a_discussion(40)
    other = site.make.mailing_list("autre")
    for raw in raws:
        submission = parse(raw, ARRIVED)
        publish(site.session, other, submission, ARRIVED, source=Source.IMPORT, mail=False)
    site.make.commit()
    path = write_mbox(tmp_path / "a.mbox", raws)
    site.take_in(path, "--no-index")
    assert site.forest() == site.forest("autre")
    for ours, single in zip(site.posts(), site.posts("autre"), strict=True):
        for name in ("message_id", "subject", "language", "html", "public_html", "excerpt"):
            assert getattr(ours, name) == getattr(single, name), name
        for name in ("references", "people", "flags", "repairs", "date", "author_id", "source"):
            assert getattr(ours, name) == getattr(single, name), name
        assert [(p.role, p.language, p.text) for p in ours.segments] == [
            (p.role, p.language, p.text) for p in single.segments
        ]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_pieces_give_the_same_threads(
    site: Site, tmp_path: Path, seed: int
) -> None:
    raws = a_discussion(30, seed)
    site.take_in(write_mbox(tmp_path / "whole.mbox", raws), "--no-index")
    site.make.mailing_list("autre")
    site.make.commit()
    chance = random.Random(seed)
    shuffled = chance.sample(raws, len(raws))
    cut = chance.randrange(1, len(raws))
    for number, part in enumerate((shuffled[:cut], shuffled[cut:], shuffled[:3])):
        path = write_mbox(tmp_path / f"{number}.mbox", part)
        site.take_in(path, "--no-index", slug="autre")
    assert site.forest("autre") == site.forest()


def test_the_same_archive_twice_adds_nothing(site: Site, tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "a.mbox", a_discussion())
    assert counts(site.take_in(path, "--no-index")) == (24, 24, 0, 0)
    before = site.forest()
    assert counts(site.take_in(path, "--no-index")) == (24, 0, 24, 0)
    assert site.forest() == before


def test_copies_are_known_whatever_the_way_they_took(site: Site, tmp_path: Path) -> None:
    raw = mail(text="Bonjour à toutes.\n", message_id="1@example.org")
    copy = b"Received: from a by b; Mon, 1 Mar 2010 10:00:00 +0000\n" + raw
    other = mail(text="Tout autre chose.\n", message_id="1@example.org")
    path = write_mbox(tmp_path / "a.mbox", [raw, copy, raw.replace(b"\n", b"\r\n"), other])
    assert counts(site.take_in(path, "--no-index")) == (4, 2, 2, 0)
    ids = sorted(post.message_id for post in site.posts())
    assert len(set(ids)) == 2
    assert "1@example.org" in ids


def test_what_is_no_message_is_put_aside_with_its_bytes_and_place(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(b"An old note\n\n" + mbox_entry(mail(message_id="1@x.org"), ARRIVED))
    found = site.take_in(path, "--no-index")
    assert counts(found) == (2, 1, 0, 1)
    assert found["files"][str(path)]["quarantined"] == 1
    row = site.session.scalars(select(QuarantinedMessage)).one()
    assert (row.reason, row.ordinal, row.offset, row.file) == ("not-a-message", 0, 0, str(path))
    assert counts(site.take_in(path, "--no-index")) == (2, 0, 1, 1)
    assert site.session.scalar(select(func.count()).select_from(QuarantinedMessage)) == 1


def test_what_was_put_aside_can_be_tried_again(site: Site, tmp_path: Path) -> None:
    mailing_list = site.session.scalars(select(MailingList)).one()
    raw = mail(message_id="late@example.org")
    put_aside(
        site.session, mailing_list, raw, START,
        file="old.mbox", ordinal=4, offset=99, arrived_at=ARRIVED, reason="crash",
    )  # fmt: skip
    site.session.commit()
    assert counts(site.take_in("--retry", "--no-index")) == (1, 1, 0, 0)
    assert site.session.scalar(select(func.count()).select_from(QuarantinedMessage)) == 0
    assert [post.message_id for post in site.posts()] == ["late@example.org"]


def test_what_is_tried_again_keeps_the_addresses_of_its_old_archive(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "2009-April.txt"
    early = mbox_entry(mail(message_id="first@example.org"), ARRIVED)
    path.write_bytes(early + mbox_entry(b" \n\n", ARRIVED))
    site.take_in(path, "--no-index")
    row = site.session.scalars(select(QuarantinedMessage)).one()
    assert row.old_keys == ["pipermail/ancrage/2009-April/000001"]
    raw = mail(text="Plus tard.\n", message_id="late@example.org")
    put_aside(
        site.session, site.session.scalars(select(MailingList)).one(), raw, START,
        file=str(path), ordinal=1, offset=9, arrived_at=ARRIVED, reason="crash",
        old_keys=row.old_keys,
    )  # fmt: skip
    site.session.commit()
    site.take_in("--retry", "--no-index")
    (post,) = [one for one in site.posts() if one.message_id == "late@example.org"]
    keys = select(OldAddress.key).where(OldAddress.post_id == post.id)
    assert "pipermail/ancrage/2009-April/000001" in site.session.scalars(keys).all()


def test_what_was_put_aside_can_be_looked_at(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(b"An old note\n\n" + mbox_entry(mail(message_id="1@x.org"), ARRIVED))
    site.take_in(path, "--no-index")
    told = site.run("import", "ancrage", "--quarantine")
    assert told.exit_code == 0
    assert "not-a-message" in told.stdout and f"{path} number 1 at byte 0" in told.stdout
    assert told.stdout.endswith("quarantined=1\n")
    (piece,) = json.loads(site.run("import", "ancrage", "--quarantine", "--json").stdout)
    assert (piece["file"], piece["ordinal"], piece["offset"]) == (str(path), 0, 0)
    assert (piece["reason"], piece["size"]) == ("not-a-message", 13)
    assert piece["found_at"].startswith("20")
    assert site.run("import", "ancrage", path, "--quarantine").exit_code == 2
    assert site.run("import", "nobody", "--quarantine").exit_code == 2


def test_what_a_list_puts_before_subjects_is_no_part_of_them(site: Site, tmp_path: Path) -> None:
    site.make.mailing_list("atelier", subject_prefix="[Semences 44]")
    site.session.commit()
    raws = [
        mail(subject="[Semences 44] Tomates", message_id="m1@example.org"),
        mail(subject="Re: [Semences 44] Re: Tomates", message_id="m2@example.org"),
    ]
    site.take_in(write_mbox(tmp_path / "a.mbox", raws), "--no-index", slug="atelier")
    posts = site.posts("atelier")
    assert {post.base_subject for post in posts} == {"tomates"}
    assert {post.thread.subject for post in posts} == {"Tomates"}


def test_what_is_tried_again_on_a_mirrored_list_is_the_outside_lists_mail(site: Site) -> None:
    outside = "atelier@listes.example.net"
    mailing_list = site.make.mailing_list(
        "atelier",
        mode="mirrored",
        upstream_address=outside,
        bridge_address="pont@lists.example.org",
    )
    raw = mail(
        author=f"Luz Vega via Atelier <{outside}>", to=outside, subject="[atelier] Semences",
        text="D'accord.\n", message_id="late@example.org", Reply_To="Luz Vega <luz@example.net>",
    )  # fmt: skip
    put_aside(
        site.session, mailing_list, raw, START,
        file="old.mbox", ordinal=4, offset=99, arrived_at=ARRIVED, reason="crash",
    )  # fmt: skip
    site.session.commit()
    assert counts(site.take_in("--retry", "--no-index", slug="atelier")) == (1, 1, 0, 0)
    (post,) = site.posts("atelier")
    assert (post.subject, post.author_name) == ("Semences", "Luz Vega")
    assert [one.email for one in post.author.addresses] == ["luz@example.net"]


def test_a_short_imported_answer_bears_none_of_the_outside_lists_lines(
    site: Site, tmp_path: Path
) -> None:
    outside = "atelier@listes.example.net"
    mailing_list = site.make.mailing_list(
        "atelier",
        mode="mirrored",
        upstream_address=outside,
        bridge_address="pont@lists.example.org",
    )
    line = "::: gazette des ateliers"
    site.session.add(
        MirrorLine(
            mailing_list_id=mailing_list.id, place="tail", key=line_key(line), shown=line,
            messages=9, authors=[], first_number=1, learned_at=START, is_certain=True,
        )
    )  # fmt: skip
    site.session.commit()
    question = "Qui peut apporter des graines de tomates à la réunion de samedi ?\n"
    raws = [
        mail(text=f"{text}\n{line}\n", message_id=f"m{number}@example.org", in_reply_to=parent)
        for number, (text, parent) in enumerate([(question, ""), ("Moi.\n", "m0@example.org")])
    ]
    site.take_in(write_mbox(tmp_path / "a.mbox", raws), "--no-index", slug="atelier")
    for post in site.posts("atelier"):
        shown = [one.text for one in post.segments if one.role == "reply"]
        assert shown and not any("gazette" in text for text in shown)


def test_an_import_mails_nobody_and_opens_nothing(site: Site, tmp_path: Path) -> None:
    mailing_list = site.session.scalars(select(MailingList)).one()
    mailing_list.visibility = "private"
    site.make.subscriber(mailing_list, "p1@example.org")
    site.make.commit()
    site.take_in(write_mbox(tmp_path / "a.mbox", a_discussion()), "--no-index")
    assert site.session.scalar(select(func.count()).select_from(Delivery)) == 0
    assert site.session.scalar(select(func.count()).select_from(Notice)) == 0
    assert site.session.scalars(select(MailingList.visibility)).one() == "private"


def test_a_list_that_it_makes_is_private(site: Site, tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "a.mbox", a_discussion(3))
    assert site.run("import", "neuve", path).exit_code == 2
    assert site.run("import", "neuve", path, "--create", "autre@example.org").exit_code == 2
    site.take_in(path, "--create", "neuve@lists.example.org", "--no-index", slug="neuve")
    query = select(MailingList.visibility).where(MailingList.slug == "neuve")
    assert site.session.scalar(query) == "private"


def test_authors_are_people_named_by_their_newest_mail(site: Site, tmp_path: Path) -> None:
    raws = [
        mail(author=f"{name} <Awa@Example.org>", message_id=f"{day}@x", date=START + timedelta(day))
        for day, name in ((2, "Awa Ndiaye-Roy"), (1, "Awa Ndiaye"), (0, "awa"))
    ]
    site.take_in(write_mbox(tmp_path / "a.mbox", raws), "--no-index")
    assert site.session.scalars(select(Author.name)).all() == ["Awa Ndiaye-Roy"]
    assert site.session.scalar(select(func.count()).select_from(Account)) == 0


def test_it_is_searchable_when_the_command_returns(
    site: Site, tmp_path: Path, client: FlaskClient
) -> None:
    site.take_in(write_mbox(tmp_path / "a.mbox", a_discussion(5)))
    assert site.session.scalar(select(func.count()).select_from(IndexQueue)) == 0
    found = client.get("/api/v1/search?q=discussion").get_json()
    assert found["total"] == 5


def test_what_was_broken_off_is_put_in_order_once_and_not_with_every_later_import(
    site: Site, tmp_path: Path
) -> None:
    mailing_list = site.session.scalars(select(MailingList)).one()
    gone = write_mbox(tmp_path / "gone.mbox", [])
    for name in ("-", str(gone)):
        left = open_source(site.session, mailing_list, Path(name), START)
        site.session.commit()
        with Workers(1) as workers:
            raws = [
                mail(
                    text=name,
                    message_id=f"{name[-1]}{number}@example.org",
                    date=START + timedelta(hours=number),
                )
                for number in range(3)
            ]
            pieces = [Found(raw, name, number, 0) for number, raw in enumerate(raws)]
            Importer(site.session, mailing_list, left, workers, START).run(iter(pieces))
    site.session.execute(delete(IndexQueue))
    site.session.commit()
    for number, queued in enumerate((1 + 6, 1, 1)):
        raw = mail(message_id=f"later{number}@example.org", subject=f"Autre {number}")
        site.take_in(write_mbox(tmp_path / f"{number}.mbox", [raw]), "--no-index")
        assert site.session.scalar(select(func.count()).select_from(IndexQueue)) == queued
        site.session.execute(delete(IndexQueue))
        site.session.commit()
    assert all(post.thread.post_count for post in site.posts())
    unfinished = select(ImportSource.path).where(ImportSource.finished_at.is_(None))
    assert site.session.scalars(unfinished).all() == [str(gone)]


def test_what_is_tried_again_leaves_the_rest_of_the_list_as_it_is(
    site: Site, tmp_path: Path
) -> None:
    site.take_in(write_mbox(tmp_path / "a.mbox", a_discussion(5)), "--no-index")
    site.session.execute(delete(IndexQueue))
    site.session.commit()
    site.take_in("--retry", "--no-index")
    assert site.session.scalar(select(func.count()).select_from(IndexQueue)) == 0


def test_garbage_on_the_standard_input_leaves_nothing_behind(site: Site) -> None:
    site.session.rollback()
    words = ["import", "neuf", "-", "--create", "neuf@example.org"]
    result = CliRunner().invoke(main, words, obj=_info(site.app), input=b"\0\1garbage\n" * 9)
    assert result.exit_code == 2
    assert site.session.scalars(select(MailingList.slug)).all() == ["ancrage"]
    assert site.session.scalars(select(ImportSource)).all() == []
    raw = mbox_entry(mail(message_id="in@example.org"), ARRIVED)
    site.session.rollback()
    result = CliRunner().invoke(main, [*words, "--no-index"], obj=_info(site.app), input=raw)
    assert result.exit_code == 0
    assert [post.message_id for post in site.posts("neuf")] == ["in@example.org"]


def test_without_index_it_is_left_to_the_worker(site: Site, tmp_path: Path) -> None:
    site.take_in(write_mbox(tmp_path / "a.mbox", a_discussion(5)), "--no-index")
    assert site.session.scalar(select(func.count(IndexQueue.post_id.distinct()))) == 5


def test_what_is_no_archive_is_refused_and_nothing_is_stored(site: Site, tmp_path: Path) -> None:
    good = write_mbox(tmp_path / "good.mbox", a_discussion(3))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    result = site.run("import", "ancrage", good, photo)
    assert result.exit_code == 2
    assert "photo.jpg is no archive" in result.stderr
    assert site.posts() == []
    assert site.run("import", "ancrage").exit_code == 2


def test_a_dry_run_tells_and_stores_nothing(site: Site, tmp_path: Path) -> None:
    raws = [*a_discussion(12), b"Subject: no date\n\nhm\n", b"From: a@b.org\n\nno subject\n"]
    path = write_mbox(tmp_path / "a.mbox", [*raws, raws[0]])
    result = site.run("import", "ancrage", path, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "read=15 stored=14 duplicate=1 quarantined=0"
    assert "no date" in result.stdout
    assert "bad-date" in result.stdout
    assert site.posts() == []


def a_scan(page: str, message_id: str = "") -> bytes:
    """What a scanner sends: always the same words and second, and a file."""
    head = "From: Scanner <scan@example.org>\nSubject: Scan\nMIME-Version: 1.0\n"
    head += "Date: Mon, 04 Jan 2010 10:00:00 +0000\n"
    head += f"Message-ID: <{message_id}>\n" if message_id else ""
    body = "--b\nContent-Type: text/plain\n\nVoir le fichier.\n"
    if page:
        body += "--b\nContent-Type: text/plain; name=page.txt\n"
        body += f"Content-Disposition: attachment; filename=page.txt\n\nPage {page}\n"
    return f"{head}Content-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".encode()


def test_a_dry_run_says_what_the_import_does_with_texts_that_carry_other_files(
    site: Site, tmp_path: Path
) -> None:
    pages = [
        ("1", ""),
        ("2", ""),
        ("1", ""),
        ("3", "3@x.org"),
        ("", "3@x.org"),
        ("", ""),
        ("2", ""),
    ]
    first = write_mbox(tmp_path / "a.mbox", [a_scan(*page) for page in pages])
    more = [("4", "4@x.org"), ("", "4@x.org"), ("2", "5@x.org"), ("5", "3@x.org"), ("1", "")]
    second = write_mbox(tmp_path / "b.mbox", [a_scan(*page) for page in more])
    names = ("read", "stored", "duplicate", "quarantined")
    for path in (first, second, first):
        said = json.loads(site.run("import", "ancrage", path, "--dry-run", "--json").stdout)
        done = site.take_in(path, "--no-index")
        assert [said[name] for name in names] == [done[name] for name in names], path
        assert done["duplicate"]


def test_a_dry_run_for_a_list_that_is_not_there_says_how_to_make_it(
    site: Site, tmp_path: Path
) -> None:
    path = write_mbox(tmp_path / "a.mbox", a_discussion(3))
    refused = site.run("import", "neuf", path, "--dry-run")
    assert refused.exit_code == 2
    assert "--create" in refused.stderr
    create = ("--create", "neuf@lists.example.org")
    told = site.run("import", "neuf", path, "--dry-run", *create)
    assert told.stdout.splitlines()[-1].startswith("read=3 ")
    assert site.run("import", "neuf", path, "--dry-run").exit_code == 2


def test_old_addresses_lead_to_posts_for_those_who_may_see_them(
    site: Site, tmp_path: Path, client: FlaskClient
) -> None:
    raws = [mail(message_id=f"{n}@x.org", text=f"Numéro {n}.\n") for n in range(2)]
    (tmp_path / "pipermail").mkdir()
    write_mbox(tmp_path / "pipermail" / "2010-March.txt", raws)
    table = tmp_path / "redirects.txt"
    table.write_text(
        "old,message-id\nhttps://old.example.org/archive.php?id=7,1@x.org\n"
        "/gone\tnobody@x.org\n/a/b <0@x.org>\n"
    )
    found = site.take_in(
        tmp_path / "pipermail", "--redirects", table, "--old-name", "Ancrage-L", "--no-index"
    )
    assert found["lost_addresses"] == 1
    posts = {post.message_id: f"/posts/{post.id}" for post in site.posts()}
    digest = hyperkitty_key("1@x.org").partition("/")[2]
    addresses = {
        "/pipermail/ancrage-l/2010-March/000001.html": "1@x.org",
        f"/archives/list/ancrage@old.example.org/message/{digest}/": "1@x.org",
        f"/hyperkitty/list/ancrage@old.example.org/thread/{digest}/": "1@x.org",
        "/arc/ancrage/arcsearch_id/2010-03/0@x.org": "0@x.org",
        "/archive.php?id=7": "1@x.org",
        "/a/b": "0@x.org",
    }
    for address, message_id in addresses.items():
        response = client.get(address)
        assert (response.status_code, response.location) == (301, posts[message_id]), address
    assert client.get("/pipermail/ancrage/").location == "/lists/ancrage/"
    for address in ("/pipermail/ancrage-l/2010-March/000009.html", "/archive.php?id=8", "/gone"):
        assert client.get(address).status_code == 404, address
    mailing_list = site.session.scalars(select(MailingList)).one()
    mailing_list.visibility = "private"
    site.session.commit()
    for address in addresses:
        assert client.get(address).status_code == 404, address


def test_sympas_numbers_lead_to_posts(site: Site, tmp_path: Path, client: FlaskClient) -> None:
    folder = tmp_path / "2009-04" / "arctxt"
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / str(number)).write_bytes(mail(message_id=f"{number}@x", text=f"N {number}.\n"))
    site.take_in(tmp_path / "2009-04", "--format", "sympa", "--no-index")
    posts = {post.message_id: f"/posts/{post.id}" for post in site.posts()}
    assert client.get("/arc/ancrage/2009-04/msg00001.html").location == posts["2@x"]
    assert client.get("/sympa/arc/ancrage/2009-04/msg00000.html").location == posts["1@x"]


def test_a_full_disk_stops_it_and_it_goes_on_when_there_is_room(site: Site, tmp_path: Path) -> None:
    if site.session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite can be told that the disk is full")
    path = write_mbox(tmp_path / "a.mbox", a_discussion(700))
    site.session.rollback()
    pages = site.session.scalar(text("PRAGMA page_count"))
    site.session.execute(text(f"PRAGMA max_page_count={pages + 150}"))
    site.session.rollback()
    result = site.run("import", "ancrage", path, "--no-index")
    assert result.exit_code == 1
    assert "run the same command again" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    stored = len(site.posts())
    assert 0 < stored < 700
    site.session.execute(text("PRAGMA max_page_count=1000000000"))
    site.session.rollback()
    assert counts(site.take_in(path, "--no-index")) == (700, 700, 0, 0)
    site.make.mailing_list("autre")
    site.make.commit()
    site.take_in(path, "--no-index", slug="autre")
    assert site.forest() == site.forest("autre")


def test_a_message_that_kills_its_reader_costs_no_other_theirs(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raws = a_discussion(12)
    deadly = mail(message_id="deadly@example.org", text="Die.\n")
    path = write_mbox(tmp_path / "a.mbox", [*raws, deadly])
    work = child.work

    def work_or_die(job: child.Job) -> child.Answer:
        if isinstance(job, child.Understand) and job.raw == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(job)

    # As if the process ended on it: what it does with a message cannot be made to crash.
    monkeypatch.setattr(child, "work", work_or_die)
    assert counts(site.take_in(path, "--no-index")) == (13, 12, 0, 1)
    row = site.session.scalars(select(QuarantinedMessage)).one()
    assert row.reason == "crash"
    monkeypatch.undo()
    assert counts(site.take_in("--retry", "--no-index")) == (1, 1, 0, 0)


def environment(data_dir: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PASSERELLE_DATA_DIR": str(data_dir),
        "PASSERELLE_SITE_URL": "http://forum.example.org",
        "PYTHONWARNINGS": "ignore",
    }


def passerelle(data_dir: Path, *arguments: object) -> str:
    return subprocess.run(
        [sys.executable, "-m", "forum", *map(str, arguments)],
        env=environment(data_dir), check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


def test_out_and_in_and_out_again_gives_the_same_file(tmp_path: Path) -> None:
    odd = [
        b"Subject: bare\n\nFrom here\n>From there\n\nFrom a@b.org Mon Apr  6 10:00:00 2009\n\n",
        b"From: x@example.org\r\nDate: Mon, 6 Apr 2009 10:00:00 +0200\r\n\r\nhi\r\n",
        b"Subject: \xe9\nDate: never\nMessage-ID: <odd@x>\n\na\x00b\n\n\n",
        b"Content-Length: 3\nMessage-ID: <l@x>\n\nlonger than it says",
    ]
    source = write_mbox(tmp_path / "source.mbox", [*a_discussion(30), *odd])
    files = []
    for name in ("one", "two"):
        data_dir = tmp_path / name
        passerelle(data_dir, "init")
        said = passerelle(
            data_dir,
            "import",
            "ancrage",
            source,
            "--create",
            "ancrage@lists.example.org",
            "--no-index",
        )
        assert said.splitlines()[-1] == "read=34 stored=34 duplicate=0 quarantined=0"
        source = tmp_path / f"{name}.mbox"
        passerelle(data_dir, "export", "ancrage", source)
        files.append(source.read_bytes())
    assert files[0] == files[1]
    passerelle(tmp_path / "two", "export", "ancrage", tmp_path / "mails", "--format", "maildir")
    kept = sorted(path.read_bytes() for path in (tmp_path / "mails/cur").iterdir())
    assert odd[0] in kept
    assert odd[1] in kept
    assert odd[2] in kept


IMPORTER = """
from forum.cli import main
from forum.domain.language_model import load_model

load_model()


def work(argument):
    main(sys.argv[1:])
"""


@pytest.mark.timeout(600)
def test_an_import_that_is_killed_again_and_again_ends_as_if_undisturbed(tmp_path: Path) -> None:
    raws = a_discussion(900)  # Several transactions.
    source = write_mbox(tmp_path / "source.mbox", raws)
    chance = random.Random(5)
    exports = []
    for name, kills in (("calm", 0), ("killed", 20)):
        data_dir = tmp_path / name
        passerelle(data_dir, "init")
        command = (
            "import", "ancrage", str(source),
            "--create", "ancrage@lists.example.org", "--no-index",
        )  # fmt: skip
        with forks(IMPORTER, *command, environ=environment(data_dir)) as imports:
            for _ in range(kills):
                imports.start().kill_after(chance.uniform(0.05, 0.8))
        said = passerelle(data_dir, *command)
        assert said.splitlines()[-1].startswith("read=900 ")
        out = tmp_path / f"{name}.jsonl"
        passerelle(data_dir, "export", "ancrage", out, "--format", "jsonl")
        exports.append(_without_numbers(out))
    assert exports[0] == exports[1]


def _without_numbers(path: Path) -> list[Any]:
    posts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = {post["id"]: post["message_id"] for post in posts}
    roots: dict[int, str] = {}
    for post in posts:
        roots.setdefault(post["thread_id"], post["message_id"])
    return [
        (
            post["message_id"],
            names.get(post["parent_id"]),
            roots[post["thread_id"]],
            post["text"],
            post["language"],
            post["html"],
        )
        for post in posts
    ]
