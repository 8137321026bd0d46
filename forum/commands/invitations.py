"""`passerelle invite` and `invitations`."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lookup import LANGUAGE, print_row, the_list
from forum.config import settings
from forum.extensions import db
from forum.operations import invitations as operations
from forum.operations.accounts import AccountError, check_email
from forum.operations.audit import record
from forum.operations.invitations import Invited
from forum.storage.base import reading
from forum.storage.choices import Invitation
from forum.storage.lists import MailingList


@click.command("invite")
@click.argument("slug")
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True)
@click.option("--language", type=LANGUAGE, help="For people whose own is not known.")
@click.option("--message", default="", help="A personal word, which the mail holds.")
@click.option("--withdraw", is_flag=True, help="Take the invitations back instead.")
@with_appcontext
def invite(
    slug: str, emails: tuple[str, ...], language: str | None, message: str, withdraw: bool
) -> None:
    """Ask people to join the list SLUG; they join by the button or a reply of their own.

    Prints a line for each address: email, and sent, there (subscribed already), waiting (invited
    already), declined or withdrawn.
    """
    mailing_list = the_list(slug)
    try:
        wanted = [check_email(email) for email in emails]
    except AccountError as error:
        raise BadInput(str(error)) from None
    if withdraw:
        _withdraw(mailing_list, wanted)
        return
    now = utcnow()
    try:
        outcomes = operations.invite(
            db.session(),
            mailing_list,
            wanted,
            now,
            site_url=settings().site_url,
            language=language,
            message=message,
            limited=False,
        )
    except AccountError as error:
        raise BadInput(str(error)) from None
    for one in outcomes:
        if one.result is Invited.SENT:
            record(db.session(), "invite", one.email, now, mailing_list=mailing_list)
    db.session.commit()
    for one in outcomes:
        print_row(one.email, one.result)


def _withdraw(mailing_list: MailingList, emails: list[str]) -> None:
    now = utcnow()
    rows = db.session.scalars(
        select(Invitation).where(
            Invitation.mailing_list_id == mailing_list.id, Invitation.email.in_(emails)
        )
    )
    gone = {row.email for row in rows if operations.withdraw(db.session(), row, now)}
    missing = [email for email in emails if email not in gone]
    if missing:
        raise BadInput(f"no invitation waits for {', '.join(missing)}")
    for email in emails:
        record(db.session(), "withdraw", email, now, mailing_list=mailing_list)
    db.session.commit()
    for email in emails:
        print_row(email, "withdrawn")


@click.command("invitations")
@click.argument("slug")
@with_appcontext
def invitations(slug: str) -> None:
    """Show who was invited to the list SLUG, a line each: email, state, day, language."""
    now = utcnow()
    with reading():
        rows = db.session.scalars(
            select(Invitation)
            .where(Invitation.mailing_list_id == the_list(slug).id)
            .order_by(Invitation.created_at, Invitation.id)
        )
        shown = [
            (row.email, operations.state_of(row, now), f"{row.created_at:%Y-%m-%d}", row.language)
            for row in rows
        ]
    for cells in shown:
        print_row(*cells)


COMMANDS: Final = (invite, invitations)
