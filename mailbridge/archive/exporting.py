"""`passerelle export`: a list's archive, as it was received or as data."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import ID
from forum.config import search_index, settings
from forum.extensions import db
from forum.operations.leaving import Selection, post_ids, stored_messages
from forum.storage.archive import Thread
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.post_documents import Document
from mailbridge.archive.documents import documents
from mailbridge.archive.pages import write_html
from mailbridge.archive.selection import search_posts
from mailbridge.archive.syntheses import with_syntheses
from mailbridge.archive.writers import write_csv, write_jsonl, write_maildir, write_mbox

FORMATS: Final = ("mbox", "maildir", "jsonl", "csv", "html")
_DAY: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


@click.command("export")
@click.argument("slug")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="mbox", help="How it is written."
)
@click.option("--thread", "thread_id", type=ID, help="One thread alone.")
@click.option("--search", help="What a search of the list finds.")
@click.option("--after", metavar="DATE", help="Later than the end of 2009, 2009-04 or 2009-04-25.")
@click.option("--before", metavar="DATE", help="Earlier than the start of such a time.")
@with_appcontext
def export_command(
    slug: str,
    path: Path,
    form: str,
    thread_id: int | None,
    search: str | None,
    after: str | None,
    before: str | None,
) -> None:
    """Write the archive of the list SLUG to PATH.

    mbox and maildir hold the stored bytes, jsonl and csv what the API gives, html is a copy to be
    read without a server. mbox, jsonl and csv are files, and `-` the standard output; maildir and
    html are folders.
    """
    session = db.session()
    mailing_list = list_by_slug(session, slug)
    if mailing_list is None:
        raise BadInput(f"there is no list {slug}")
    selection = Selection(
        mailing_list.id,
        _thread(session, mailing_list, thread_id),
        _moment(after, "--after", end=True),
        _moment(before, "--before", end=False),
        search_posts(search_index(), mailing_list, search) if search else None,
    )
    try:
        count = _write(session, mailing_list, selection, path, form)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}") from None
    if str(path) != "-":
        click.echo(f"exported={count}")


def _write(
    session: Session, mailing_list: MailingList, selection: Selection, path: Path, form: str
) -> int:
    if form in ("maildir", "html") and (str(path) == "-" or path.is_file()):
        raise BadInput(f"{form} needs a folder to write to")
    match form:
        case "maildir":
            return write_maildir(path, stored_messages(session, selection))
        case "html":
            return write_html(path, session, mailing_list, selection)
    if path.is_dir():
        raise BadInput(f"{path} is a folder: {form} needs a file to write to")
    with _file(path) as stream:
        match form:
            case "mbox":
                return write_mbox(stream, stored_messages(session, selection))
            case "jsonl":
                return write_jsonl(stream, _posts_with_syntheses(session, selection))
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        try:
            return write_csv(text, _posts(session, selection))
        finally:
            text.detach()


@contextlib.contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when it is whole, or not at all."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _posts(session: Session, selection: Selection) -> Iterator[Document]:
    site_url = settings().site_url
    for some in post_ids(session, selection):
        yield from documents(session, some, site_url)


def _posts_with_syntheses(session: Session, selection: Selection) -> Iterator[Document]:
    told: set[int] = set()
    site_url = settings().site_url
    for some in post_ids(session, selection):
        yield from with_syntheses(session, documents(session, some, site_url), told)


def _thread(session: Session, mailing_list: MailingList, thread_id: int | None) -> int | None:
    if thread_id is None:
        return None
    thread = session.get(Thread, thread_id)
    if thread is None or thread.mailing_list_id != mailing_list.id:
        raise BadInput(f"the list {mailing_list.slug} has no thread {thread_id}")
    return thread.merged_into_id or thread.id


def _moment(text: str | None, option: str, *, end: bool) -> datetime | None:
    """The start of a year, month or day, or of the next one."""
    if text is None:
        return None
    found = _DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in found.groups())
        assert year is not None
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if not end:
            return start
        if day is not None:
            return datetime.fromtimestamp(start.timestamp() + 86_400, UTC)
        if month is not None:
            return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{option} must be a date such as 2009, 2009-04 or 2009-04-25") from None
