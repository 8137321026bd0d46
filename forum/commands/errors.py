"""How a command says that something went wrong: in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

import click
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from forum.settings import SettingsError

FAULTS_TOLD: Final = 5

_NO_TABLE: Final = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


class Failure(click.ClickException):
    """Something could not be done: exit status 1."""

    exit_code = 1


class BadInput(click.ClickException):
    """What was asked makes no sense: exit status 2."""

    exit_code = 2


def check_arguments(arguments: Sequence[str]) -> None:
    """Refuse arguments that are no text, but for names of files, which may be any bytes.

    Raises:
        BadInput: one is not UTF-8.
    """
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            if not os.path.lexists(argument):
                raise BadInput(f"an argument is not UTF-8 text: {argument!a}") from None


def first_of(faults: Sequence[str]) -> str:
    """What is wrong in a file, in one line: the first faults, and how many more there are."""
    told = "; ".join(faults[:FAULTS_TOLD])
    more = len(faults) - FAULTS_TOLD
    return f"{told}; and {more} more" if more > 0 else told


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what people and machines do wrong into one line and an exit status, never a traceback.

    Raises:
        SystemExit: 2 for what was asked or set, 1 for what could not be done.
    """
    try:
        yield
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        known = error.ctx.command_path if error.ctx else "passerelle"
        _end(f"{error.format_message()} See '{known} --help'.", error.exit_code)
    except click.ClickException as error:
        _end(error.format_message(), error.exit_code)
    except click.Abort:
        _end("interrupted", 1)
    except SettingsError as error:
        _end(str(error), 2)
    except SQLAlchemyError as error:
        _end(_of_database(error), 1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _end(f"{error.strerror or error}{where}", 1)


def _of_database(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else None
    told = f"{type(cause).__name__} {cause}"
    if cause is not None and any(sign in told for sign in _NO_TABLE):
        return "the database is not up to date: run 'passerelle init' first"
    # Without the statement and its values, which SQLAlchemy would add.
    return f"the database cannot be used (DATABASE_URL): {cause or error}"


def _end(text: str, status: int) -> NoReturn:
    click.echo(f"Error: {' '.join(text.split())}", err=True)
    sys.exit(status)
