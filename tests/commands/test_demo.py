"""`passerelle demo`."""

from __future__ import annotations

import tomllib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.clock import utcnow
from forum.commands.demo import FOLDER
from forum.domain.glossary_files import read_csv
from forum.domain.message import parse
from forum.domain.preparing import show
from forum.domain.values import LANGUAGES, Role, TextFormat
from forum.extensions import db
from forum.operations.translation import write_translation
from forum.storage.archive import Post
from forum.storage.glossary import GlossaryConcept
from forum.storage.mail import Delivery, Notice
from forum.storage.people import Account
from forum.storage.translations import PostTranslation
from tests.commands.conftest import Run

pytestmark = pytest.mark.slow


def test_the_demonstration_loads_once_and_mails_nobody(app: Flask, run: Run) -> None:
    messages = len(list(FOLDER.glob("*/*.eml")))
    first = run("demo").out
    second = run("demo").out
    assert first.count("duplicate=0") == 2
    assert second.count("stored=0") == 2
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == messages
        for table in (Delivery, Notice):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_some_of_its_posts_are_translated_and_what_was_taken_away_stays_away(
    app: Flask, run: Run
) -> None:
    assert "ancrage-territorial: stored=39 duplicate=0 translated=6" in run("demo").out
    with app.app_context():
        row = db.session.scalars(select(PostTranslation).order_by(PostTranslation.id)).first()
        assert row is not None
        assert (row.language, row.translator) == ("en", "Naomi Okafor")
        written = {one.translator for one in db.session.scalars(select(PostTranslation))}
        assert len(written) == 3
        # They only translate: nobody's account opens anything.
        for account in db.session.scalars(select(Account)):
            assert (account.is_admin, account.password_hash) == (False, None)
        write_translation(db.session(), row.post, "en", "", utcnow())
        db.session.commit()
    assert run("demo").out.count("translated=0") == 2


@pytest.mark.parametrize("slug", ["ancrage-territorial", "voyages-apprenants"])
def test_translations_are_of_posts_in_other_languages_and_about_as_long(slug: str) -> None:
    told = tomllib.loads((FOLDER / slug / "translations.toml").read_text(encoding="utf-8"))
    for one in told["translations"]:
        raw = (FOLDER / slug / f"{one['post']}.eml").read_bytes()
        submission = parse(raw, utcnow())
        found = show(submission.text, submission.text_format, None, None)
        own = "\n".join(part.text for part in found.segments if part.role == Role.REPLY)
        said = show(one["text"], TextFormat.MARKDOWN, None, None)
        assert said.language == one["language"] != found.language
        assert 0.75 < len(one["text"]) / len(own) < 1.35, one["post"]


@pytest.mark.parametrize("slug", ["ancrage-territorial", "voyages-apprenants"])
def test_the_glossary_of_each_list_is_whole(slug: str) -> None:
    found = read_csv((FOLDER / slug / "glossary.csv").read_text(encoding="utf-8"))
    assert not found.faults
    for concept in found.concepts:
        assert all(concept.forms(language) for language in LANGUAGES), concept


def test_a_search_of_the_demonstration_is_widened_to_the_other_languages(
    app: Flask, run: Run, client: FlaskClient
) -> None:
    run("demo")
    run("worker", "--once")
    text = client.get("/search?q=anclaje+territorial&lang=en").text
    assert "territorial anchorage" in text
    assert "<mark>ancrage</mark>" in text


def test_a_term_taken_out_of_a_demonstration_glossary_stays_out(app: Flask, run: Run) -> None:
    run("demo")
    with app.app_context():
        before = db.session.scalar(select(func.count(GlossaryConcept.id))) or 0
        db.session.delete(db.session.scalars(select(GlossaryConcept).limit(1)).one())
        db.session.commit()
    run("demo")
    with app.app_context():
        assert db.session.scalar(select(func.count(GlossaryConcept.id))) == before - 1


def test_who_left_a_demonstration_list_stays_away(run: Run) -> None:
    run("demo")
    email = run("members", "ancrage-territorial").last.split("\t")[0]
    run("unsubscribe", "ancrage-territorial", email)
    run("demo")
    assert email not in run("members", "ancrage-territorial").out
