"""The house has one direction of imports, and the domain knows nothing of the outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What each room may import of ours; what is not named here, it may not.
ALLOWED = {
    "forum.domain": {"forum.domain"},
    "forum.storage": {"forum.domain", "forum.storage"},
    "forum.operations": {"forum.domain", "forum.storage", "forum.operations"},
    "forum.search": {"forum.domain", "forum.storage", "forum.search"},
    "forum.web": {
        "forum.domain",
        "forum.storage",
        "forum.operations",
        "forum.search",
        "forum.web",
    },
    "mailbridge": {
        "forum.domain",
        "forum.storage",
        "forum.operations",
        "forum.search",
        "mailbridge",
        # Its own commands say what went wrong, and read numbers, as the forum's do.
        "forum.commands.errors",
        "forum.commands.lookup",
    },
    "forum.commands": {
        "forum.domain",
        "forum.storage",
        "forum.operations",
        "forum.search",
        "forum.commands",
        "forum.app",
    },
}
# Small rooms that stand beside the others and are open to web, mailbridge, app and commands.
HALLWAY = {
    "forum",
    "forum.clock",
    "forum.config",
    "forum.extensions",
    "forum.i18n",
    "forum.process",
    "forum.children",
    "forum.resources",
    "forum.settings",
}
OPEN_TO_HALLWAY = {"forum.web", "mailbridge", "forum.commands"}
# The search reads which engine is wanted, and shares its work among processes.
NEAR_THE_HALLWAY = {"forum.search": {"forum.settings", "forum.children"}}


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("forum", "mailbridge"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            yield node.module
            if node.module in ("forum", "mailbridge"):
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                yield from (name for name in names if is_module(name))


def room_of(name: str) -> str:
    return next((room for room in ALLOWED if name == room or name.startswith(f"{room}.")), name)


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda value: str(value))
def test_imports_run_one_way(name: str, path: Path) -> None:
    room = room_of(name)
    for target in imported(path):
        if not target.startswith(("forum", "mailbridge")) or target == "forum":
            continue
        if room in ALLOWED:
            allowed = ALLOWED[room] | (HALLWAY if room in OPEN_TO_HALLWAY else set())
            allowed |= NEAR_THE_HALLWAY.get(room, set())
            assert {target, room_of(target)} & allowed, f"{name} imports {target}"
        elif name.startswith("forum"):
            assert not target.startswith("mailbridge"), f"{name} imports {target}"


def test_the_domain_knows_no_framework_and_does_no_input_or_output() -> None:
    forbidden = ("flask", "sqlalchemy", "whoosh", "socket", "smtplib", "pathlib", "os", "logging")
    for name, path in modules():
        if room_of(name) == "forum.domain":
            for target in imported(path):
                assert target.split(".")[0] not in forbidden, f"{name} imports {target}"
