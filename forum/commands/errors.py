"""How a command says that something went wrong: in one line."""

from __future__ import annotations

import click


class Failure(click.ClickException):
    """Something could not be done: exit status 1."""

    exit_code = 1


class BadInput(click.ClickException):
    """What was asked makes no sense: exit status 2."""

    exit_code = 2
