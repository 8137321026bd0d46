"""`passerelle subscribe`, `unsubscribe` and `members`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from forum.clock import utcnow
from forum.extensions import db
from forum.storage.mail import Notice
from forum.storage.people import Subscription
from tests.commands.conftest import Run, one_line


def notices(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Notice.kind).order_by(Notice.id)))


def test_members_shows_who_was_subscribed_and_how(run: Run, ancrage: str) -> None:
    run("subscribe", ancrage, "awa@example.net", "--name", "Awa", "--language", "fr")
    run("subscribe", ancrage, "Pilar@example.net", "--delivery", "daily", "--reads", "es,fr")
    assert run("members", ancrage).out.splitlines() == [
        "awa@example.net\tAwa\tfr\teach\tactive",
        "pilar@example.net\t\ten\tdaily\tactive",
    ]


def test_nobody_is_mailed_unless_a_welcome_is_asked_for(app: Flask, run: Run, ancrage: str) -> None:
    run("subscribe", ancrage, "awa@example.net")
    run("unsubscribe", ancrage, "awa@example.net")
    assert notices(app) == []
    run("subscribe", ancrage, "awa@example.net", "--welcome")
    run("subscribe", ancrage, "awa@example.net", "--welcome")
    assert notices(app) == ["welcome"]


def test_a_csv_of_members_can_be_read_in_again(run: Run, ancrage: str, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "email,name,language,delivery\n"
        'awa@example.net,"Ndiaye, Awa",fr,each\n'
        "\n"
        "grace@example.net,Grace,,\n",
        encoding="utf-8-sig",
    )
    assert run("subscribe", ancrage, "--csv", str(people)).last == "subscribed=2 already=0"
    assert run("subscribe", ancrage, "--csv", str(people)).last == "subscribed=0 already=2"
    printed = run("members", ancrage, "--csv").out
    assert printed.splitlines() == [
        "email,name,language,delivery",
        'awa@example.net,"Ndiaye, Awa",fr,each',
        "grace@example.net,Grace,en,each",
    ]
    people.write_text(printed, encoding="utf-8")
    run("unsubscribe", ancrage, "awa@example.net")
    assert run("subscribe", ancrage, "--csv", str(people)).last == "subscribed=1 already=1"
    assert run("members", ancrage, "--csv").out == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,language\nAwa,fr\n",
        "email,name,language,delivery\nawa@example.net,Awa,de,each\n",
        "email,name,language,delivery\nawa@example.net,Awa,fr,hourly\n",
        "email,name,language,delivery\nawa@example.net,Awa,fr,each\nnonsense,X,fr,each\n",
    ],
)
def test_a_bad_csv_subscribes_nobody(run: Run, ancrage: str, tmp_path: Path, text: str) -> None:
    people = tmp_path / "people.csv"
    people.write_text(text, encoding="utf-8")
    assert one_line(run("subscribe", ancrage, "--csv", str(people), status=2))
    assert run("members", ancrage).out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscribe", "unknown", "awa@example.net"),
        ("subscribe", "ancrage"),
        ("subscribe", "ancrage", "nonsense"),
        ("subscribe", "ancrage", "awa@example.net", "--delivery", "hourly"),
        ("subscribe", "ancrage", "awa@example.net", "--reads", "fr,de"),
        ("unsubscribe", "ancrage", "awa@example.net"),
        ("members", "unknown"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, ancrage: str, arguments: tuple[str, ...]) -> None:
    assert one_line(run(*arguments, status=2))


def test_subscribing_again_by_name_changes_what_is_given(run: Run, ancrage: str) -> None:
    run("subscribe", ancrage, "awa@example.net", "--language", "fr")
    run("subscribe", ancrage, "awa@example.net", "--delivery", "weekly")
    assert run("members", ancrage).last == "awa@example.net\t\tfr\tweekly\tactive"


def test_every_choice_can_be_given_and_taken_back(app: Flask, run: Run, ancrage: str) -> None:
    given = ("--reads", "FR, en", "--attachments", "links", "--plain-text", "--own-posts",
             "--no-follow-written", "--no-translations", "--digest-format", "plain")  # fmt: skip
    run("subscribe", ancrage, "awa@example.net", *given)
    names = ("reads", "attachments_as_links", "plain_text", "own_posts", "follows_written",
             "translations", "digest_format")  # fmt: skip
    with app.app_context():
        row = db.session.scalars(select(Subscription)).one()
        assert [getattr(row, name) for name in names] == [
            "fr,en", True, True, True, False, False, "plain"
        ]  # fmt: skip
    run("subscribe", ancrage, "awa@example.net", "--reads", "all", "--attachments", "parts")
    with app.app_context():
        row = db.session.scalars(select(Subscription)).one()
        assert [getattr(row, name) for name in names] == [
            "", False, True, True, False, False, "plain"
        ]  # fmt: skip


def test_a_pause_shows_until_it_is_over(app: Flask, run: Run, ancrage: str) -> None:
    run("subscribe", ancrage, "awa@example.net", "--pause-until", "2999-01-01")
    assert run("members", ancrage).last.endswith("\teach\tpaused")
    with app.app_context():
        row = db.session.scalars(select(Subscription)).one()
        row.paused_until = utcnow()
        db.session.commit()
    assert run("members", ancrage).last.endswith("\teach\tactive")
    run("subscribe", ancrage, "awa@example.net", "--pause-until", "2999-01-01")
    run("subscribe", ancrage, "awa@example.net", "--resume")
    assert run("members", ancrage).last.endswith("\teach\tactive")
    assert one_line(
        run("subscribe", ancrage, "awa@example.net", "--pause-until", "2001-01-01", status=2)
    )


def test_each_bad_line_of_a_file_is_told_by_its_number(
    run: Run, ancrage: str, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "email,name,language,delivery\nawa@example.net,Awa,de,each\n\n"
        "grace@example.net,Grace,en,each\nnonsense,X,fr,each\na@example.net,A,fr,hourly\n",
        encoding="utf-8",
    )
    result = run("subscribe", ancrage, "--csv", str(people), status=2)
    assert one_line(result)
    for part in ("line 2: the language", "line 5: 'nonsense'", "line 6: the delivery"):
        assert part in result.err
    assert run("members", ancrage).out == ""


def test_no_cell_of_a_file_is_a_formula(run: Run, ancrage: str, tmp_path: Path) -> None:
    run("subscribe", ancrage, "awa@example.net", "--name", "=SUM(1)")
    printed = run("members", ancrage, "--csv").out
    assert printed.splitlines()[1] == "awa@example.net,'=SUM(1),en,each"
    people = tmp_path / "people.csv"
    people.write_text(printed, encoding="utf-8")
    run("unsubscribe", ancrage, "awa@example.net")
    run("subscribe", ancrage, "--csv", str(people))
    assert run("members", ancrage, "--csv").out == printed


def test_people_are_invited_listed_and_taken_back(app: Flask, run: Run, ancrage: str) -> None:
    run("subscribe", ancrage, "there@example.net")
    out = run("invite", ancrage, "awa@example.net", "there@example.net", "--language", "fr").out
    assert out.splitlines() == ["awa@example.net\tsent", "there@example.net\tthere"]
    assert notices(app) == ["invitation"]
    assert run("invite", ancrage, "awa@example.net").last == "awa@example.net\twaiting"
    assert run("invite", ancrage, "awa@example.net", "--withdraw").last.endswith("withdrawn")
    assert one_line(run("invite", ancrage, "awa@example.net", "--withdraw", status=2))
    assert run("invitations", ancrage).last.split("\t")[:2] == ["awa@example.net", "withdrawn"]
    assert one_line(run("invite", ancrage, "good@example.net", "nonsense", status=2))
    assert notices(app) == ["invitation"]
    assert len(run("members", ancrage).out.splitlines()) == 1


def test_owners_words_of_welcome_are_set_by_language(run: Run, ancrage: str) -> None:
    run("list", "edit", ancrage, "--welcome-fr", "Soyez à l’aise.")
    assert "welcome-fr: Soyez à l’aise." in run("list", "show", ancrage).out
    assert one_line(run("list", "edit", ancrage, "--welcome-en", "x" * 5001, status=2))
