"""`passerelle index`."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from forum.commands.errors import Failure
from forum.commands.lookup import as_json, print_json
from forum.config import search_index, settings
from forum.extensions import db
from forum.search.building import Builders
from forum.search.indexer import drain, pending, rebuild
from forum.storage.archive import Post, PostState
from forum.storage.base import reading


@click.group("index")
def index_group() -> None:
    """The search index, which can always be made anew from the posts."""


@index_group.command("rebuild")
@as_json
@with_appcontext
def rebuild_command(as_json: bool) -> None:
    """Make the index anew; search answers from the old one meanwhile."""
    index = search_index()
    with Builders(settings()) as builders:
        if rebuild(db.session(), index, builders) < 0:
            raise Failure("another process is writing to the index: try again in a moment")
        while drain(db.session(), index, builders.appetite, builders):
            db.session.commit()
        db.session.commit()
    _show(as_json)


@index_group.command("status")
@as_json
@with_appcontext
def status(as_json: bool) -> None:
    """Show engine, posts, indexed posts, posts that wait, and size."""
    _show(as_json)


def _show(as_json: bool) -> None:
    found = search_index().status()
    with reading():
        posts = db.session.scalar(
            select(func.count()).select_from(Post).where(Post.state == PostState.VISIBLE)
        )
        waiting = pending(db.session())
    values = {
        "engine": found.engine,
        "posts": posts or 0,
        "indexed": found.indexed,
        "pending": waiting,
        "bytes": found.bytes,
    }
    if as_json:
        print_json(values | {"rebuilding": found.rebuilding})
        return
    for name, value in values.items():
        click.echo(f"{name}: {value}")
    if found.rebuilding:
        click.echo("the index is being rebuilt")


COMMANDS: Final = (index_group,)
