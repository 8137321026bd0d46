"""Mails as they arrive, each with what is to be read from it in the .json beside it.

A file names only what differs from `USUAL`: the case it is there for.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forum.domain.message import attachment_content, parse

MAILS = Path(__file__).parent.parent / "mails" / "parsing"
ARRIVED_AT = datetime(2024, 5, 18, 8, 0, tzinfo=UTC)
USUAL: dict[str, Any] = {
    "author": ["Jean Roche", "jean@example.org"],
    "subject": "Sentier",
    "date": "2024-05-17T10:29:58+00:00",
    "message_id": "m1@example.org",
    "text_format": "plain",
    "attachments": [],
    "flags": [],
    "repairs": [],
    "in_reply_to": [],
    "references": [],
}


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_a_mail_is_read_as_expected(path: Path) -> None:
    expected = USUAL | json.loads(path.with_suffix(".json").read_text("utf-8"))
    submission = parse(path.read_bytes(), ARRIVED_AT)
    read: dict[str, Any] = {
        "author": [submission.author.name, submission.author.address],
        "subject": submission.subject,
        "date": submission.date.isoformat(),
        "message_id": submission.message_id,
        "text": submission.text,
        "text_format": submission.text_format.value,
        "attachments": [
            [a.filename, a.content_type, a.size, a.inline] for a in submission.attachments
        ],
        "flags": [flag.value for flag in submission.flags],
        "repairs": [[repair.part, repair.method] for repair in submission.repairs],
        "in_reply_to": list(submission.in_reply_to),
        "references": list(submission.references),
        "recipients": [[m.name, m.address] for m in submission.recipients],
        "thread_index": submission.thread_index,
        "thread_topic": submission.thread_topic,
        "declared_language": submission.declared_language,
    }
    assert {name: read[name] for name in expected} == expected


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_every_attachment_can_be_had(path: Path) -> None:
    raw = path.read_bytes()
    for attachment in parse(raw, ARRIVED_AT).attachments:
        found, content = attachment_content(raw, attachment.index)
        assert (found, len(content)) == (attachment, attachment.size)


def test_there_is_an_expectation_for_every_mail() -> None:
    mails = {path.stem for path in MAILS.glob("*.eml")}
    assert mails == {path.stem for path in MAILS.glob("*.json")}
    assert len(mails) > 100
