"""Joining and leaving a list, with and without an account."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import csrf, db, limiter
from forum.i18n import COOKIE, current_language
from forum.operations.choices import (
    SETTINGS_HOURS,
    day_of_pause,
    end_of_pause,
    request_settings,
)
from forum.operations.subscriptions import (
    CONFIRM_HOURS,
    by_token,
    request_subscribe,
    set_options,
    subscribe,
    unsubscribe,
)
from forum.storage.lists import MailingList
from forum.storage.people import (
    Account,
    Subscription,
    SubscriptionState,
    subscription_of,
)
from forum.web.access import given_address, visible_list_or_404
from forum.web.choice_forms import PauseForm
from forum.web.forms import JoinForm, JoinHereForm
from forum.web.reader import current_account

blueprint = Blueprint("subscribing", __name__)

LEAVING = frozenset({"unsubscribe", "One-Click"})
"""What the page's button sends, and what a mail program does (RFC 8058, section 3.1)."""


@blueprint.route("/lists/<slug>/subscribe", methods=["GET", "POST"])
@limiter.limit("20 per minute;100 per hour", methods=["POST"])
@limiter.limit("10 per hour", methods=["POST"], key_func=given_address)
def join(slug: str) -> ResponseReturnValue:
    """Join a list."""
    mailing_list = visible_list_or_404(slug)
    account = current_account()
    return _join(mailing_list) if account is None else _join_here(mailing_list, account)


def _join(mailing_list: MailingList) -> ResponseReturnValue:
    form = JoinForm(language=current_language())
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return _join_page(mailing_list, form), status
    request_subscribe(
        db.session(),
        mailing_list,
        form.email.data,
        utcnow(),
        name=form.name.data or "",
        language=form.language.data,
        site_url=settings().site_url,
    )
    db.session.commit()
    return render_template(
        "subscribing/asked.html",
        mailing_list=mailing_list,
        email=form.email.data,
        hours=CONFIRM_HOURS,
    )


def _join_here(mailing_list: MailingList, account: Account) -> ResponseReturnValue:
    form = JoinHereForm(language=account.language)
    found = subscription_of(db.session(), mailing_list.id, account.email)
    if found is not None and request.method == "GET":
        return redirect(url_for("account.subscription", subscription_id=found.id))
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return _join_page(mailing_list, form), status
    subscribe(
        db.session(),
        mailing_list,
        account.email,
        utcnow(),
        name=account.name,
        language=form.language.data,
        delivery=form.delivery.data,
    )
    db.session.commit()
    title = mailing_list.title(current_language())
    flash(_("You are subscribed to “%(title)s”.", title=title), "success")
    return redirect(url_for("reading.show_list", slug=mailing_list.slug), 303)


def _join_page(mailing_list: MailingList, form: JoinForm | JoinHereForm) -> str:
    return render_template("subscribing/join.html", mailing_list=mailing_list, form=form)


@blueprint.get("/unsubscribe/<token>")
def leave_page(token: str) -> ResponseReturnValue:
    """Show what the token can stop; nothing changes (RFC 8058, section 3.1)."""
    subscription = by_token(db.session(), token)
    if subscription is None:
        return _nothing_to_stop()
    with words_of(subscription.language):
        return _leave_page(subscription)


def _leave_page(subscription: Subscription, form: PauseForm | None = None) -> str:
    return render_template(
        "subscribing/leave.html",
        form=form or PauseForm(subscription, formdata=None, meta={"csrf": False}),
        mailing_list=subscription.mailing_list,
        email=masked(subscription.address.email),
        paused=subscription.state_at(utcnow()) == SubscriptionState.PAUSED,
        until=day_of_pause(subscription),
        token=subscription.token,
    )


@blueprint.post("/unsubscribe/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]
def leave(token: str) -> ResponseReturnValue:
    """Unsubscribe at once, without cookies (RFC 8058, section 3.2), or pause.

    The token stands in the footer of quoted mails for all to read, so it can do no more.
    """
    subscription = by_token(db.session(), token)
    wish = request.form.get("action", request.form.get("List-Unsubscribe", ""))
    if subscription is None:
        # Mail programs press the button twice, or again years later: what they want is so.
        return _nothing_to_stop(200 if wish in LEAVING else 404)
    mailing_list = subscription.mailing_list
    with words_of(subscription.language):
        if wish == "pause":
            return _pause(subscription)
        if wish == "settings":
            return _send_link(subscription)
        if wish not in LEAVING:
            return _leave_page(subscription), 400
        unsubscribe(db.session(), mailing_list, subscription.address.email, utcnow())
        db.session.commit()
        return render_template("subscribing/left.html", mailing_list=mailing_list)


def _pause(subscription: Subscription) -> ResponseReturnValue:
    form = PauseForm(subscription, meta={"csrf": False})
    if not form.validate():
        return _leave_page(subscription, form), 400
    day = form.paused_until.data
    until = end_of_pause(subscription.mailing_list, day) if day else None
    set_options(db.session(), subscription, state=SubscriptionState.PAUSED, paused_until=until)
    db.session.commit()
    return render_template(
        "subscribing/paused.html", mailing_list=subscription.mailing_list, until=day
    )


def _send_link(subscription: Subscription) -> ResponseReturnValue:
    """The token that anybody may have read asks the address itself, and no more."""
    request_settings(db.session(), subscription, utcnow(), settings().site_url)
    db.session.commit()
    return render_template(
        "subscribing/link_sent.html",
        mailing_list=subscription.mailing_list,
        email=masked(subscription.address.email),
        hours=SETTINGS_HOURS,
    )


def masked(email: str) -> str:
    """An address of which its owner alone knows the rest: `s…@example.org`."""
    local, _at, domain = email.partition("@")
    return f"{local[:1]}…@{domain}"


def _nothing_to_stop(status: int = 404) -> ResponseReturnValue:
    return render_template("subscribing/nothing.html"), status


def words_of(language: str) -> AbstractContextManager[None]:
    """The subscriber's language, unless the reader has chosen one here."""
    chosen = current_account() is not None or request.args.get("lang") or COOKIE in request.cookies
    return nullcontext() if chosen else force_locale(language)
