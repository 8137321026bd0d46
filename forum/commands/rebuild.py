"""`passerelle rebuild`."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from forum.clock import utcnow
from forum.commands.lookup import as_json, print_json, the_list
from forum.extensions import db
from forum.operations import rebuilding
from forum.operations.deriving import derive
from forum.storage.base import reading
from forum.storage.lists import MailingList


@click.command("rebuild")
@click.argument("slug", required=False)
@as_json
@with_appcontext
def rebuild(slug: str | None, as_json: bool) -> None:
    """Derive everything shown again from the stored bytes, of one list or of all.

    After a new version has learnt to read some mail better. What people decided stays; mail goes
    on meanwhile. The search index follows by itself.
    """
    with reading():
        wanted = select(MailingList.id).order_by(MailingList.id)
        ids = [the_list(slug).id] if slug else list(db.session.scalars(wanted))
        db.session.rollback()
    counts = {"posts": 0, "changed": 0, "moved": 0}
    for list_id in ids:
        posts, changed = _posts(list_id)
        counts["posts"] += posts
        counts["changed"] += changed
        counts["moved"] += _threads(list_id)
    if as_json:
        print_json(counts)
        return
    click.echo(" ".join(f"{name}={number}" for name, number in counts.items()))


def _posts(list_id: int) -> tuple[int, int]:
    """Look at each post; read and written in transactions of its own, computed outside."""
    session = db.session()
    seen = changed = 0
    after = None
    while True:
        with reading():
            step = rebuilding.next_step(session, session.get_one(MailingList, list_id), after)
            session.rollback()
        if step is None:
            return seen, changed
        seen, after = seen + 1, step.cursor
        if step.basis is None:
            continue
        derived = derive(step.basis)
        with reading():
            differs = rebuilding.would_change(session, step, derived)
            session.rollback()
        if differs:
            changed += rebuilding.keep(session, step, derived, utcnow())
            session.commit()


def _threads(list_id: int) -> int:
    session = db.session()
    moved = 0
    with reading():
        batches = list(rebuilding.thread_batches(session, session.get_one(MailingList, list_id)))
        session.rollback()
    for batch in batches:
        mailing_list = session.get_one(MailingList, list_id)
        moved += rebuilding.settle_threads(session, mailing_list, batch, utcnow())
        session.commit()
    return moved


COMMANDS: Final = (rebuild,)
