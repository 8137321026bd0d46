"""`passerelle import`: archives of any form into a list."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.config import search_index, settings
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.lists import ListError, create_list
from forum.operations.settling import newest_post_id
from forum.search.building import Builders
from forum.search.indexer import MANY
from forum.storage.base import keep_pages_at
from forum.storage.imports import ImportSource
from forum.storage.lists import MailingList, Visibility, list_by_slug
from mailbridge.archive.child import Workers
from mailbridge.archive.finishing import (
    STANDARD_INPUT,
    keep_pages,
    make_searchable,
    open_source,
    settle,
    total_bytes,
)
from mailbridge.archive.found import ArchiveError, Format
from mailbridge.archive.importer import Importer, ImportStopped
from mailbridge.archive.indexing import Indexing
from mailbridge.archive.preview import preview
from mailbridge.archive.progress import Progress
from mailbridge.archive.quarantine_listing import show_quarantine
from mailbridge.archive.reader import begun, check_archive, read_archive
from mailbridge.archive.redirects import read_redirects
from mailbridge.archive.report import Report, show
from mailbridge.archive.retrying import retry_quarantined

PAGES: Final = 8_000
"""Kilobytes of the database in memory; what a web page needs more for is another process."""


@click.command("import")
@click.argument("slug")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "form",
    type=click.Choice([one.value for one in Format]),
    default="auto",
    help="How the archives are kept; auto recognises each file.",
)
@click.option("--create", metavar="ADDRESS", help="Make a private list where there is none.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a line.")
@click.option("--no-index", is_flag=True, help="Leave the search index to the worker.")
@click.option("--dry-run", is_flag=True, help="Say what would come, and show the oddest messages.")
@click.option("--retry", is_flag=True, help="Try what was quarantined once more.")
@click.option("--quarantine", is_flag=True, help="Only list what was quarantined, and why.")
@click.option(
    "--redirects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A table of old addresses and the Message-IDs they lead to.",
)
@click.option("--old-name", default="", help="The list's name in its old web archive.")
@with_appcontext
def import_command(
    slug: str,
    paths: tuple[Path, ...],
    form: str,
    create: str | None,
    as_json: bool,
    no_index: bool,
    dry_run: bool,
    retry: bool,
    quarantine: bool,
    redirects: Path | None,
    old_name: str,
) -> None:
    """Bring archives into the list SLUG: mbox, Maildir, .eml, pipermail, Sympa; packed or not.

    PATHS are files or folders; `-` is the standard input. What the list holds already is not
    stored twice, so that it may be repeated; an import that was broken off goes on. Nothing is
    mailed to anybody. With --redirects, FILE names an old address and a Message-ID on each line.
    """
    session = db.session()
    if quarantine:
        if paths or retry or redirects or create:
            raise BadInput("--quarantine lists only: give it alone")
        show_quarantine(session, _list(session, slug, None)(), as_json=as_json)
        return
    if not (paths or retry or redirects):
        raise BadInput("there is nothing to import: give a file or a folder")
    wanted = Format(form)
    with _errors():
        for path in paths:
            if str(path) != "-":
                check_archive(path, wanted)
        pages = read_redirects(redirects) if redirects else {}
        if dry_run:
            _list(session, slug, create)
            preview(session, list_by_slug(session, slug), paths, wanted, as_json=as_json)
            return
        run = _Run(session, _list(session, slug, create), utcnow(), quiet=as_json)
        with Workers(max(1, os.cpu_count() or 1)) as workers:
            for path in paths:
                run.source(path, wanted, old_name or slug, workers)
            if retry:
                run.quarantine()
        run.finish(pages, index=not no_index)
    show(run.report, as_json=as_json)


class _Run:
    """One call of the command."""

    def __init__(
        self, session: Session, find: Callable[[], MailingList], now: datetime, *, quiet: bool
    ) -> None:
        keep_pages_at(session.connection(), PAGES)
        self.session = session
        self.find = find
        self.after = newest_post_id(session)
        self.now = now
        self.quiet = quiet
        self.report = Report()
        self.sources: list[int] = []
        self.pages: dict[str, str] = {}

    @property
    def mailing_list(self) -> MailingList:
        """The list, which is made where that was asked for."""
        return self.find()

    def source(self, path: Path, wanted: Format, old_name: str, workers: Workers) -> None:
        """Store the messages of one source."""
        reading = self.report.reading
        before = reading.bytes_read
        # Who writes to the standard input may take their time.
        self.session.rollback()
        items = begun(read_archive(path, wanted, reading, old_name))
        source = open_source(self.session, self.mailing_list, path, self.now)
        self.after = min(self.after, source.after_post_id)
        self.session.commit()
        whole = total_bytes([path])
        progress = self._progress(
            "reading", lambda: (reading.bytes_read - before) / whole if whole else 0.0
        )
        importer = Importer(self.session, self.mailing_list, source, workers, self.now, progress)
        self.sources.append(source.id)
        try:
            importer.run(items)
        finally:
            progress.end()
            self.report.add(importer.counts)
        self.pages |= {page.key: page.message_id for page in importer.pages}

    def quarantine(self) -> None:
        """Try once more what was put aside."""
        # As of any import that is broken off, what it stored is put in order by the next one.
        source = open_source(self.session, self.mailing_list, Path(STANDARD_INPUT), self.now)
        self.sources.append(source.id)
        self.session.commit()
        self.report.add(retry_quarantined(self.session, self.mailing_list, self.now))

    def finish(self, pages: Mapping[str, str], *, index: bool = True) -> None:
        """Put everything in its place, and make it searchable."""
        if not index:
            self._settle(pages)
        elif self.report.total()["stored"] < MANY:
            self._settle(pages)
            self._index(None)
        else:
            with Builders(settings()) as builders:
                with Indexing(settings(), builders):
                    self._settle(pages)
                self._index(builders)

    def _settle(self, pages: Mapping[str, str]) -> None:
        number = self.report.total()["stored"]
        shares = [0]
        progress = self._progress("threading", lambda: shares[0] / number if number else 0.0)

        def told(count: int) -> None:
            shares[0] = count
            progress(count)

        settle(self.session, self.mailing_list, self.after, self.now, told)
        progress.end()
        self.report.lost_addresses = keep_pages(
            self.session, self.mailing_list, {**self.pages, **pages}
        )
        for source_id in self.sources:
            self.session.get_one(ImportSource, source_id).finished_at = utcnow()
        self.session.commit()

    def _index(self, builders: Builders | None) -> None:
        progress = self._progress("indexing", lambda: 0.0)
        make_searchable(self.session, search_index(), builders, progress)
        progress.end()

    def _progress(self, what: str, part: object) -> Progress:
        assert callable(part)
        return Progress(what, part, quiet=self.quiet)


def import_file(session: Session, mailing_list: MailingList, path: Path, now: datetime) -> int:
    """Import one file for another command, searchable when it returns; gives how many were stored.

    Raises:
        BadInput: nothing in it is mail.
        Failure: it was broken off.
    """
    with _errors():
        run = _Run(session, lambda: mailing_list, now, quiet=True)
        with Workers(1) as workers:
            run.source(path, Format.AUTO, mailing_list.slug, workers)
        run.finish({})
    return run.report.total()["stored"]


@contextmanager
def _errors() -> Iterator[None]:
    """What goes wrong becomes one line."""
    try:
        yield
    except ArchiveError as error:
        raise BadInput(str(error)) from None
    except ImportStopped as error:
        raise Failure(str(error)) from None
    except (OperationalError, OSError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise Failure(f"stopped: {reason}; run the same command again, it goes on") from None
    except KeyboardInterrupt:
        raise Failure("stopped; run the same command again, it goes on where it stopped") from None


def _list(session: Session, slug: str, create: str | None) -> Callable[[], MailingList]:
    """Gives the list when there is something for it; one that is missing is made then."""
    if list_by_slug(session, slug) is not None:
        return lambda: _made(session, slug, create)
    if not create:
        raise BadInput(f"there is no list {slug}: --create ADDRESS makes one")
    if create.partition("@")[0].lower() != slug:
        raise BadInput(f"the list of {create} would not be {slug}")
    return lambda: _made(session, slug, create)


def _made(session: Session, slug: str, create: str | None) -> MailingList:
    mailing_list = list_by_slug(session, slug)
    if mailing_list is not None:
        return mailing_list
    if not create:
        raise BadInput(f"there is no list {slug} any more")
    titles = dict.fromkeys(LANGUAGES, slug)
    try:
        mailing_list = create_list(
            session, create, titles, utcnow(), visibility=Visibility.PRIVATE.value
        )
    except ListError as error:
        raise BadInput(str(error)) from None
    session.commit()
    return mailing_list
