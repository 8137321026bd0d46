"""The `passerelle` command: every room's commands under one name."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any

import click
from flask.cli import ScriptInfo

import forum.commands
from forum import __version__
from forum.app import create_app
from forum.commands.errors import check_arguments, told_in_one_line


class PasserelleGroup(click.Group):
    """Commands of `forum.commands` and of the `flask.commands` entry points, found by name.

    Those of the mail are read when they are asked for: to read all takes as long as many a command.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the alphabet."""
        return sorted({*super().list_commands(ctx), *_entries()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self.commands and cmd_name in _entries():
            self.add_command(_entries()[cmd_name].load(), cmd_name)
        return super().get_command(ctx, cmd_name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, for the eyes of our own user alone, and exit: all that goes wrong is one line."""
        kwargs.setdefault("obj", ScriptInfo(create_app=create_app))
        given = args[0] if args else kwargs.get("args")
        before = os.umask(0o077)
        try:
            with told_in_one_line():
                check_arguments(sys.argv[1:] if given is None else given)
                status = super().main(*args, **{**kwargs, "standalone_mode": False})
        finally:
            os.umask(before)
        sys.exit(status if isinstance(status, int) else 0)


@click.group(cls=PasserelleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="passerelle")
def main() -> None:
    """Passerelle: a forum and a mailing list that are the same conversation."""


def _load() -> None:
    for module in iter_modules(forum.commands.__path__, "forum.commands."):
        for command in getattr(import_module(module.name), "COMMANDS", ()):
            main.add_command(command)


@cache
def _entries() -> dict[str, EntryPoint]:
    found = entry_points(group="flask.commands")
    return {entry.name: entry for entry in found if entry.value.startswith("mailbridge.")}


_load()
