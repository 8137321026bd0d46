"""`passerelle subscribe`, `unsubscribe` and `members`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from forum.extensions import db
from forum.storage.mail import Notice
from tests.commands.conftest import Run, one_line


def notices(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Notice.kind)))


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
