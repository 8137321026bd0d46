"""Commands are run as people run them, in this process and on the test's own site."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from forum.cli import main


@dataclass(frozen=True)
class Printed:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line."""
        return self.out.splitlines()[-1]

    @property
    def json(self) -> Any:
        """The one document, alone on the one line."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Run = Callable[..., Printed]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run `passerelle` with arguments; `given` is its standard input."""

    def run_command(*arguments: str, status: int = 0, given: str = "") -> Printed:
        info = ScriptInfo(create_app=lambda: app)
        result = CliRunner().invoke(main, arguments, obj=info, input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        printed = Printed(result.exit_code, result.stdout, result.stderr)
        assert printed.status == status, printed
        return printed

    return run_command


@pytest.fixture
def ancrage(run: Run) -> str:
    """The slug of a list that stands already."""
    titles = ("--title-fr", "Ancrage", "--title-en", "Anchoring", "--title-es", "Anclaje")
    run("list", "create", "ancrage@lists.example.org", *titles)
    return "ancrage"


def one_line(printed: Printed) -> bool:
    """Whether an error was told in one line, without a traceback."""
    return printed.err.startswith("Error: ") and printed.err.count("\n") == 1


__all__ = ["Printed", "Run", "one_line"]
