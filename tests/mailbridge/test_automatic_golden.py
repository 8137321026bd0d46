"""Mails of machines, and of people that look like machines', each with what it is in the .json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.automatic import classify

MAILS = Path(__file__).parents[1] / "mails" / "automatic"
PATHS = sorted(MAILS.glob("*.eml"))
OWN = ("ancrage.lists.example.org",)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_mail_is_told_for_what_it_is(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert classify(path.read_bytes(), expected.get("reverse_path"), OWN) == expected["kind"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_line_ends_change_nothing(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    raw = path.read_bytes().replace(b"\r\n", b"\n")
    assert classify(raw, expected.get("reverse_path"), OWN) == expected["kind"]


def test_there_is_an_expectation_for_every_mail_and_both_kinds() -> None:
    kinds = [json.loads(path.read_text("utf-8"))["kind"] for path in MAILS.glob("*.json")]
    assert len(kinds) == len(PATHS) > 40
    assert kinds.count(None) > 10


@pytest.mark.parametrize("folder", ["whole", "parsing"])
def test_no_ordinary_mail_is_taken_for_a_machines(folder: str) -> None:
    paths = sorted((MAILS.parent / folder).glob("*.eml"))
    assert len(paths) > 30
    found = [path.stem for path in paths if classify(path.read_bytes(), "awa@example.org", OWN)]
    assert found == []
