"""A message that came in: kept first, understood afterwards, never lost.

The bytes are committed before anything looks inside them. What happens then ends in a state of
the row `incoming`, whatever goes wrong. These functions are an entrance: they commit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from forum.operations.raw import load_raw, store_raw
from forum.settings import Settings
from forum.storage.base import reading
from forum.storage.mail import Incoming, IncomingState
from mailbridge.addressing import Route, resolve
from mailbridge.authentication import Verdict, established
from mailbridge.dns_text import TxtLookup, of_this_machine
from mailbridge.failing import mark_failed, tell_author
from mailbridge.mirror_digest import REASON as DIGEST
from mailbridge.mirror_digest import unpacked
from mailbridge.processing import SAID, process
from mailbridge.reasons import smtp_refusal

log = logging.getLogger("passerelle.receive")

ACCEPTED: Final = "250 2.0.0 OK"
UNKNOWN: Final = "550 5.1.1 No such address here"

ATTEMPTS: Final = 3

_ABANDONED: Final = timedelta(seconds=3)
"""A listener that lives is done with a message by then; if not, the row's lock keeps both apart."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The transport's side of one message for one address (RFC 5321)."""

    reverse_path: str | None
    """None is the null path."""
    forward_path: str
    peer: str = ""
    """The client's address and protocol."""


class MessageNotFound(LookupError):
    """There is no incoming message with this number."""


def receive(
    session: Session,
    envelope: Envelope,
    raw: bytes,
    now: datetime,
    settings: Settings,
    lookup: TxtLookup | None = None,
) -> str:
    """Keep a message, commit, then find out what it is; commits.

    A second copy (same envelope, same bytes) changes nothing and gets the first one's answer.

    Args:
        lookup: Asks the DNS, where the settings allow it; None takes this machine's name servers.

    Returns:
        The SMTP reply for this recipient.

    Raises:
        Exception: before the bytes were committed; the client is to try again (451).
    """
    started = time.monotonic()
    route = resolve(session, envelope.forward_path, settings.mail_domain)
    if route is None:
        session.rollback()
        return UNKNOWN
    row, is_new = _keep(session, envelope, raw, route, now)
    key, state = row.id, row.state
    session.commit()
    if is_new or state == IncomingState.RECEIVED:
        reply = run(session, key, now, settings, lookup, raw=raw, in_dialogue=True)
    else:
        reply = _reply(session, key)
    log.info(
        "received incoming=%d new=%s kind=%s size=%d ms=%.0f",
        key, is_new, route.kind, len(raw), (time.monotonic() - started) * 1000,
    )  # fmt: skip
    return reply


def run(
    session: Session,
    incoming_id: int,
    now: datetime,
    settings: Settings,
    lookup: TxtLookup | None = None,
    *,
    raw: bytes | None = None,
    in_dialogue: bool = False,
) -> str:
    """Process a kept message; a crash of our own code marks it failed. Commits, never raises.

    What a digest of an outside list was split into is processed with it, each on its own.

    Two messages that come at once may both want to make the same author: the database lets one,
    and the other is tried again.

    Args:
        lookup: As for `receive`.
        raw: Its bytes; None reads them from the database.
        in_dialogue: Whether the client still waits and hears of a refusal.

    Returns:
        The SMTP reply.
    """
    done = _run(session, incoming_id, now, settings, lookup, raw, in_dialogue)
    for part in _unpacked(session, incoming_id) if done.was_split else ():
        _run(session, part, now, settings, lookup, None, False)
    return done.reply


@dataclass(frozen=True, slots=True)
class _Done:
    """How one message was processed."""

    reply: str
    was_split: bool = False
    """It was a digest, whose messages await their turn."""


def _unpacked(session: Session, incoming_id: int) -> list[int]:
    """The messages that a digest of an outside list was split into; the worker's if this fails."""
    try:
        with reading():
            parts = unpacked(session, incoming_id)
            session.rollback()
    except Exception:
        session.rollback()
        log.exception("unlisted incoming=%d", incoming_id)
        return []
    return parts


