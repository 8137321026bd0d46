"""`passerelle account` and `passerelle token`."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import LANGUAGE, one_of, read_password, the_account
from forum.config import settings
from forum.extensions import db
from forum.operations import accounts as operations
from forum.operations.tokens import issue_api_token
from forum.storage.people import account_by_email, address_of
from forum.storage.tokens import TokenScope


@click.group("account")
def account_group() -> None:
    """Create accounts and sign people in."""


@account_group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The person's name, as others read it.")
@click.option(
    "--language",
    type=LANGUAGE,
    help="Of the pages they see; otherwise that of their newest subscription, else English.",
)
@click.option("--admin", is_flag=True, help="May do everything on this site.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@with_appcontext
def create(email: str, name: str, language: str | None, admin: bool, password_stdin: bool) -> None:
    """Create an account for EMAIL; nobody is mailed."""
    if not name.strip():
        raise BadInput("a name is needed")
    password = read_password() if password_stdin else None
    if account_by_email(db.session(), email.strip()) is not None:
        raise Failure(f"{email} has an account already")
    try:
        account = operations.create_account(
            db.session(),
            email,
            name,
            utcnow(),
            language=language,
            is_admin=admin,
            password=password,
        )
    except operations.AccountError as error:
        raise BadInput(str(error)) from None
    db.session.commit()
    click.echo(f"created {account.email}")


@account_group.command("login-link")
@click.argument("email")
@with_appcontext
def login_link(email: str) -> None:
    """Print a one-time address that signs EMAIL in, alone on the last line."""
    try:
        email = operations.check_email(email)
    except operations.AccountError as error:
        raise BadInput(str(error)) from None
    if account_by_email(db.session(), email) is None and address_of(db.session(), email) is None:
        raise BadInput(f"nobody here is known as {email!r}: 'passerelle account create' adds them")
    link = operations.login_link(db.session(), email, "", utcnow(), settings().site_url)
    db.session.commit()
    click.echo(f"good once, for {operations.LOGIN_HOURS} hours:", err=True)
    click.echo(link)


@click.group("token")
def token_group() -> None:
    """Make tokens for the JSON API."""


@token_group.command("create")
@click.argument("email")
@click.option(
    "--scope",
    type=one_of(TokenScope),
    default="read",
    show_default=True,
    help="What it allows.",
)
@with_appcontext
def token_create(email: str, scope: str) -> None:
    """Print an API token for the account EMAIL once, alone on the last line."""
    secret = issue_api_token(db.session(), the_account(email), TokenScope(scope), utcnow())
    db.session.commit()
    click.echo("keep it safe, it is not shown again:", err=True)
    click.echo(secret)


COMMANDS: Final = (account_group, token_group)
