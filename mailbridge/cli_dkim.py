"""`passerelle dkim`: the keys that sign outgoing mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import as_json, print_json, print_row
from forum.config import settings
from mailbridge.signing_keys import KeyFiles, KeyProblem, record_name, record_value


@click.group()
def dkim() -> None:
    """Keys that sign outgoing mail (DKIM): make, show, choose, remove."""


@dkim.command()
@click.option("--selector", help="Name of the key in the DNS; by default the month, p202611.")
@click.option("--later", is_flag=True, help="Do not sign with it before 'dkim use SELECTOR'.")
@with_appcontext
def create(selector: str | None, later: bool) -> None:
    """Make a key and print the value of its TXT record; mail is signed by it from now on.

    A key made before stays, so that mail signed by it can still be verified. To change keys without
    a gap: create --later, publish the record, and 'dkim use SELECTOR' a day later.
    """
    settings().make_data_dir()
    files = KeyFiles(settings().data_dir)
    with _told():
        name = files.free_selector(utcnow().date()) if selector is None else selector.lower()
        files.create(name)
        if not later:
            files.use(name)
    _tell(files, name, settings().mail_domain)
    if later:
        click.echo(f"It signs nothing before 'passerelle dkim use {name}'.", err=True)


@dkim.command()
@click.argument("selector", required=False)
@with_appcontext
def show(selector: str | None) -> None:
    """Print the value of the TXT record of SELECTOR, or of the key that signs."""
    files = KeyFiles(settings().data_dir)
    name = (selector or files.signing()).lower()
    if not name:
        raise BadInput("no key signs the mail: 'passerelle dkim create' makes one")
    with _told():
        _tell(files, name, settings().mail_domain)


@dkim.command()
@as_json
@with_appcontext
def ls(as_json: bool) -> None:
    """List the keys, a line each: selector, whether it signs, name of its record."""
    files = KeyFiles(settings().data_dir)
    rows = [
        {
            "selector": one,
            "signs": one == files.signing(),
            "record": record_name(one, settings().mail_domain),
        }
        for one in files.selectors()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print_row(row["selector"], "signs" if row["signs"] else "", row["record"])


@dkim.command()
@click.argument("selector")
@with_appcontext
def use(selector: str) -> None:
    """Sign with the key SELECTOR from now on, also in workers that run."""
    with _told():
        KeyFiles(settings().data_dir).use(selector.lower())
    click.echo(f"{selector.lower()} signs the mail")


@dkim.command()
@click.argument("selector")
@with_appcontext
def remove(selector: str) -> None:
    """Delete the key SELECTOR, which must not be the one that signs."""
    with _told():
        KeyFiles(settings().data_dir).remove(selector.lower())
    click.echo(f"removed {selector.lower()}: take its record out of the DNS in some days")


def _tell(files: KeyFiles, selector: str, domain: str) -> None:
    """The record's name for the eye, its value alone for programs."""
    value = record_value(files.load(selector))
    click.echo(f"TXT record to publish at {record_name(selector, domain)}:", err=True)
    click.echo(value)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyProblem as problem:
        raise BadInput(str(problem)) from None
