"""`passerelle list` and `passerelle role`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.fetch_options import FetchOptions, fetch_options
from forum.commands.lookup import (
    LANGUAGE,
    as_json,
    one_of,
    print_json,
    print_row,
    the_account,
    the_list,
)
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations import lists as operations
from forum.operations.audit import record
from forum.operations.fetching import fetching_of
from forum.storage.archive import Post, PostState, Thread
from forum.storage.base import reading
from forum.storage.lists import (
    FromPolicy,
    MailingList,
    Mode,
    Posting,
    ReplyTo,
    RoleName,
    Strangers,
    Visibility,
)

SHOWN: Final = (
    "slug",
    "address",
    "mode",
    "upstream_address",
    "bridge_address",
    "upstream_list_id",
    "visibility",
    "posting",
    "strangers",
    "language",
    "from_policy",
    "reply_to",
    "subject_prefix",
    "time_zone",
    "digest_hour",
    "outgoing_stopped",
    "hourly_limit",
)

_OPTIONS: Final = (
    click.option("--title-fr", help="Title in French."),
    click.option("--title-en", help="Title in English."),
    click.option("--title-es", help="Title in Spanish."),
    click.option("--description-fr", help="What the list is for, in French."),
    click.option("--description-en", help="What the list is for, in English."),
    click.option("--description-es", help="What the list is for, in Spanish."),
    click.option("--welcome-fr", help="Owners' words to new subscribers, in French."),
    click.option("--welcome-en", help="Owners' words to new subscribers, in English."),
    click.option("--welcome-es", help="Owners' words to new subscribers, in Spanish."),
    click.option("--mode", type=one_of(Mode), help="Who sends the mail: we or upstream."),
    click.option("--upstream", "upstream_address", help="Address of the mirrored outside list."),
    click.option("--bridge-address", help="Address to which the outside list sends."),
    click.option("--upstream-list-id", help="List-Id of the outside list, where it differs."),
    click.option("--visibility", type=one_of(Visibility), help="Who may read."),
    click.option("--posting", type=one_of(Posting), help="Who posts unmoderated."),
    click.option("--strangers", type=one_of(Strangers), help="What becomes of their mail."),
    click.option("--language", type=LANGUAGE, help="Of notices to people of unknown language."),
    click.option("--from-policy", type=one_of(FromPolicy), help="Whose address in From."),
    click.option("--reply-to", type=one_of(ReplyTo), help="Where answers to posts go."),
    click.option("--subject-prefix", help="Before subjects, such as [ancrage]; empty for none."),
    click.option("--time-zone", help="Of the hour of digests, such as Europe/Paris."),
    click.option(
        "--outgoing",
        "outgoing_stopped",
        type=click.Choice(["running", "stopped"]),
        callback=lambda _context, _option, value: None if value is None else value == "stopped",
        help="Whether any of its mail leaves.",
    ),
    click.option("--hourly-limit", type=click.IntRange(0), help="Copies an hour; 0: any number."),
    click.option("--digest-hour", type=click.IntRange(0, 23), help="When digests leave."),
)


def _list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("list")
def list_group() -> None:
    """Create, change and show mailing lists."""


@list_group.command("create")
@click.argument("address")
@_list_options
@with_appcontext
def create(address: str, **options: Any) -> None:
    """Create the list ADDRESS; its slug is the address's local part."""
    given = {name: value for name, value in options.items() if value is not None}
    titles = {lang: given.pop(f"title_{lang}", "").strip() for lang in LANGUAGES}
    missing = [f"--title-{lang}" for lang, title in titles.items() if not title]
    if missing:
        raise BadInput(f"a list needs a title in each language: {', '.join(missing)}")
    try:
        made = operations.create_list(db.session(), address, titles, utcnow(), **given)
    except ValueError as error:
        raise BadInput(str(error)) from None
    record(db.session(), "create", f"list {made.slug}", utcnow(), mailing_list=made)
    db.session.commit()
    click.echo(f"created {made.slug} <{made.address}>")


