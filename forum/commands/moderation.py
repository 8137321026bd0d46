"""`passerelle held` and `passerelle audit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import ID, as_json, print_json, print_row, the_list
from forum.extensions import db
from forum.operations import moderation as operations
from forum.storage.audit import AuditEntry
from forum.storage.base import reading
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState


@click.group("held")
def held_group() -> None:
    """The messages that await a moderator."""


@held_group.command("ls")
@click.argument("slug", required=False)
@as_json
@with_appcontext
def ls(slug: str | None, as_json: bool) -> None:
    """Show what waits, oldest first: id, list, reasons, author, subject."""
    with reading():
        query = (
            select(HeldMessage)
            .join(MailingList)
            .where(HeldMessage.state == HeldState.HELD)
            .order_by(HeldMessage.held_at, HeldMessage.id)
        )
        if slug:
            query = query.where(MailingList.id == the_list(slug).id)
        documents: list[dict[str, Any]] = [
            {
                "id": held.id,
                "list": held.mailing_list.slug,
                "reasons": list(held.reasons),
                "subject": held.subject,
                "author": held.author_email or held.author_name,
                "author_name": held.author_name,
                "held_at": held.held_at.isoformat(),
                "source": held.source,
            }
            for held in db.session.scalars(query)
        ]
    if as_json:
        print_json(documents)
        return
    for one in documents:
        reasons = ",".join(one["reasons"])
        print_row(one["id"], one["list"], reasons, one["author"], one["subject"])


@held_group.command("accept")
@click.argument("ids", type=ID, nargs=-1, required=True)
@with_appcontext
def accept(ids: tuple[int, ...]) -> None:
    """Post the held messages IDS."""
    _decide(operations.Verb.ACCEPT, ids, "")


@held_group.command("reject")
@click.argument("ids", type=ID, nargs=-1, required=True)
@click.option("--reason", default="", help="Told to the author.")
@with_appcontext
def reject(ids: tuple[int, ...], reason: str) -> None:
    """Send the held messages IDS back to their authors."""
    _decide(operations.Verb.REJECT, ids, reason)


@held_group.command("discard")
@click.argument("ids", type=ID, nargs=-1, required=True)
@click.option("--reason", default="", help="Kept in the audit log.")
@with_appcontext
def discard(ids: tuple[int, ...], reason: str) -> None:
    """Drop the held messages IDS; nobody is told."""
    _decide(operations.Verb.DISCARD, ids, reason)


def _decide(verb: operations.Verb, ids: Sequence[int], reason: str) -> None:
    waiting = [_held(held_id) for held_id in dict.fromkeys(ids)]
    too_late = []
    for held in waiting:
        try:
            stands = operations.decide(db.session(), held, verb, utcnow(), reason=reason)
            click.echo(_told(held, stands=stands))
        except operations.AlreadyDecided:
            too_late.append(f"held {held.id} is {held.state} already")
        db.session.commit()
    if too_late:
        raise Failure("; ".join(too_late))


def _told(held: HeldMessage, *, stands: bool) -> str:
    post = f": post {held.post_id}" if held.post_id else ""
    known = ", on the list already: not posted again" if stands else ""
    return f"held {held.id} {held.state}{post}{known}"


def _held(held_id: int) -> HeldMessage:
    held = db.session.get(HeldMessage, held_id)
    if held is None:
        raise BadInput(f"there is no held message {held_id}")
    return held


@click.command("audit")
@click.argument("slug", required=False)
@as_json
@with_appcontext
def audit(slug: str | None, as_json: bool) -> None:
    """Show who decided what, oldest first: id, time, list, who, action, target, details."""
    with reading():
        query = select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)
        if slug:
            query = query.where(AuditEntry.mailing_list_id == the_list(slug).id)
        documents: list[dict[str, Any]] = [
            {
                "id": entry.id,
                "at": entry.at.isoformat(),
                "list": entry.mailing_list.slug if entry.mailing_list else None,
                "account": entry.account.email if entry.account else None,
                "action": entry.action,
                "target": entry.target,
                "details": entry.details,
            }
            for entry in db.session.scalars(query)
        ]
    if as_json:
        print_json(documents)
        return
    for one in documents:
        details = " ".join(f"{name}={value}" for name, value in one["details"].items())
        by_itself = "automatic" if one["details"].get("automatic") else "command"
        who = one["account"] or by_itself
        place = one["list"] or "-"
        print_row(one["id"], one["at"], place, who, one["action"], one["target"], details)


COMMANDS: Final = (held_group, audit)
