"""`passerelle doctor`: is everything well, and what to do where it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.commands.lookup import as_json, print_json
from forum.config import search_index, settings
from forum.extensions import db
from forum.settings import Settings, SettingsError
from mailbridge import checks_fetching, checks_mail, checks_queues, checks_site
from mailbridge.dns_records import MachineRecords
from mailbridge.dns_text import of_this_machine
from mailbridge.dns_zone import ZoneRecord, records
from mailbridge.findings import Finding, Level, failure
from mailbridge.signing_keys import KeyProblem


@click.command()
@click.option("--dns", "ask_dns", is_flag=True, help="Check the DNS too, and print its records.")
@as_json
@with_appcontext
def doctor(ask_dns: bool, as_json: bool) -> None:
    """Check configuration, database, index, queues, smarthost and, with DNS=on or --dns, the DNS.

    A line each: ok, warning or failure, and what to do. The exit status is 1 where something
    fails. No mail is sent. With --dns the records to publish follow, as lines of a zone file.
    """
    found = list(_findings(settings(), ask_dns))
    zone = _records(settings()) if ask_dns else []
    if as_json:
        _print_json(found, zone)
    else:
        for finding in found:
            click.echo(" ".join(finding.line().split("\n")))
        if zone:
            click.echo("\nRecords to publish:\n")
        for record in zone:
            click.echo(record.line())
    sys.exit(any(finding.level == Level.FAILURE for finding in found))


def _findings(kept: Settings, ask_dns: bool) -> Iterator[Finding]:
    session = db.session()
    yield from checks_site.configuration(kept)
    yield checks_site.secret_key(kept)
    yield checks_site.disk(kept.data_dir)
    database = checks_site.database(db.engine, session)
    yield database
    if database.level == Level.OK:
        yield from _of_the_tables(session, utcnow(), kept)
    yield checks_mail.keys(kept)
    yield checks_mail.smarthost(kept)
    if ask_dns or kept.dns:
        yield from checks_mail.dns(kept, MachineRecords(of_this_machine()))


def _of_the_tables(session: Session, now: datetime, kept: Settings) -> Iterator[Finding]:
    fetched_every = timedelta(seconds=kept.fetch_seconds)
    try:
        yield _search(session, now)
        yield from checks_queues.incoming(session, now)
        yield from checks_queues.outgoing(session, now)
        yield from checks_queues.limits(session, kept.hourly_limits, now)
        yield from checks_queues.lists(session, kept.mail_domain)
        yield from checks_queues.mirrors(session, kept.trusted_authserv)
        yield from checks_fetching.fetching(session, now, fetched_every)
    except SQLAlchemyError as error:
        session.rollback()
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        yield failure("database", f"it cannot be read: {cause}", "Restore a backup.")


def _search(session: Session, now: datetime) -> Finding:
    try:
        return checks_site.search(session, search_index(), now)
    except (SettingsError, OSError, ValueError) as error:
        return failure("search index", str(error), "Run 'passerelle index rebuild'.")


def _records(kept: Settings) -> list[ZoneRecord]:
    try:
        return records(kept)
    except KeyProblem as problem:
        click.echo(f"No records: {problem}", err=True)
        return []


def _print_json(found: list[Finding], zone: list[ZoneRecord]) -> None:
    shown = [
        {"topic": one.topic, "level": one.level, "text": one.text, "advice": one.advice}
        for one in found
    ]
    is_well = all(one.level != Level.FAILURE for one in found)
    print_json({"ok": is_well, "findings": shown, "records": [one.line() for one in zone]})
