"""A list's messages written as mbox, Maildir, JSON lines and CSV."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from forum.domain.mbox import mbox_entry
from forum.operations.leaving import StoredMessage
from forum.storage.post_documents import Document

CSV_COLUMNS: Final = (
    "id", "thread_id", "parent_id", "date", "author", "subject", "language", "source",
    "message_id", "attachments", "text", "url",
)  # fmt: skip
# A cell that begins so would be run as a formula by a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_mbox(stream: IO[bytes], messages: Iterable[StoredMessage]) -> int:
    """As one mboxrd file; gives their number."""
    count = 0
    for message in messages:
        count += 1
        stream.write(mbox_entry(message.raw, message.arrived_at))
    return count


def write_maildir(folder: Path, messages: Iterable[StoredMessage]) -> int:
    """As a Maildir, each message a file of exactly its bytes; gives their number.

    Names are made of time and post, so that writing twice into one folder changes nothing.
    """
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    count = 0
    for message in messages:
        count += 1
        seconds = int(message.arrived_at.timestamp())
        name = f"{seconds:010d}.P{message.post_id}.passerelle"
        unfinished = folder / "tmp" / name
        unfinished.write_bytes(message.raw)
        # A reader never sees half a message: it appears whole.
        unfinished.replace(folder / "cur" / f"{name}:2,S")
        os.utime(folder / "cur" / f"{name}:2,S", (seconds, seconds))
    return count


def write_jsonl(stream: IO[bytes], posts: Iterable[Document]) -> int:
    """One post a line, as the API gives it; gives their number."""
    count = 0
    for post in posts:
        count += 1
        stream.write(json.dumps(post, ensure_ascii=False).encode("utf-8") + b"\n")
    return count


def write_csv(stream: IO[str], posts: Iterable[Document]) -> int:
    """One post a row, for spreadsheets; gives their number."""
    writer = csv.writer(stream)
    writer.writerow(CSV_COLUMNS)
    count = 0
    for post in posts:
        count += 1
        names = "; ".join(part["filename"] for part in post["attachments"])
        row = {**post, "author": post["author"]["name"], "attachments": names}
        writer.writerow([_cell(row[column]) for column in CSV_COLUMNS])
    return count


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
