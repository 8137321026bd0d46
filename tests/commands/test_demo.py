"""`passerelle demo`."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from forum.commands.demo import FOLDER
from forum.extensions import db
from forum.storage.archive import Post
from forum.storage.mail import Delivery, Notice
from forum.storage.people import Account
from tests.commands.conftest import Run


def test_the_demonstration_loads_once_and_mails_nobody(app: Flask, run: Run) -> None:
    messages = len(list(FOLDER.glob("*/*.eml")))
    first = run("demo").out
    second = run("demo").out
    assert first.count("duplicate=0") == 2
    assert second.count("stored=0") == 2
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == messages
        for table in (Delivery, Notice, Account):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_who_left_a_demonstration_list_stays_away(run: Run) -> None:
    run("demo")
    email = run("members", "ancrage-territorial").last.split("\t")[0]
    run("unsubscribe", "ancrage-territorial", email)
    run("demo")
    assert email not in run("members", "ancrage-territorial").out
