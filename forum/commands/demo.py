"""`passerelle demo`: the demonstration archive."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from flask.cli import with_appcontext

import forum
from forum.clock import utcnow
from forum.commands.errors import Failure
from forum.config import settings
from forum.domain import glossary_files, message
from forum.domain.values import Source
from forum.extensions import db
from forum.operations import glossary, lists, publishing, subscriptions
from forum.storage.lists import MailingList, list_by_slug

FOLDER: Final = Path(forum.__file__).parent / "demo"
BATCH: Final = 10
"""Posts a transaction: mail that comes in meanwhile never waits long."""


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Load the demonstration archive; safe to repeat, and nobody is mailed."""
    people = _read("people.toml").get("people", [])
    for entry in _read("lists.toml")["lists"]:
        mailing_list = list_by_slug(db.session(), entry["slug"])
        if mailing_list is None:
            # With its people and its glossary in one commit: who leaves later, or which term is
            # taken out, is not put back by a second run.
            mailing_list = _make_list(entry)
            _subscribe(mailing_list, people)
            _take_in_glossary(mailing_list)
            db.session.commit()
        stored, known = _load(mailing_list.id)
        click.echo(f"{entry['slug']}: stored={stored} duplicate={known}")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _make_list(entry: Mapping[str, Any]) -> MailingList:
    names = ("mode", "visibility", "posting", "language")
    options = {name: entry[name] for name in names if name in entry}
    for language, text in entry.get("description", {}).items():
        options[f"description_{language}"] = text
    address = f"{entry['slug']}@{settings().mail_domain}"
    try:
        return lists.create_list(db.session(), address, entry["title"], utcnow(), **options)
    except ValueError as error:
        raise Failure(f"{entry['slug']}: {error}") from None


def _subscribe(mailing_list: MailingList, people: list[dict[str, Any]]) -> None:
    for person in people:
        if mailing_list.slug in person["lists"]:
            subscriptions.subscribe(
                db.session(),
                mailing_list,
                person["email"],
                utcnow(),
                name=person["name"],
                language=person["language"],
                delivery=person["delivery"],
                confirmed=False,
            )


def _take_in_glossary(mailing_list: MailingList) -> None:
    text = (FOLDER / mailing_list.slug / "glossary.csv").read_text(encoding="utf-8")
    found = glossary_files.read_csv(text)
    glossary.import_concepts(db.session(), mailing_list, found.concepts, utcnow())


def _messages(slug: str) -> Iterator[bytes]:
    for path in sorted((FOLDER / slug).glob("*.eml")):
        yield path.read_bytes()


def _load(list_id: int) -> tuple[int, int]:
    """Post what is not there yet; how many were, and how many were known."""
    mailing_list = db.session.get_one(MailingList, list_id)
    stored = known = 0
    for raw in _messages(mailing_list.slug):
        now = utcnow()
        submission = message.parse(raw, now)
        if publishing.known_post(db.session(), mailing_list, submission.content_digest) is not None:
            known += 1
            continue
        publishing.publish(
            db.session(), mailing_list, submission, now, source=Source.IMPORT, mail=False
        )
        stored += 1
        if stored % BATCH == 0:
            db.session.commit()
    db.session.commit()
    return stored, known


COMMANDS: Final = (demo,)
