"""`passerelle list rules` and `passerelle list person`."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput
from forum.commands.lists import list_group
from forum.commands.lookup import as_json, one_of, print_json, print_row, the_list
from forum.domain.rules import ListRules, PersonFlag
from forum.domain.values import Mailbox
from forum.extensions import db
from forum.operations.accounts import AccountError, check_email, ensure_author
from forum.operations.ruling import RuleError, flag_sender, flags_on, lift_flag, set_rules
from forum.storage.rules import rules_of

NONE: Final = "none"


class Limit(click.ParamType[int | None]):
    """A number, or `none`."""

    name = "number|none"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """-1 stands for none: what was not given is None."""
        if value == NONE:
            return -1
        try:
            number = int(value)
        except ValueError:
            number = -1
        if not 0 <= number < 2**31:
            self.fail(f"{value!r} is neither a number nor 'none'", param, ctx)
        return number


@list_group.command("rules")
@click.argument("slug")
@click.option("--first-post/--no-first-post", default=None, help="Hold a person's first post.")
@click.option("--max-links", type=Limit(), help="Hold what has more web addresses.")
@click.option("--max-bytes", type=Limit(), help="Refuse what is larger.")
@click.option("--max-recipients", type=Limit(), help="Hold what went to more addresses.")
@click.option("--languages", help="Hold what is in others, for instance fr,en,es; all: none held.")
@click.option("--spam/--no-spam", default=None, help="Hold what the mail server marks as spam.")
@click.option("--words", type=click.File(encoding="utf-8"), help="File of words, one a line.")
@as_json
@with_appcontext
def rules(slug: str, as_json: bool, words: TextIO | None, **options: Any) -> None:
    """Show the rules of the list SLUG, and change those that are given."""
    mailing_list = the_list(slug)
    before = rules_of(db.session(), mailing_list.id)
    try:
        after = _changed(before, options, words)
        set_rules(db.session(), mailing_list, after, utcnow())
    except RuleError as error:
        raise BadInput(str(error)) from None
    db.session.commit()
    document = asdict(after)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        shown = ", ".join(value) if isinstance(value, tuple) else value
        click.echo(f"{name}: {'' if shown is None else shown}")


def _changed(before: ListRules, options: dict[str, Any], words: TextIO | None) -> ListRules:
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("max_links", "max_bytes", "max_recipients"):
        if given.get(name) == -1:
            given[name] = None
    if "languages" in given:
        codes = given["languages"].lower().replace(" ", "")
        given["languages"] = () if codes == "all" else tuple(filter(None, codes.split(",")))
    if words is not None:
        lines = (line.strip() for line in words)
        given["words"] = tuple(dict.fromkeys(line for line in lines if line))
    return replace(before, **given)


@list_group.command("person")
@click.argument("slug")
@click.argument("email", required=False)
@click.argument("flag", type=one_of((*PersonFlag, NONE)), required=False)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="When it ends; else for good.")
@click.option("--everywhere", is_flag=True, help="On every list of the site.")
@click.option("--reason", default="", help="Kept with it.")
@with_appcontext
def person(
    slug: str,
    email: str | None,
    flag: str | None,
    until: datetime | None,
    everywhere: bool,
    reason: str,
) -> None:
    """Accept, hold or ban what EMAIL sends to the list SLUG; without them, show who is."""
    mailing_list, now = the_list(slug), utcnow()
    if email is None:
        for row in flags_on(db.session(), mailing_list, now):
            addresses = ",".join(address.email for address in row.author.addresses)
            print_row(row.flag, addresses, row.until.isoformat() if row.until else "", row.reason)
        return
    if flag is None:
        raise BadInput("give accept, hold, banned or none behind the address")
    try:
        author_id = ensure_author(db.session(), Mailbox("", check_email(email)), None).author_id
    except AccountError as error:
        raise BadInput(str(error)) from None
    where = None if everywhere else mailing_list
    if flag == NONE:
        lift_flag(db.session(), author_id, now, mailing_list=where)
    else:
        end = until.replace(tzinfo=UTC) if until else None
        flag_sender(
            db.session(), author_id, PersonFlag(flag), now,
            mailing_list=where, until=end, reason=reason,
        )  # fmt: skip
    db.session.commit()
    click.echo(f"{email} is {'treated like everybody' if flag == NONE else flag}")
