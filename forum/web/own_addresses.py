"""A person's further addresses: asked for on the account page, confirmed by a mail to each."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import db, limiter
from forum.operations.accounts import AccountError
from forum.operations.identity import CLAIM_HOURS, claim_address, claimed, take_address
from forum.web.access import signed_in, the_account

blueprint = Blueprint("own_addresses", __name__)


@blueprint.post("/account/addresses")
@limiter.limit("10 per hour")
@signed_in
def add() -> ResponseReturnValue:
    """Mail a link to an address that a person says is theirs."""
    email = request.form.get("email", "")
    try:
        claim_address(db.session(), the_account(), email, utcnow(), settings().site_url)
    except AccountError:
        db.session.rollback()
        flash(_("This is no address that you could add."), "error")
    else:
        db.session.commit()
        flash(
            _(
                "A mail is on its way to %(email)s: open the link in it to make the address yours.",
                email=email.strip(),
            ),
            "success",
        )
    return redirect(url_for("account.show") + "#addresses", 303)


@blueprint.get("/account/addresses/<secret>")
@signed_in
def ask(secret: str) -> ResponseReturnValue:
    """The page that the mail leads to; opening it changes nothing."""
    email = claimed(db.session(), the_account(), secret, utcnow())
    status = 200 if email else 404
    return render_template(
        "account/address.html", email=email, secret=secret, hours=CLAIM_HOURS
    ), status


@blueprint.post("/account/addresses/<secret>")
@limiter.limit("30 per minute")
@signed_in
def take(secret: str) -> ResponseReturnValue:
    """Make the address the person's own."""
    email = take_address(db.session(), the_account(), secret, utcnow())
    db.session.commit()
    if email is None:
        return render_template(
            "account/address.html", email=None, secret=secret, hours=CLAIM_HOURS
        ), 404
    flash(_("%(email)s is yours: what was written from it is yours too.", email=email), "success")
    return redirect(url_for("account.show") + "#addresses", 303)
