"""Mails as mail programs and services write them, understood from the bytes to the languages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forum.domain.message import parse
from forum.domain.preparing import show
from forum.domain.subject import parse_subject

MAILS = Path(__file__).parents[1] / "mails" / "whole"
PATHS = sorted(MAILS.glob("*.eml"))
ARRIVED_AT = datetime(2010, 3, 3, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_mail_is_understood_as_its_author_meant(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    submission = parse(path.read_bytes(), ARRIVED_AT)
    # As an answer in a French thread: what is too short to tell follows it.
    shown = show(
        submission.text, submission.text_format, submission.declared_language, None, ("fr",)
    )
    subject = parse_subject(submission.subject, list_prefixes=("ancrage",))
    assert {
        "segments": [[part.role.value, part.text.strip("\n")] for part in shown.segments],
        "language": shown.language,
        "subject_base": subject.base,
        "is_reply": subject.is_reply,
        "flags": [flag.value for flag in submission.flags],
        "attachments": [part.filename for part in submission.attachments],
    } == expected
    assert submission.repairs == ()


def test_there_is_an_expectation_for_every_mail_in_each_language() -> None:
    expected = [json.loads(path.read_text("utf-8")) for path in MAILS.glob("*.json")]
    assert len(expected) == len(PATHS) > 30
    assert {one["language"] for one in expected} == {"fr", "en", "es", "mul"}
