"""Signing in, by a link sent by mail or by a password, and out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import login_user, logout_user

from forum.clock import utcnow
from forum.config import settings
from forum.extensions import db, limiter, login_manager
from forum.i18n import current_language
from forum.operations.accounts import (
    LOGIN_HOURS,
    account_for,
    check_password,
    request_login,
    use_login,
)
from forum.operations.tokens import peek
from forum.storage.people import Account
from forum.storage.tokens import TokenKind
from forum.web.access import given_address
from forum.web.addresses import LARGEST_KEY, safe_path, whole_number
from forum.web.caching import keep_private
from forum.web.forms import LoginForm
from forum.web.reader import current_account

blueprint = Blueprint("session", __name__)
SENT_TO = "login_sent_to"

login_manager.login_view = "session.login"
login_manager.login_message = lazy_gettext("Please sign in to go on.")


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_account(key: str) -> Account | None:
    """The account that a session cookie names, unless it was signed out everywhere."""
    account_id, _colon, session_key = key.partition(":")
    number = whole_number(account_id, LARGEST_KEY)
    return None if number is None else account_for(db.session(), number, session_key)


# Secrets stand in these addresses and pages.
blueprint.after_request(keep_private)


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per minute;100 per hour", methods=["POST"])
@limiter.limit("10 per 15 minutes", methods=["POST"], key_func=given_address)
def login() -> ResponseReturnValue:
    """Ask for an address, and mail it a link; or take a password from who has one."""
    next_path = safe_path(request.values.get("next", ""), "")
    if request.method == "GET" and current_account() is not None:
        return redirect(next_path or url_for("account.show"))
    form = LoginForm(next=next_path)
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return render_template("session/login.html", form=form), status
    if form.password.data:
        return _by_password(form, next_path)
    email = form.email.data
    request_login(db.session(), email, next_path, current_language(), utcnow(), settings().site_url)
    db.session.commit()
    session[SENT_TO] = email
    return redirect(url_for("session.sent"), 303)


def _by_password(form: LoginForm, next_path: str) -> ResponseReturnValue:
    account = check_password(db.session(), form.email.data, form.password.data)
    if account is None:
        form.password.errors = (
            _(
                "This address and this password do not belong together. "
                "Leave the password empty and we send you a link instead."
            ),
        )
        return render_template("session/login.html", form=form), 400
    return _enter(account, next_path)


@blueprint.get("/login/sent")
def sent() -> ResponseReturnValue:
    """Say where the link went."""
    email = session.get(SENT_TO)
    if not email:
        return redirect(url_for("session.login"))
    return render_template("session/sent.html", email=email, hours=LOGIN_HOURS)


@blueprint.get("/login/<secret>")
def ask(secret: str) -> ResponseReturnValue:
    """Show one button; mail scanners open links, so that alone must consume nothing."""
    token = peek(db.session(), TokenKind.LOGIN, secret, utcnow())
    if token is None:
        return _too_late()
    return render_template("session/ask.html", email=token.email, secret=secret)


@blueprint.post("/login/<secret>")
@limiter.limit("30 per minute")
def enter(secret: str) -> ResponseReturnValue:
    """Sign in, once."""
    found = use_login(db.session(), secret, utcnow(), current_language())
    if found is None:
        return _too_late()
    account, next_path = found
    db.session.commit()
    return _enter(account, next_path)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Forget who this is."""
    session.clear()
    logout_user()
    flash(_("You are signed out."), "success")
    return redirect(url_for("reading.home"), 303)


def _enter(account: Account, next_path: str) -> ResponseReturnValue:
    # A session that somebody else began must not go on as this person's.
    session.clear()
    login_user(account, remember=True)
    return redirect(safe_path(next_path, url_for("reading.home")), 303)


def _too_late() -> ResponseReturnValue:
    return render_template("session/too_late.html", hours=LOGIN_HOURS, form=LoginForm()), 404
