"""The options of `passerelle list edit` that say where a list's mail is fetched from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import read_password
from forum.config import settings
from forum.domain.fetch_source import ImapSource, MaildirSource, parse_source
from forum.extensions import db
from forum.operations.fetching import fetch_from, fetching_of, stop_fetching
from forum.storage.lists import MailingList

_OPTIONS: Final = (
    click.option(
        "--fetch",
        "source",
        metavar="MAILBOX",
        help="Fetch its mail from imaps://user@host/INBOX, imap://… or maildir:PATH.",
    ),
    click.option("--no-fetch", is_flag=True, help="Fetch its mail no more."),
    click.option(
        "--fetch-password-stdin",
        "password_stdin",
        is_flag=True,
        help="Read the mailbox's password from standard input.",
    ),
)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What was said about fetching."""

    source: str | None
    no_fetch: bool
    password_stdin: bool

    @property
    def is_given(self) -> bool:
        """Whether anything was said."""
        return self.source is not None or self.no_fetch or self.password_stdin

    def apply(self, mailing_list: MailingList) -> dict[str, str]:
        """Do it; gives what is to be recorded of it.

        Raises:
            BadInput: the options do not go together.
            SourceError: the mailbox's address is no good.
        """
        if self.no_fetch:
            if self.source is not None or self.password_stdin:
                raise BadInput("--no-fetch goes with no other option about fetching")
            stop_fetching(db.session(), mailing_list)
            return {"fetch": ""}
        if not self.is_given:
            return {}
        known = fetching_of(db.session(), mailing_list.id)
        if self.source is None and known is None:
            raise BadInput("a password alone says nothing: give --fetch too")
        source = _absolute(self.source) if self.source is not None else known and known.source
        parsed = parse_source(source or "")
        has_password = known is not None and known.source == str(parsed) and known.sealed_password
        if isinstance(parsed, ImapSource) and not (self.password_stdin or has_password):
            raise BadInput("an IMAP mailbox needs a password: --fetch-password-stdin")
        if isinstance(parsed, MaildirSource):
            _check_maildir(parsed.path)
        password = read_password() if self.password_stdin else None
        key = settings().resolved_secret_key()
        row = fetch_from(db.session(), mailing_list, str(parsed), password, key, utcnow())
        return {"fetch": row.source}


def _absolute(source: str) -> str:
    """A Maildir's path as the worker will need it, wherever that runs."""
    if not source.startswith("maildir:") or source == "maildir:":
        return source
    return f"maildir:{Path(source.removeprefix('maildir:')).expanduser().absolute()}"


def _check_maildir(path: str) -> None:
    """Refuse a folder that is none: the worker would find no mail in it, and nobody would know."""
    folder = Path(path)
    try:
        is_there = folder.is_dir()
        missing = [part for part in ("cur", "new", "tmp") if not (folder / part).is_dir()]
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from None
    if not is_there:
        raise BadInput(f"there is no folder {path}")
    if missing:
        raise BadInput(f"{path} is no Maildir: it has no folder {', '.join(missing)}")


def fetch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it receives them as `fetch`."""

    @wraps(command)
    def with_options(
        *arguments: Any,
        source: str | None,
        no_fetch: bool,
        password_stdin: bool,
        **options: Any,
    ) -> Any:
        fetch = FetchOptions(source, no_fetch, password_stdin)
        return command(*arguments, fetch=fetch, **options)

    decorated: Callable[..., Any] = with_options
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