@list_group.command("edit")
@click.argument("slug")
@_list_options
@fetch_options
@with_appcontext
def edit(slug: str, fetch: FetchOptions, **options: Any) -> None:
    """Change options of the list SLUG; what is not given stays as it is."""
    given = {name: value for name, value in options.items() if value is not None}
    if not given and not fetch.is_given:
        raise BadInput("there is nothing to change: give at least one option")
    mailing_list = the_list(slug)
    try:
        operations.edit_list(db.session(), mailing_list, **given)
        given |= fetch.apply(mailing_list)
    except ValueError as error:
        raise BadInput(str(error)) from None
    target = f"list {mailing_list.slug}"
    record(db.session(), "edit", target, utcnow(), mailing_list=mailing_list, **given)
    db.session.commit()
    click.echo(f"changed {mailing_list.slug}: {', '.join(sorted(given))}")


@list_group.command("show")
@click.argument("slug")
@as_json
@with_appcontext
def show(slug: str, as_json: bool) -> None:
    """Show the options and the size of the list SLUG."""
    with reading():
        document = _described(the_list(slug))
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        if isinstance(value, dict):
            for lang, text in value.items():
                click.echo(f"{name}-{lang}: {text}")
        else:
            click.echo(f"{name}: {'' if value is None else value}")


@list_group.command("ls")
@as_json
@with_appcontext
def ls(as_json: bool) -> None:
    """Show all lists, a line each: slug, address, mode, visibility, posting, posts, title."""
    with reading():
        found = db.session.scalars(select(MailingList).order_by(MailingList.slug)).all()
        documents = [_described(mailing_list) for mailing_list in found]
    if as_json:
        print_json(documents)
        return
    for one in documents:
        title = one["title"][one["language"]]
        names = ("slug", "address", "mode", "visibility", "posting", "posts")
        print_row(*(one[name] for name in names), title)


def _described(mailing_list: MailingList) -> dict[str, Any]:
    document: dict[str, Any] = {name: getattr(mailing_list, name) for name in SHOWN}
    fetched = fetching_of(db.session(), mailing_list.id)
    document["fetch"] = fetched.source if fetched is not None else None
    for name in ("title", "description", "welcome"):
        document[name] = {lang: getattr(mailing_list, f"{name}_{lang}") for lang in LANGUAGES}
    document["threads"] = db.session.scalar(
        select(func.count(Thread.id)).where(
            Thread.mailing_list_id == mailing_list.id, Thread.post_count > 0
        )
    )
    document["posts"] = db.session.scalar(
        select(func.count(Post.id)).where(
            Post.mailing_list_id == mailing_list.id, Post.state == PostState.VISIBLE
        )
    )
    return document


@click.group("role")
def role_group() -> None:
    """Give people roles on a list, and take them away."""


@role_group.command("grant")
@click.argument("slug")
@click.argument("email")
@click.argument("role", type=one_of(RoleName))
@with_appcontext
def grant(slug: str, email: str, role: str) -> None:
    """Make EMAIL moderator, owner or translator of the list SLUG."""
    address, name = _change_role("grant", slug, email, role)
    click.echo(f"{address} is {role} of {name}")


@role_group.command("revoke")
@click.argument("slug")
@click.argument("email")
@click.argument("role", type=one_of(RoleName))
@with_appcontext
def revoke(slug: str, email: str, role: str) -> None:
    """Take a role on the list SLUG from EMAIL."""
    address, name = _change_role("revoke", slug, email, role)
    click.echo(f"{address} is not {role} of {name}")


def _change_role(verb: str, slug: str, email: str, role: str) -> tuple[str, str]:
    mailing_list, account = the_list(slug), the_account(email)
    change = operations.grant_role if verb == "grant" else operations.revoke_role
    now = utcnow()
    if change(db.session(), mailing_list, account, role, now):
        record(db.session(), verb, account.email, now, mailing_list=mailing_list, role=role)
    db.session.commit()
    return account.email, mailing_list.slug


COMMANDS: Final = (list_group, role_group)
