"""`passerelle person`: what is known of somebody, their name, and erasing them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.config import settings
from forum.extensions import db
from forum.operations.accounts import AccountError
from forum.operations.erasing import LastAdministrator, erase
from forum.operations.erasing_scan import scan_some
from forum.operations.naming import rename
from forum.operations.person_export import document_of, messages_of
from forum.storage.base import reading
from forum.storage.people import Author, address_of


@click.group("person")
def person_group() -> None:
    """Give out, correct and erase what the site holds about somebody."""


@person_group.command("export")
@click.argument("email")
@click.argument("target", type=click.Path(path_type=Path))
@with_appcontext
def export(email: str, target: Path) -> None:
    """Write everything about EMAIL to the new directory TARGET, or to the new file TARGET.zip."""
    if target.exists():
        raise BadInput(f"{target} exists already")
    with reading():
        author = _author(email)
        document = document_of(db.session(), author, settings().site_url)
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        messages = messages_of(db.session(), author, settings().site_url)
        if target.suffix == ".zip":
            with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("person.json", text)
                archive.writestr("messages.mbox", b"".join(messages))
        else:
            target.mkdir(parents=True)
            (target / "person.json").write_text(text, encoding="utf-8")
            with (target / "messages.mbox").open("xb") as stream:
                stream.writelines(messages)
    click.echo(f"wrote {target}")


@person_group.command("rename")
@click.argument("email")
@click.argument("name")
@with_appcontext
def correct(email: str, name: str) -> None:
    """Show NAME wherever EMAIL wrote; the stored messages stay as they are."""
    try:
        number = rename(db.session(), _author(email), name, utcnow())
    except AccountError as error:
        raise BadInput(str(error)) from None
    db.session.commit()
    click.echo(f"{email} is shown as {name!r} on {number} posts")


@person_group.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def erase_command(email: str, yes: bool) -> None:
    """Erase the name and all addresses of EMAIL for good; what they wrote stays, without them."""
    author = _author(email)
    if not yes:
        click.confirm("Nobody can bring it back. Erase?", abort=True)
    try:
        erase(db.session(), author, utcnow())
    except LastAdministrator:
        db.session.rollback()
        raise Failure("the only administrator cannot be erased: make another one first") from None
    number = author.id
    db.session.commit()
    gone_over = 0
    while done := scan_some(db.session(), utcnow()):
        gone_over += done
        db.session.commit()
    db.session.commit()
    click.echo(f"erased person {number}: {gone_over} stored messages gone over")


def _author(email: str) -> Author:
    found = address_of(db.session(), email.strip())
    if found is None:
        raise BadInput(f"nobody is known as {email!r}")
    return found.author


COMMANDS: Final = (person_group,)
