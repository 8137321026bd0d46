"""What several commands need: to find what was named, and to print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

import click

from forum.commands.errors import BadInput
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.people import Account, account_by_email

LANGUAGE: Final = click.Choice(LANGUAGES)
ID: Final = click.IntRange(1, 2**31 - 1)
"""A row's key, or how many rows: what every database takes."""


def one_of(words: Iterable[str]) -> click.Choice[str]:
    """A choice by value; of an enumeration click would offer the names."""
    return click.Choice([str(word) for word in words])


as_json: Final = click.option("--json", "as_json", is_flag=True, help="One JSON document, alone.")


def the_list(slug: str) -> MailingList:
    """The list with this slug.

    Raises:
        BadInput: there is none.
    """
    found = list_by_slug(db.session(), slug.lower())
    if found is None:
        raise BadInput(f"there is no list {slug!r}")
    return found


def the_account(email: str) -> Account:
    """The account with this address.

    Raises:
        BadInput: there is none.
    """
    found = account_by_email(db.session(), email)
    if found is None:
        raise BadInput(f"there is no account {email!r}: 'passerelle account create' makes one")
    return found


def print_json(document: Any) -> None:
    """Print one document on one line."""
    click.echo(json.dumps(document, ensure_ascii=False))


def print_row(*cells: object) -> None:
    """Print cells with tabs between them; tabs and line ends inside become spaces."""
    click.echo("\t".join(" ".join(str(cell).split()) for cell in cells))


def read_password() -> str:
    """The first line of standard input.

    Raises:
        BadInput: it is empty.
    """
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadInput("there is no password on the standard input")
    return password