def _run(
    session: Session,
    incoming_id: int,
    now: datetime,
    settings: Settings,
    lookup: TxtLookup | None,
    raw: bytes | None,
    in_dialogue: bool,
) -> _Done:
    found = _established(session, incoming_id, settings, lookup)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # Locked, so that a listener and a worker after a restart do not both process it.
            row = session.get(Incoming, incoming_id, with_for_update=True)
            if row is not None and row.state == IncomingState.RECEIVED:
                content = raw if raw is not None else load_raw(row.raw)
                process(session, row, content, now, settings, found, in_dialogue=in_dialogue)
            done = _Done(_reply_of(row), row is not None and row.reasons == [DIGEST])
            session.commit()
            return done
        except Exception as error:
            session.rollback()
            if isinstance(error, (IntegrityError, OperationalError)) and attempt < ATTEMPTS:
                time.sleep(0.05 * attempt)
                continue
            log.exception("failed incoming=%d attempts=%d", incoming_id, attempt)
            mark_failed(session, incoming_id, error)
            tell_author(session, incoming_id, now, settings, found)
            return _Done(ACCEPTED)
    return _Done(ACCEPTED)


def reprocess(session: Session, incoming_id: int, now: datetime, settings: Settings) -> Incoming:
    """Process a failed or waiting message again; one that has a fate keeps it. Commits.

    Raises:
        MessageNotFound: there is none with this number.
    """
    row = session.get(Incoming, incoming_id, with_for_update=True)
    if row is None:
        session.rollback()
        raise MessageNotFound(f"there is no incoming message {incoming_id}")
    if row.state == IncomingState.FAILED:
        row.state, row.detail, row.reasons = IncomingState.RECEIVED, "", []
    session.commit()
    run(session, incoming_id, now, settings)
    session.refresh(row)
    return row


def resume(
    session: Session, now: datetime, settings: Settings, stopped: Callable[[], bool] | None = None
) -> int:
    """Process what was kept and not processed, because the process was killed between the two.

    Args:
        stopped: asked before each; True ends the work.

    Returns:
        How many messages were processed.
    """
    waiting = session.scalars(
        select(Incoming.id)
        .where(Incoming.state == IncomingState.RECEIVED, Incoming.received_at < now - _ABANDONED)
        .order_by(Incoming.id)
        .limit(1000)
    ).all()
    session.rollback()
    for count, key in enumerate(waiting):
        if stopped is not None and stopped():
            return count
        run(session, key, now, settings)
    return len(waiting)


def _keep(
    session: Session, envelope: Envelope, raw: bytes, route: Route, now: datetime
) -> tuple[Incoming, bool]:
    stored = store_raw(session, raw)
    forward_path = envelope.forward_path.lower()
    reverse_path = envelope.reverse_path or ""
    found = session.scalar(
        select(Incoming).where(
            Incoming.forward_path == forward_path,
            Incoming.raw_id == stored.id,
            Incoming.reverse_path == reverse_path,
        )
    )
    if found is not None:
        return found, False
    row = Incoming(
        raw_id=stored.id,
        reverse_path=reverse_path,
        forward_path=forward_path,
        mailing_list_id=route.mailing_list_id,
        peer=envelope.peer,
        received_at=now,
        state=IncomingState.RECEIVED,
    )
    session.add(row)
    session.flush()
    return row, True


def _established(
    session: Session, incoming_id: int, settings: Settings, lookup: TxtLookup | None
) -> Verdict:
    """Who is writing, before the transaction that posts: an answer of the DNS may take seconds."""
    if not (settings.dns or settings.trusted_authserv):
        return Verdict.NONE
    try:
        with reading():
            row = session.get(Incoming, incoming_id)
            raw = load_raw(row.raw) if row is not None else b""
            session.rollback()
        asking = (lookup or of_this_machine()) if settings.dns else None
        return established(raw, settings.trusted_authserv, asking)
    except Exception:
        # No verdict is not a failure; what is wrong shows when the message is processed.
        session.rollback()
        log.exception("unchecked incoming=%d", incoming_id)
        return Verdict.NONE


def _reply(session: Session, incoming_id: int) -> str:
    """What the client of a second copy is told: only a refusal is not `250`."""
    try:
        with reading():
            row = session.get(Incoming, incoming_id)
            reply = _reply_of(row)
            session.rollback()
    except Exception:
        log.exception("unread incoming=%d", incoming_id)
        return ACCEPTED
    return reply


def _reply_of(row: Incoming | None) -> str:
    refused = row is not None and row.state == IncomingState.REJECTED and row.detail == SAID
    return smtp_refusal(tuple(row.reasons)) if row is not None and refused else ACCEPTED
