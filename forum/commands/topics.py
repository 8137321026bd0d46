"""`passerelle topic`: a list's calendar of topics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import as_json, print_json, print_row, the_list
from forum.domain.topics import LONGEST_REMINDER, USUAL_REMINDER, tag_key
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations import topics as operations
from forum.operations.topics import TopicError, TopicFields
from forum.storage.base import reading
from forum.storage.lists import MailingList
from forum.storage.topics import Topic, TopicRow, threads_by_tag, topic_by_key, topics_of

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_DAYS: Final = click.IntRange(0, LONGEST_REMINDER)
_OPTIONS: Final = (
    click.option("--tag", help="In square brackets at the beginning of subjects."),
    click.option("--start", type=_DAY, help="Its first day, such as 2027-03-01."),
    click.option("--end", type=_DAY, help="Its last day."),
    click.option("--title-fr", help="Title in French."),
    click.option("--title-en", help="Title in English."),
    click.option("--title-es", help="Title in Spanish."),
    click.option("--product-fr", help="What is to come of it, in French."),
    click.option("--product-en", help="What is to come of it, in English."),
    click.option("--product-es", help="What is to come of it, in Spanish."),
    click.option(
        "--remind-days",
        type=_DAYS,
        help=f"Days before its end at which all are reminded; 0: never; usual: {USUAL_REMINDER}.",
    ),
)


def _topic_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("topic")
def topic_group() -> None:
    """Announce what a list talks about, and until when."""


@topic_group.command("add")
@click.argument("slug")
@_topic_options
@with_appcontext
def add(slug: str, **options: Any) -> None:
    """Announce a topic of the list SLUG; needs its tag, first and last day, and three titles.

    A post whose subject begins with the tag in square brackets is filed under the topic.
    """
    mailing_list = the_list(slug)
    missing = [name for name in ("tag", "start", "end") if options[name] is None]
    if missing:
        raise BadInput(f"a topic needs --{', --'.join(missing)}")
    empty = TopicFields("", {}, date.min, date.min, {})
    fields = _with_options(empty, options)
    try:
        row = operations.add_topic(db.session(), mailing_list, fields, utcnow())
    except TopicError as error:
        raise BadInput(_told(error)) from None
    db.session.commit()
    click.echo(f"added [{row.tag}]")


@topic_group.command("ls")
@click.argument("slug")
@as_json
@with_appcontext
def show(slug: str, as_json: bool) -> None:
    """Show the topics of the list SLUG: tag, first and last day, number of threads, title."""
    with reading():
        mailing_list = the_list(slug)
        rows = topics_of(db.session(), mailing_list.id)
        threads = threads_by_tag(db.session(), mailing_list.id, [row.tag for row in rows])
    if as_json:
        print_json([_document(row, threads[row.tag]) for row in rows])
        return
    for row in rows:
        title = row.title(mailing_list.language)
        print_row(row.tag, row.starts_on, row.ends_on, threads[row.tag], title)


@topic_group.command("edit")
@click.argument("slug")
@click.argument("known_tag", metavar="TAG")
@_topic_options
@with_appcontext
def edit(slug: str, known_tag: str, **options: Any) -> None:
    """Change the topic TAG of the list SLUG; what is not given stays."""
    mailing_list = the_list(slug)
    row = _the_topic(mailing_list, known_tag)
    known = TopicFields(
        row.tag, row.titles, row.starts_on, row.ends_on, row.products, row.remind_days
    )
    fields = _with_options(known, options)
    if fields == known:
        raise BadInput("there is nothing to change: give at least one option")
    try:
        operations.change_topic(db.session(), mailing_list, row, fields, utcnow())
    except TopicError as error:
        raise BadInput(_told(error)) from None
    db.session.commit()
    click.echo(f"changed [{row.tag}]")


@topic_group.command("remove")
@click.argument("slug")
@click.argument("tag")
@with_appcontext
def remove(slug: str, tag: str) -> None:
    """Take the topic TAG out of the calendar of the list SLUG; threads keep the tag."""
    mailing_list = the_list(slug)
    row = _the_topic(mailing_list, tag)
    operations.remove_topic(db.session(), mailing_list, row, utcnow())
    db.session.commit()
    click.echo(f"removed [{row.tag}]")


def _with_options(known: TopicFields, options: dict[str, Any]) -> TopicFields:
    start: datetime | None = options["start"]
    end: datetime | None = options["end"]
    days: int | None = options["remind_days"]
    return replace(
        known,
        tag=known.tag if options["tag"] is None else options["tag"],
        starts_on=start.date() if start else known.starts_on,
        ends_on=end.date() if end else known.ends_on,
        titles={**known.titles, **_given("title", options)},
        products={**known.products, **_given("product", options)},
        remind_days=known.remind_days if days is None else days,
    )


def _given(name: str, options: dict[str, Any]) -> dict[str, str]:
    texts = {code: options[f"{name}_{code}"] for code in LANGUAGES}
    return {code: text for code, text in texts.items() if text is not None}


def _the_topic(mailing_list: MailingList, tag: str) -> Topic:
    key = tag_key(tag.strip("[]"))
    found = topic_by_key(db.session(), mailing_list.id, key)
    if found is None:
        raise BadInput(f"the list {mailing_list.slug} has no topic {tag!r}")
    return found


def _document(row: TopicRow, threads: int) -> dict[str, Any]:
    days = {"starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat()}
    return {
        "tag": row.tag, "titles": row.titles, "products": row.products, **days, "threads": threads
    }  # fmt: skip


def _told(error: TopicError) -> str:
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


COMMANDS: Final = (topic_group,)
