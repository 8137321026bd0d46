"""What a person can take along, and how they are forgotten."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import db, limiter
from forum.operations.erasing import LastAdministrator
from forum.operations.erasure_requests import HOURS, ask, asked, confirm, grant, refuse, waiting
from forum.operations.person_export import document_of, messages_of
from forum.web.access import administrators_only, signed_in, the_account
from forum.web.addresses import LARGEST_KEY, whole_number

REASON_CHARACTERS = 2_000

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/account/data.zip")
@limiter.limit("10 per hour")
@signed_in
def download() -> ResponseReturnValue:
    """Everything about oneself: a JSON document, and one's messages as mbox."""
    author = the_account().author
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        document = document_of(db.session(), author, settings().site_url)
        archive.writestr("person.json", json.dumps(document, ensure_ascii=False, indent=1))
        with archive.open("messages.mbox", "w") as stream:
            for entry in messages_of(db.session(), author, settings().site_url):
                stream.write(entry)
    packed.seek(0)
    return send_file(packed, "application/zip", as_attachment=True, download_name="passerelle.zip")


@blueprint.post("/account/erasure")
@limiter.limit("5 per hour")
@signed_in
def ask_for_it() -> ResponseReturnValue:
    """Mail the link that confirms it."""
    ask(db.session(), the_account(), utcnow(), settings().site_url)
    db.session.commit()
    flash(
        _("A mail is on its way to you: the link in it confirms that you want to be erased."),
        "success",
    )
    return redirect(url_for("account.show") + "#data", 303)


@blueprint.get("/account/erasure/<secret>")
@signed_in
def see(secret: str) -> ResponseReturnValue:
    """The page that the mail leads to; opening it changes nothing."""
    found = asked(db.session(), the_account(), secret, utcnow())
    page = render_template("account/erasure.html", secret=secret, found=found, hours=HOURS)
    return page, 200 if found else 404


@blueprint.post("/account/erasure/<secret>")
@signed_in
def confirm_it(secret: str) -> ResponseReturnValue:
    """Confirm; an administrator decides."""
    done = confirm(db.session(), the_account(), secret, utcnow(), settings().site_url)
    db.session.commit()
    if not done:
        page = render_template("account/erasure.html", secret=secret, found=None, hours=HOURS)
        return page, 404
    flash(_("Your request is confirmed; an administrator decides about it."), "success")
    return redirect(url_for("account.show") + "#data", 303)


@blueprint.get("/admin/erasures")
@administrators_only
def requests() -> ResponseReturnValue:
    """Who asks to be erased."""
    return render_template("administration/erasures.html", requests=waiting(db.session()))


@blueprint.post("/admin/erasures")
@administrators_only
def decide() -> ResponseReturnValue:
    """Erase somebody who asked, or tell them why not."""
    number = whole_number(request.form.get("request", ""), LARGEST_KEY) or abort(400)
    found = next((one for one in waiting(db.session()) if one.id == number), None) or abort(404)
    decision = request.form.get("decision", "")
    if decision == "erase":
        is_own = found.account_id == the_account().id
        try:
            grant(db.session(), found, the_account(), utcnow())
        except LastAdministrator:
            db.session.rollback()
            flash(_("The only administrator cannot be erased."), "error")
            return redirect(url_for("privacy.requests"), 303)
        db.session.commit()
        if is_own:
            return redirect(url_for("reading.home"), 303)
        flash(_("Erased. The stored messages are gone over in the background."), "success")
    elif decision == "refuse":
        reason = request.form.get("reason", "").strip()[:REASON_CHARACTERS]
        refuse(db.session(), found, the_account(), reason, utcnow())
        db.session.commit()
        flash(_("The person is told."), "success")
    else:
        abort(400)
    return redirect(url_for("privacy.requests"), 303)


@blueprint.app_template_global()
def erasures_waiting() -> int:
    """How many requests await an administrator."""
    return len(waiting(db.session()))
