"""Inviting people to a list, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import db, limiter
from forum.operations.audit import record
from forum.operations.invitations import Invited, Outcome, invite, state_of, withdraw
from forum.storage.choices import Invitation
from forum.storage.lists import MailingList
from forum.web.access import the_account
from forum.web.addresses import LARGEST_KEY, page_number, whole_number
from forum.web.list_forms import InvitationForm
from forum.web.running import for_moderators
from forum.web.wording import invitation_text

blueprint = Blueprint("inviting", __name__)

ROWS_A_PAGE = 50
ADDRESSES_AT_ONCE = 100
_BETWEEN = re.compile(r"[\s,;]+")


@blueprint.route("/lists/<slug>/invitations", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
@for_moderators
def show(mailing_list: MailingList) -> ResponseReturnValue:
    """Whom to invite, and who was."""
    form = InvitationForm(language=mailing_list.language)
    if form.validate_on_submit():
        emails = [one for one in _BETWEEN.split(form.emails.data) if one]
        if len(emails) > ADDRESSES_AT_ONCE:
            form.emails.errors = (_("These are too many at once."),)
        else:
            outcomes = _invite(mailing_list, form, emails)
            form.emails.data = "\n".join(one.email for one in _left(outcomes))
            _tell(outcomes)
            if not _left(outcomes):
                return redirect(url_for("inviting.show", slug=mailing_list.slug), 303)
    status = 400 if request.method == "POST" else 200
    return _page(mailing_list, form), status


def _invite(
    mailing_list: MailingList, form: InvitationForm, emails: Sequence[str]
) -> Sequence[Outcome]:
    now, account = utcnow(), the_account()
    outcomes = invite(
        db.session(),
        mailing_list,
        emails,
        now,
        site_url=settings().site_url,
        account=account,
        language=form.language.data,
        message=form.message.data or "",
        limited=settings().rate_limits,
    )
    for one in outcomes:
        if one.result is Invited.SENT:
            record(
                db.session(), "invite", one.email, now, account=account, mailing_list=mailing_list
            )
    db.session.commit()
    return outcomes


def _left(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What stays in the form: addresses to correct, or to invite later."""
    return [one for one in outcomes if one.result in (Invited.BAD, Invited.TOO_MANY)]


def _tell(outcomes: Sequence[Outcome]) -> None:
    sent = sum(one.result is Invited.SENT for one in outcomes)
    if sent:
        told = ngettext("%(num)s invitation is sent.", "%(num)s invitations are sent.", sent)
        flash(told, "success")
    for result in (one for one in Invited if one is not Invited.SENT):
        emails = ", ".join(one.email for one in outcomes if one.result is result)
        if emails:
            category = "error" if result in (Invited.BAD, Invited.TOO_MANY) else "message"
            flash(_sentence(result, emails), category)


def _sentence(result: Invited, emails: str) -> str:
    match result:
        case Invited.BAD:
            told = _("These are no email addresses: %(emails)s", emails=emails)
        case Invited.THERE:
            told = _("They are subscribed already: %(emails)s", emails=emails)
        case Invited.WAITING:
            told = _("They are invited already: %(emails)s", emails=emails)
        case Invited.DECLINED:
            told = _("They do not wish to be invited: %(emails)s", emails=emails)
        case _other:
            told = _("Too many invitations in an hour; later: %(emails)s", emails=emails)
    return str(told)


def _page(mailing_list: MailingList, form: InvitationForm) -> str:
    page = page_number() if request.method == "GET" else 1
    here = Invitation.mailing_list_id == mailing_list.id
    total = db.session.scalar(select(func.count(Invitation.id)).where(here)) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    if page > pages:
        abort(404)
    now = utcnow()
    rows = db.session.scalars(
        select(Invitation)
        .where(here)
        .order_by(Invitation.id.desc())
        .limit(ROWS_A_PAGE)
        .offset((page - 1) * ROWS_A_PAGE)
    ).all()
    return render_template(
        "running/invitations.html",
        mailing_list=mailing_list,
        form=form,
        invitations=[(row, state_of(row, now)) for row in rows],
        invitation_text=invitation_text,
        page=page,
        pages=pages,
    )


@blueprint.post("/lists/<slug>/invitations/withdraw")
@for_moderators
def take_back(mailing_list: MailingList) -> ResponseReturnValue:
    """Make an invitation useless."""
    key = whole_number(request.form.get("invitation", ""), LARGEST_KEY)
    found = db.session.get(Invitation, key) if key else None
    if found is None or found.mailing_list_id != mailing_list.id:
        abort(404)
    now = utcnow()
    if withdraw(db.session(), found, now):
        account = the_account()
        record(
            db.session(), "withdraw", found.email, now, account=account, mailing_list=mailing_list
        )
        db.session.commit()
        flash(_("The invitation is withdrawn."), "success")
    else:
        flash(_("The invitation was answered already."))
    return redirect(url_for("inviting.show", slug=mailing_list.slug), 303)
