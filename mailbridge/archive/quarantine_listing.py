"""What was put aside of archives, told to whoever may mend it."""

from __future__ import annotations

import json

import click
from sqlalchemy.orm import Session

from forum.operations.quarantine import quarantined
from forum.storage.imports import QuarantinedMessage
from forum.storage.lists import MailingList


def show_quarantine(session: Session, mailing_list: MailingList, *, as_json: bool) -> None:
    """Print a line, or an object of a JSON list, for each piece, in the order they were found."""
    rows = quarantined(session, mailing_list)
    if as_json:
        click.echo(json.dumps([_as_object(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        told = f" ({row.detail})" if row.detail else ""
        click.echo(
            f"{row.id}\t{row.found_at:%Y-%m-%d %H:%M}\t{row.size} bytes\t{row.reason}{told}\t"
            f"{row.file} number {row.ordinal + 1} at byte {row.offset}"
        )
    click.echo(f"quarantined={len(rows)}")


def _as_object(row: QuarantinedMessage) -> dict[str, object]:
    return {
        "id": row.id,
        "found_at": row.found_at.isoformat(),
        "arrived_at": row.arrived_at.isoformat(),
        "size": row.size,
        "reason": row.reason,
        "detail": row.detail,
        "file": row.file,
        "ordinal": row.ordinal,
        "offset": row.offset,
    }
