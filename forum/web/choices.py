"""How somebody receives a list, chosen without an account by a fresh link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import db, limiter
from forum.operations.accounts import AccountError
from forum.operations.choices import (
    SETTINGS_HOURS,
    by_settings_link,
    day_of_pause,
    request_settings,
)
from forum.operations.subscriptions import set_options
from forum.storage.people import Subscription, subscription_of
from forum.web.access import given_address, visible_list_or_404
from forum.web.caching import keep_private
from forum.web.choice_forms import ChoicesForm, LinkForm
from forum.web.subscribing import words_of

blueprint = Blueprint("choices", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let pages say how a subscription stands."""
    state.app.jinja_env.globals.update(day_of_pause=day_of_pause, state_now=state_now)


def state_now(subscription: Subscription) -> str:
    """The state as it counts now: a pause with an end is over by itself."""
    return subscription.state_at(utcnow())


# A secret stands in these addresses.
blueprint.after_request(keep_private)


@blueprint.route("/lists/<slug>/choices", methods=["GET", "POST"])
@limiter.limit("20 per minute;100 per hour", methods=["POST"])
@limiter.limit("10 per hour", methods=["POST"], key_func=given_address)
def ask(slug: str) -> ResponseReturnValue:
    """Send a link to a subscriber; the page says the same of everybody."""
    mailing_list = visible_list_or_404(slug)
    form = LinkForm()
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        page = render_template("subscribing/ask_link.html", mailing_list=mailing_list, form=form)
        return page, status
    found = subscription_of(db.session(), mailing_list.id, form.email.data)
    if found is not None:
        request_settings(db.session(), found, utcnow(), settings().site_url)
    db.session.commit()
    return render_template(
        "subscribing/link_sent.html",
        mailing_list=mailing_list,
        email=form.email.data,
        hours=SETTINGS_HOURS,
    )


@blueprint.route("/settings/<secret>", methods=["GET", "POST"])
@limiter.limit("60 per minute")
def by_link(secret: str) -> ResponseReturnValue:
    """All choices of one subscription, while the link is good."""
    subscription = by_settings_link(db.session(), secret, utcnow())
    if subscription is None:
        return render_template("subscribing/link_too_late.html", hours=SETTINGS_HOURS), 404
    with words_of(subscription.language):
        form = ChoicesForm.of(subscription)
        if form.validate_on_submit() and keep(subscription, form):
            # Whoever opens the link has shown that the address is theirs.
            address = subscription.address
            address.confirmed_at = address.confirmed_at or utcnow()
            db.session.commit()
            flash(_("Your choices are kept."), "success")
            return redirect(url_for("choices.by_link", secret=secret), 303)
        status = 400 if request.method == "POST" else 200
        page = render_template("account/choices_page.html", form=form, subscription=subscription)
        return page, status


def keep(subscription: Subscription, form: ChoicesForm) -> bool:
    """Do what was chosen; what does not exist stands beside its field."""
    try:
        set_options(db.session(), subscription, **form.chosen())
    except AccountError:
        db.session.rollback()
        form.delivery.errors = (_("Please choose one of these."),)
        return False
    return True
