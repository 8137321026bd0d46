"""What the documentation names, exists; what exists, the documentation names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from forum.cli import main

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "forum" / "web" / "pages").glob("*.md")),
]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        # The mail's commands are read when they are asked for.
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(main))
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)


def named_commands(text: str) -> list[str]:
    lines = re.findall(r"^    (?:\S*/)?passerelle ([a-z][^\n\\#]*)", text, re.M)
    return lines + re.findall(r"`passerelle ([a-z][^`\n]*)`", text)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_every_command_and_target_a_guide_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for line in named_commands(text):
        assert any(line == name or line.startswith(f"{name} ") for name in COMMANDS), line
    for target in re.findall(r"^    make ([a-z-]+)", text, re.M):
        assert target in TARGETS, target


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_every_file_a_guide_links_to_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|/|mailto:)([^)#]+)", text):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_and_option_says_what_it_does(name: str) -> None:
    command = COMMANDS[name]
    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name == "help", f"{name} {parameter.name}"


def test_every_setting_is_explained_where_it_is_defined() -> None:
    text = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    names = list(tomllib.loads(text))
    assert len(names) > 10
    for name in names:
        assert re.search(rf"^#[^\n]*\n(?:[A-Z_]+ = [^\n]*\n)*{name} = ", text, re.M), name


def test_make_help_lists_the_targets_people_need() -> None:
    assert {"run", "install", "test", "test-fast", "check", "bench"} <= set(TARGETS)
