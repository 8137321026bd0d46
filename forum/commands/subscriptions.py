"""`passerelle subscribe`, `unsubscribe` and `members`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import LANGUAGE, one_of, print_row, the_list
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations import subscriptions as operations
from forum.operations.accounts import NAME_CHARACTERS, AccountError, check_email
from forum.operations.audit import record
from forum.operations.notices import NoticeKind, notify
from forum.storage.base import reading
from forum.storage.lists import MailingList
from forum.storage.people import Address, DeliveryMode, Subscription, subscription_of

HEADER: Final = ("email", "name", "language", "delivery")
_MODES: Final = frozenset(DeliveryMode)


@dataclass(frozen=True, slots=True)
class Joining:
    """One person to subscribe."""

    email: str
    name: str
    language: str | None
    """None: as the account or the list has it."""
    delivery: str | None
    """None: each post."""
    reads: str = ""


@click.command("subscribe")
@click.argument("slug")
@click.argument("email", required=False)
@click.option("--name", default="", help="The person's name.")
@click.option("--language", type=LANGUAGE, help="Of the mail's own words; else the list's.")
@click.option("--delivery", type=one_of(DeliveryMode), help="Default: each.")
@click.option("--reads", default="", help="Languages the person reads, for instance fr,en.")
@click.option(
    "--csv", "csv_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Many people: a file with the header email,name,language,delivery.",
)  # fmt: skip
@click.option("--welcome", is_flag=True, help="Mail a welcome to those who are new.")
@with_appcontext
def subscribe(
    slug: str,
    email: str | None,
    name: str,
    language: str | None,
    delivery: str | None,
    reads: str,
    csv_file: Path | None,
    welcome: bool,
) -> None:
    """Subscribe EMAIL, or everybody in a CSV file, to the list SLUG without confirmation."""
    mailing_list = the_list(slug)
    if (email is None) == (csv_file is None):
        raise BadInput("give either an address or --csv FILE")
    if csv_file is not None:
        people = list(_read_csv(csv_file))
    else:
        people = [Joining(_email(email or ""), _name(name), language, delivery, _reads(reads))]
    added = sum(_join(mailing_list, person, welcome) for person in people)
    if email is not None and not added and (delivery or language):
        # Asked for by name, not by a file that may be older than what the person chose since.
        _change(mailing_list, people[0])
    db.session.commit()
    click.echo(f"subscribed={added} already={len(people) - added}")


def _join(mailing_list: MailingList, person: Joining, welcome: bool) -> bool:
    """Subscribe one person; whether they are new."""
    known = subscription_of(db.session(), mailing_list.id, person.email)
    now = utcnow()
    subscription = operations.subscribe(
        db.session(),
        mailing_list,
        person.email,
        now,
        name=person.name,
        language=person.language,
        delivery=person.delivery or DeliveryMode.EACH,
        reads=person.reads,
    )
    if known is None and welcome:
        notify(
            db.session(),
            NoticeKind.WELCOME,
            person.email,
            subscription.language,
            now,
            mailing_list=mailing_list,
            token=subscription.token,
        )
    if known is None:
        record(db.session(), "subscribe", person.email, now, mailing_list=mailing_list)
    return known is None


def _change(mailing_list: MailingList, person: Joining) -> None:
    subscription = subscription_of(db.session(), mailing_list.id, person.email)
    if subscription is not None:
        operations.set_options(
            db.session(), subscription, delivery=person.delivery, language=person.language
        )


def _email(text: str) -> str:
    try:
        return check_email(text)
    except AccountError as error:
        raise BadInput(str(error)) from None


def _name(text: str, where: str = "") -> str:
    if len(text) > NAME_CHARACTERS:
        raise BadInput(f"{where}a name has at most {NAME_CHARACTERS} characters")
    return text


def _reads(text: str) -> str:
    codes = [code.strip().lower() for code in text.split(",") if code.strip()]
    unknown = [code for code in codes if code not in LANGUAGES]
    if unknown:
        raise BadInput(f"--reads knows {', '.join(LANGUAGES)}, not {', '.join(unknown)}")
    return ",".join(dict.fromkeys(codes))


def _read_csv(path: Path) -> Iterator[Joining]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as UTF-8 text: {error}") from None
    rows = csv.reader(lines, skipinitialspace=True)
    try:
        header = tuple(cell.strip().lower() for cell in next(rows, []))
    except csv.Error as error:
        raise BadInput(f"{path}, line 1: {error}") from None
    if "email" not in header or not set(header) <= set(HEADER):
        raise BadInput(f"{path}: the header must be {','.join(HEADER)}")
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
                yield _row(cells, f"{path}, line {rows.line_num}")
    except csv.Error as error:
        raise BadInput(f"{path}, line {rows.line_num}: {error}") from None


def _row(cells: dict[str, str], where: str) -> Joining:
    language = cells.get("language", "").lower() or None
    delivery = cells.get("delivery", "").lower() or DeliveryMode.EACH
    if language is not None and language not in LANGUAGES:
        raise BadInput(f"{where}: the language must be one of {', '.join(LANGUAGES)}")
    if delivery not in _MODES:
        raise BadInput(f"{where}: the delivery must be one of {', '.join(DeliveryMode)}")
    try:
        email = check_email(cells["email"])
    except AccountError as error:
        raise BadInput(f"{where}: {error}") from None
    return Joining(email, _name(cells.get("name", ""), f"{where}: "), language, delivery)


@click.command("unsubscribe")
@click.argument("slug")
@click.argument("email")
@with_appcontext
def unsubscribe(slug: str, email: str) -> None:
    """Take EMAIL off the list SLUG."""
    mailing_list = the_list(slug)
    if not operations.unsubscribe(db.session(), mailing_list, _email(email), utcnow()):
        raise BadInput(f"{email} is not subscribed to {mailing_list.slug}")
    record(db.session(), "unsubscribe", email.lower(), utcnow(), mailing_list=mailing_list)
    db.session.commit()
    click.echo(f"unsubscribed {email}")


@click.command("members")
@click.argument("slug")
@click.option("--csv", "as_csv", is_flag=True, help="As `subscribe --csv` reads it.")
@with_appcontext
def members(slug: str, as_csv: bool) -> None:
    """Show who is on the list SLUG, a line each: email, name, language, delivery, state."""
    with reading():
        mailing_list = the_list(slug)
        found = db.session.scalars(
            select(Subscription)
            .join(Address)
            .where(Subscription.mailing_list_id == mailing_list.id)
            .order_by(Address.email)
        ).all()
        people = [
            (one.address.email, one.address.author.name, one.language, one.delivery, one.state)
            for one in found
        ]
    if not as_csv:
        for person in people:
            print_row(*person)
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(person[:-1] for person in people)


COMMANDS: Final = (subscribe, unsubscribe, members)
