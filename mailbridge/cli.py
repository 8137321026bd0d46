"""The commands `passerelle mail …` and `passerelle worker`."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import ID
from forum.config import settings
from forum.domain.language_model import load_model
from forum.extensions import db
from forum.operations import digests
from forum.operations.raw import load_raw
from forum.search import open_index
from forum.settings import ListenAddress
from forum.storage.base import reading
from forum.storage.lists import list_by_slug
from forum.storage.mail import DigestDelivery, Incoming, IncomingState
from mailbridge.fetching import Fetcher
from mailbridge.fetching import beside as fetching_beside
from mailbridge.listener import Listener
from mailbridge.receive import MessageNotFound, reprocess
from mailbridge.transport import open_transport
from mailbridge.worker import Worker


@click.group()
def mail() -> None:
    """Incoming mail: listen, look, try again; digests."""


@mail.command()
@with_appcontext
def listen() -> None:
    """Take mail by LMTP and SMTP until stopped."""
    _log_to_stderr()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    wanted = {"lmtp": settings().lmtp_listen, "smtp": settings().smtp_listen}
    addresses = {protocol: address for protocol, address in wanted.items() if address}
    if not addresses:
        raise Failure("LMTP_LISTEN and SMTP_LISTEN are both empty: there is nothing to listen on")
    load_model()  # Rather than with the first mail.
    try:
        asyncio.run(_listen(app, addresses))
    except OSError as error:
        raise Failure(f"cannot listen: {error.strerror or error}") from None


async def _listen(app: Flask, addresses: dict[str, ListenAddress]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    listener = Listener(app)
    for protocol, address in addresses.items():
        host, port = await listener.open(protocol, address)
        shown = f"[{host}]" if ":" in host else host
        print(f"ready: {protocol} {shown}:{port}", flush=True)  # noqa: T201
    await stopped.wait()
    await listener.close()


@mail.command("log")
@click.option(
    "--state", type=click.Choice([str(state) for state in IncomingState]), help="Only these."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on one line.")
@click.option("--limit", type=ID, help="At most so many of the newest.")
@with_appcontext
def log_command(state: str | None, as_json: bool, limit: int | None) -> None:
    """List incoming messages with what became of each and why, oldest first."""
    query = select(Incoming).order_by(Incoming.id.desc())
    if state is not None:
        query = query.where(Incoming.state == state)
    with reading():
        rows = [_shown(row) for row in db.session.scalars(query.limit(limit))][::-1]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        why = " ".join([*row["reasons"], row["detail"]]).strip()
        fields = (
            str(row["id"]), row["received_at"], row["state"], row["forward_path"], row["author"],
            row["subject"], why,
        )  # fmt: skip
        click.echo("\t".join(" ".join(part.split()) for part in fields))


@mail.command()
@click.argument("incoming_id", metavar="ID", type=ID)
@with_appcontext
def show(incoming_id: int) -> None:
    """Write the bytes of an incoming message as they came; its fate goes to standard error."""
    with reading():
        row = db.session.get(Incoming, incoming_id)
        if row is None:
            raise BadInput(f"there is no incoming message {incoming_id}")
        shown, raw = _shown(row), load_raw(row.raw)
    for name, value in shown.items():
        text = " ".join(value) if isinstance(value, list) else value
        click.echo(f"{name}: {text}", err=True)
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()


@mail.command()
@click.argument("incoming_id", metavar="ID", type=ID)
@with_appcontext
def retry(incoming_id: int) -> None:
    """Process a failed message again and print its state."""
    try:
        row = reprocess(db.session(), incoming_id, utcnow(), settings())
    except MessageNotFound as error:
        raise BadInput(str(error)) from None
    if row.state == IncomingState.FAILED:
        raise Failure(f"message {incoming_id} failed again: {row.detail}")
    click.echo(row.state)


@mail.command()
@click.argument("slug", required=False)
@click.option("--now", "everything", is_flag=True, help="All that waits, whatever the hour.")
@with_appcontext
def digest(slug: str | None, everything: bool) -> None:
    """Send the digests that are due, of all lists or of the list SLUG, and print their number."""
    started = utcnow()
    mailing_list = None
    if slug is not None:
        mailing_list = list_by_slug(db.session(), slug.lower())
        if mailing_list is None:
            raise BadInput(f"there is no list {slug!r}")
    made = digests.queue_digests(
        db.session(), started, mailing_list=mailing_list, everything=everything
    )
    db.session.commit()
    _worker().send_digests()
    # Some may have been taken over by a worker that runs beside.
    sent = db.session.scalar(
        select(func.count(DigestDelivery.id)).where(DigestDelivery.sent_at >= started)
    )
    click.echo(f"queued={len(made)} sent={sent}")


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due, then exit.")
@with_appcontext
def worker(once: bool) -> None:
    """Send mail, fetch mail, keep the search index, until stopped."""
    _log_to_stderr()
    working = _worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: working.stop())
    if once:
        Fetcher(working.session, settings(), stopped=lambda: working.stopping).run_due()
        working.drain()
        return
    print("ready: worker", flush=True)  # noqa: T201
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with fetching_beside(app):
        working.run()


def _worker() -> Worker:
    return Worker(
        session=Session(db.engine, expire_on_commit=False),
        settings=settings(),
        transport=open_transport(settings().smarthost, settings().smarthost_connections),
        index=open_index(settings(), db.engine),
    )


def _shown(row: Incoming) -> dict[str, Any]:
    return {
        "id": row.id,
        "received_at": row.received_at.isoformat(timespec="seconds"),
        "state": row.state,
        "reasons": list(row.reasons),
        "detail": row.detail,
        "forward_path": row.forward_path,
        "reverse_path": row.reverse_path,
        "peer": row.peer,
        "author": row.author_email,
        "subject": row.subject,
        "size": row.raw.size,
        "post_id": row.post_id,
    }


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # aiosmtpd writes addresses at INFO.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
