"""`passerelle subscribe`, `unsubscribe` and `members`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput, first_of
from forum.commands.lookup import LANGUAGE, one_of, print_row, the_list
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations import subscriptions as operations
from forum.operations.accounts import NAME_CHARACTERS, AccountError, check_email
from forum.operations.choices import end_of_pause
from forum.operations.member_files import HEADER, BadLine, Fault, read_members, write_members
from forum.operations.members import Joining, join_all, members_of, take_off
from forum.operations.subscriptions import Choices
from forum.storage.base import reading
from forum.storage.lists import MailingList
from forum.storage.people import DeliveryMode, DigestFormat, SubscriptionState, subscription_of

_CHOICES: Final = (
    click.option("--language", type=LANGUAGE, help="Of the mail's own words; else the list's."),
    click.option("--delivery", type=one_of(DeliveryMode), help="Default: each."),
    click.option("--reads", help="Languages the person reads, for instance fr,en; all: any."),
    click.option(
        "--digest-format", type=one_of(DigestFormat), help="Of a digest; default: mime."
    ),
    click.option(
        "--own-posts/--no-own-posts", default=None, help="Whether their own posts come back."
    ),
    click.option(
        "--attachments", type=click.Choice(("parts", "links")),
        help="Attached files inside the mails or as links; default: parts.",
    ),
    click.option(
        "--plain-text/--no-plain-text", default=None, help="Whether mails come without HTML."
    ),
    click.option(
        "--follow-written/--no-follow-written", default=None,
        help="Whether threads in which they wrote come at once, whatever the delivery.",
    ),
    click.option(
        "--translations/--no-translations", default=None,
        help="Whether translations of posts in languages they do not read are sent.",
    ),
    click.option(
        "--pause-until", type=click.DateTime(["%Y-%m-%d"]), help="No mail until that day."
    ),
    click.option("--resume", is_flag=True, help="End a pause."),
)  # fmt: skip


def _choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_CHOICES):
        command = option(command)
    return command


@click.command("subscribe")
@click.argument("slug")
@click.argument("email", required=False)
@click.option("--name", default="", help="The person's name.")
@_choice_options
@click.option(
    "--csv", "csv_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Many people: a file with the header email,name,language,delivery.",
)  # fmt: skip
@click.option("--welcome", is_flag=True, help="Mail a welcome to those who are new.")
@with_appcontext
def subscribe(
    slug: str, email: str | None, name: str, csv_file: Path | None, welcome: bool, **options: Any
) -> None:
    """Subscribe EMAIL, or everybody in a CSV file, to the list SLUG without confirmation.

    Who is subscribed already stays so, with the choices given here by options.
    """
    mailing_list = the_list(slug)
    if (email is None) == (csv_file is None):
        raise BadInput("give either an address or --csv FILE")
    chosen = _chosen(mailing_list, options)
    if csv_file is not None:
        if chosen:
            raise BadInput("choices are for one address; a file has columns of its own")
        people = _read_file(csv_file)
    else:
        people = (Joining(_email(email or ""), _name(name)),)
    added = join_all(db.session(), mailing_list, people, utcnow(), with_welcome=welcome)
    if chosen:
        # Asked for by name, not by a file that may be older than what the person chose since.
        _change(mailing_list, people[0].email, chosen)
    db.session.commit()
    click.echo(f"subscribed={added} already={len(people) - added}")


def _chosen(mailing_list: MailingList, options: dict[str, Any]) -> Choices:
    """What the options say, without what was not given."""
    found = {name: options[name] for name in ("language", "delivery", "digest_format", "own_posts",
                                              "plain_text", "translations")}  # fmt: skip
    found["follows_written"] = options["follow_written"]
    if options["attachments"] is not None:
        found["attachments_as_links"] = options["attachments"] == "links"
    if options["reads"] is not None:
        found["reads"] = _reads(options["reads"])
    day: datetime | None = options["pause_until"]
    if day is not None and options["resume"]:
        raise BadInput("--pause-until and --resume exclude each other")
    if options["resume"]:
        found["state"] = SubscriptionState.ACTIVE
    if day is not None:
        ends = end_of_pause(mailing_list, day.date())
        if ends <= utcnow():
            raise BadInput(f"--pause-until {day:%Y-%m-%d} is past")
        found |= {"state": SubscriptionState.PAUSED, "paused_until": ends}
    return cast("Choices", {name: value for name, value in found.items() if value is not None})


def _change(mailing_list: MailingList, email: str, chosen: Choices) -> None:
    subscription = subscription_of(db.session(), mailing_list.id, email)
    if subscription is not None:
        operations.set_options(db.session(), subscription, **chosen)


def _email(text: str) -> str:
    try:
        return check_email(text)
    except AccountError as error:
        raise BadInput(str(error)) from None


def _name(text: str) -> str:
    if len(text) > NAME_CHARACTERS:
        raise BadInput(f"a name has at most {NAME_CHARACTERS} characters")
    return text


def _reads(text: str) -> str:
    if text.strip().lower() == "all":
        return ""
    try:
        return operations.clean_reads(text)
    except AccountError as error:
        raise BadInput(f"--reads: {error}") from None


def _read_file(path: Path) -> tuple[Joining, ...]:
    try:
        found = read_members(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as UTF-8 text: {error}") from None
    if not found.faults:
        return found.people
    told = first_of([_fault_text(one) for one in found.faults])
    raise BadInput(f"{path}: nobody was subscribed: {told}")


def _fault_text(bad: BadLine) -> str:
    sentences = {
        Fault.CSV: bad.value,
        Fault.HEADER: f"the header must be {','.join(HEADER)}",
        Fault.ADDRESS: f"{bad.value!r} is not an email address",
        Fault.NAME: f"a name has at most {NAME_CHARACTERS} characters",
        Fault.LANGUAGE: f"the language must be one of {', '.join(LANGUAGES)}, not {bad.value!r}",
        Fault.DELIVERY: f"the delivery must be one of {', '.join(DeliveryMode)}, not {bad.value!r}",
    }
    return f"line {bad.number}: {sentences[bad.fault]}"


@click.command("unsubscribe")
@click.argument("slug")
@click.argument("email")
@with_appcontext
def unsubscribe(slug: str, email: str) -> None:
    """Take EMAIL off the list SLUG."""
    mailing_list = the_list(slug)
    found = subscription_of(db.session(), mailing_list.id, _email(email))
    if found is None:
        raise BadInput(f"{email} is not subscribed to {mailing_list.slug}")
    take_off(db.session(), found, utcnow())
    db.session.commit()
    click.echo(f"unsubscribed {email}")


@click.command("members")
@click.argument("slug")
@click.option("--csv", "as_csv", is_flag=True, help="As `subscribe --csv` reads it.")
@with_appcontext
def members(slug: str, as_csv: bool) -> None:
    """Show who is on the list SLUG, a line each: email, name, language, delivery, state."""
    now = utcnow()
    with reading():
        found = members_of(db.session(), the_list(slug))
        text = write_members(found) if as_csv else ""
        rows = [
            (one.address.email, one.address.author.name, one.language, one.delivery,
             one.state_at(now))
            for one in found
        ]  # fmt: skip
    if as_csv:
        click.echo(text, nl=False)
        return
    for row in rows:
        print_row(*row)


COMMANDS: Final = (subscribe, unsubscribe, members)
