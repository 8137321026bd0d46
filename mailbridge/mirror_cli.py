"""`passerelle mirror`: both sides of a mirrored list compared, and what is missing brought in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import as_json, print_json, the_list
from forum.config import settings
from forum.extensions import db
from forum.operations import mirroring_status
from forum.operations.fetching import fetching_of
from forum.storage.base import reading
from forum.storage.lists import MailingList
from mailbridge import mirror_reconcile
from mailbridge.archive.found import ArchiveError
from mailbridge.archive.importing import import_file
from mailbridge.checks_fetching import check
from mailbridge.mirror_reconcile import Comparison

LISTED: Final = 50
"""Message-IDs and posts that are named; the rest are counted."""

_PATH: Final = click.Path(path_type=Path, exists=True)


@click.group("mirror")
def mirror() -> None:
    """Compare a mirrored list with its outside list, and bring in what is missing."""


@mirror.command("status")
@click.argument("slug")
@click.option("--against", type=_PATH, metavar="PATH", help="An archive of the outside list.")
@as_json
@with_appcontext
def status_command(slug: str, against: Path | None, as_json: bool) -> None:
    """Count the posts of the list SLUG that are on both sides, wait, are missing or came twice.

    Without --against, what is missing here is known by what posts refer to; with it, also by the
    messages of an archive (mbox or any other form that `passerelle import` reads).
    """
    with reading():
        mailing_list = _mirrored(slug)
        found = _compared(mailing_list, against) if against else Comparison()
        counted = mirroring_status.status(
            db.session(),
            mailing_list,
            also_both=found.both,
            also_missing=found.missing,
            also_duplicates=found.duplicates,
        )
        missing = [*mirroring_status.missing_ids(db.session(), mailing_list), *found.missing]
        held = mirroring_status.held_number(db.session(), mailing_list)
        waiting = mirroring_status.waiting(db.session(), mailing_list, utcnow(), LISTED)
        fetched = fetching_of(db.session(), mailing_list.id)
        every = timedelta(seconds=settings().fetch_seconds)
        mailbox = check(fetched, utcnow(), every) if fetched is not None else None
    if as_json:
        print_json(counted.as_dict())
        return
    for name, number in counted.as_dict().items():
        click.echo(f"{name}: {number}")
    if held:
        click.echo(f"held: {held} (they await a moderator: passerelle held ls {slug})")
    if mailbox is not None:
        click.echo(" ".join(mailbox.line().split()))
    for one in waiting:
        click.echo(f"waiting\t{one.post.id}\t{one.delivery.state}\t{one.post.subject}")
    unlike = list(dict.fromkeys(missing))
    for identifier in unlike[:LISTED]:
        click.echo(f"missing\t{identifier}{_why(identifier, found)}")
    if len(unlike) > LISTED:
        click.echo(f"missing\t({len(unlike) - LISTED} more)")


@mirror.command("repair")
@click.argument("slug")
@click.option(
    "--from", "source", type=_PATH, required=True, metavar="PATH", help="An archive of that list."
)
@with_appcontext
def repair(slug: str, source: Path) -> None:
    """Bring into the list SLUG what an archive of its outside list holds and it does not.

    Nothing is mailed to anybody, and nothing that is here already is stored twice. What awaits a
    moderator here, or was refused by one, is counted and left to them.
    """
    session, now = db.session(), utcnow()
    mailing_list = _mirrored(slug)
    with mirror_reconcile.temporary_archive() as folder:
        missing = Path(folder) / "missing.mbox"
        try:
            found = mirror_reconcile.keep_missing(session, mailing_list, source, missing, now)
        except ArchiveError as error:
            raise BadInput(str(error)) from None
        session.commit()
        stored = import_file(session, mailing_list, missing, now) if found.written else 0
    line = f"missing={found.written + found.held + found.refused} stored={stored}"
    if found.held:
        click.echo(f"held: await a moderator, see 'passerelle held ls {slug}'", err=True)
        line += f" held={found.held}"
    if found.refused:
        click.echo("refused: a moderator has rejected or discarded them", err=True)
        line += f" refused={found.refused}"
    click.echo(line)


def _why(identifier: str, found: Comparison) -> str:
    if identifier in found.held:
        return "\tit awaits a moderator"
    return "\ta moderator has refused it" if identifier in found.refused else ""


def _mirrored(slug: str) -> MailingList:
    mailing_list = the_list(slug)
    if not mailing_list.upstream_address:
        raise BadInput(f"{mailing_list.slug} mirrors no outside list")
    return mailing_list


def _compared(mailing_list: MailingList, against: Path) -> Comparison:
    try:
        return mirror_reconcile.compare(db.session(), mailing_list, against, utcnow())
    except ArchiveError as error:
        raise BadInput(str(error)) from None
