"""The rows that an imported message becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from forum.domain import subject
from forum.domain.preparing import Shown, Understood
from forum.domain.thread_index import index_ids
from forum.domain.values import Source, Submission
from forum.operations.deriving import header_values, shown_values
from forum.operations.publishing import UNNAMED
from forum.storage.base import Base
from forum.storage.bulk import insert_rows, table_of


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that only waits to be stored."""

    understood: Understood
    shown: Shown
    arrived_at: datetime
    old_keys: tuple[str, ...] = ()
    """Its addresses in the archive it comes from."""

    @property
    def submission(self) -> Submission:
        """What the message says."""
        return self.understood.submission


def archive_id(submission: Submission) -> str:
    """The archive's id of a message whose Message-ID no other text bears."""
    return submission.message_id or f"{submission.content_digest[:40]}@{UNNAMED}"


def own_ids(submission: Submission) -> tuple[str, ...]:
    """All ids that lead to a message: as `forum.operations.gathering.ids_of`."""
    own = (archive_id(submission), *index_ids(submission.thread_index)[-1:])
    return tuple(dict.fromkeys(own))


def thread_values(submission: Submission, list_id: int, names: tuple[str, ...]) -> dict[str, Any]:
    """A thread that begins with a message; `names` of its list as `MailingList.subject_names`."""
    return {
        "mailing_list_id": list_id,
        "subject": subject.parse_subject(submission.subject, list_prefixes=names).base,
        "started_at": submission.date,
        "last_post_at": submission.date,
    }


def post_values(
    ready: Ready,
    list_id: int,
    names: tuple[str, ...],
    raw_id: int,
    author_id: int,
    thread_id: int,
) -> dict[str, Any]:
    """A post, not yet in its place; `names` of its list as `MailingList.subject_names`."""
    submission = ready.submission
    return {
        "mailing_list_id": list_id,
        "thread_id": thread_id,
        "raw_id": raw_id,
        "author_id": author_id,
        "message_id": archive_id(submission),
        "content_digest": submission.content_digest,
        "date": submission.date,
        "arrived_at": ready.arrived_at,
        "source": Source.IMPORT,
        **header_values(submission, names),
        **shown_values(ready.shown),
    }


def segment_values(ready: Ready, post_id: int) -> list[dict[str, Any]]:
    """The parts of a post's body."""
    return [
        {
            "post_id": post_id,
            "position": position,
            "role": part.role,
            "language": part.language,
            "text": part.text,
        }
        for position, part in enumerate(ready.shown.segments)
    ]


def attachment_values(ready: Ready, post_id: int) -> list[dict[str, Any]]:
    """What is known of a post's attachments."""
    return [
        {
            "post_id": post_id,
            "index": part.index,
            "filename": part.filename,
            "content_type": part.content_type,
            "size": part.size,
            "content_id": part.content_id,
            "inline": part.inline,
        }
        for part in ready.submission.attachments
    ]


def insert_numbered(
    session: Session, mapped: type[Base], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows with ids known beforehand: returning them takes SQLite a statement for each.

    Returns:
        Their ids, beside the rows.
    """
    if not rows:
        return []
    ids = _next_ids(session, mapped, len(rows))
    numbered = [{"id": one, **row} for one, row in zip(ids, rows, strict=True)]
    insert_rows(session, mapped, numbered)
    return ids


def _next_ids(session: Session, mapped: type[Base], count: int) -> list[int]:
    table = table_of(mapped)
    if session.get_bind().dialect.name == "postgresql":
        # PostgreSQL 9.17: what a sequence gave is given to nobody else.
        given = text(
            "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
        )
        return list(session.scalars(given, {"name": table.name, "count": count}))
    # Our transactions begin as the only writer, so nobody else takes one in between.
    last = session.scalar(select(func.max(table.c.id))) or 0
    return list(range(last + 1, last + 1 + count))


def bytes_of(understood: Understood) -> bytes:
    """The bytes of a message that waits to be stored."""
    return zstandard.ZstdDecompressor().decompress(
        understood.compressed, max_output_size=understood.size
    )
