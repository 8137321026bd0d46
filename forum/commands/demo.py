"""`passerelle demo`: the demonstration archive."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
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
from forum.operations import accounts, glossary, lists, publishing, subscriptions, translation
from forum.storage.archive import Post
from forum.storage.lists import MailingList, RoleName, list_by_slug
from forum.storage.people import Account, account_by_email
from forum.storage.translations import translations_of

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
        translated = _translate(mailing_list.id)
        click.echo(f"{entry['slug']}: stored={stored} duplicate={known} translated={translated}")


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


def _translate(list_id: int) -> int:
    """Keep the translations of posts that nobody has translated yet; gives how many."""
    mailing_list = db.session.get_one(MailingList, list_id)
    translators = {one["language"]: one for one in _read("translators.toml")["translators"]}
    kept = 0
    for entry in _read(f"{mailing_list.slug}/translations.toml")["translations"]:
        post, language = _post_of_file(mailing_list, entry["post"]), entry["language"]
        # Also what was taken away stays away.
        if post is None or translations_of(db.session(), post.id, language):
            continue
        if language not in translation.languages_to_translate(db.session(), post):
            continue
        account = _translator(mailing_list, translators[language], entry["written_at"])
        translation.write_translation(
            db.session(), post, language, entry["text"], entry["written_at"], account
        )
        kept += 1
        db.session.commit()
    return kept


def _post_of_file(mailing_list: MailingList, number: str) -> Post | None:
    raw = (FOLDER / mailing_list.slug / f"{number}.eml").read_bytes()
    digest = message.parse(raw, utcnow()).content_digest
    return publishing.known_post(db.session(), mailing_list, digest)


def _translator(mailing_list: MailingList, person: Mapping[str, str], now: datetime) -> Account:
    """An account that nobody can sign in to: no mail reaches its address."""
    account = account_by_email(db.session(), person["email"])
    if account is None:
        account = accounts.create_account(
            db.session(), person["email"], person["name"], now, language=person["language"]
        )
    lists.grant_role(db.session(), mailing_list, account, RoleName.TRANSLATOR, now)
    return account


COMMANDS: Final = (demo,)
