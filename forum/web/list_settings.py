"""What the owners of a list decide about it, on one page."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.audit import record
from forum.operations.lists import ListError, edit_list
from forum.storage.lists import MailingList
from forum.web.access import the_account
from forum.web.list_forms import ListSettingsForm
from forum.web.running import for_owners, invites_here, runs_here

blueprint = Blueprint("list_settings", __name__)

TEXTS: Final = tuple(
    f"{text}_{code}" for text in ("title", "description", "welcome") for code in LANGUAGES
)
CHOICES: Final = (
    "posting",
    "strangers",
    "language",
    "from_policy",
    "reply_to",
    "subject_prefix",
    "time_zone",
    "digest_hour",
)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a list lead its owners here."""
    state.app.jinja_env.globals.update(runs_here=runs_here, invites_here=invites_here)


@blueprint.route("/lists/<slug>/settings", methods=["GET", "POST"])
@for_owners
def show(mailing_list: MailingList) -> ResponseReturnValue:
    """See and change the settings."""
    form = ListSettingsForm(obj=mailing_list)
    if form.validate_on_submit() and form.has_titles():
        try:
            changed = _keep(mailing_list, form)
        except ListError as error:
            db.session.rollback()
            form.subject_prefix.errors = (str(error),)
        else:
            db.session.commit()
            flash(_("The list is changed.") if changed else _("Nothing has changed."), "success")
            return redirect(url_for("list_settings.show", slug=mailing_list.slug), 303)
    status = 400 if request.method == "POST" else 200
    page = render_template("running/settings.html", form=form, mailing_list=mailing_list)
    return page, status


def _keep(mailing_list: MailingList, form: ListSettingsForm) -> bool:
    """Change what is not as before; the audit log names what, and for texts not the words."""
    given: dict[str, Any] = {name: form[name].data or "" for name in TEXTS}
    given |= {name: form[name].data for name in CHOICES}
    given["subject_prefix"] = given["subject_prefix"] or ""
    new = {name: value for name, value in given.items() if value != getattr(mailing_list, name)}
    edit_list(db.session(), mailing_list, **new)
    if new:
        record(
            db.session(),
            "edit",
            f"list {mailing_list.slug}",
            utcnow(),
            account=the_account(),
            mailing_list=mailing_list,
            changed=sorted(new),
        )
    return bool(new)
