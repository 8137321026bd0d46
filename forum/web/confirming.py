"""The link of a mail that asks to confirm: one page with one button, whatever is confirmed."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from forum.clock import utcnow
from forum.extensions import db, limiter
from forum.i18n import current_language
from forum.operations.choices import CHANGE_HOURS, Change, confirm_change
from forum.operations.invitations import (
    accept_invitation,
    decline_invitation,
    open_invitation,
)
from forum.operations.subscriptions import CONFIRM_HOURS, confirm_subscribe, confirm_unsubscribe
from forum.operations.tokens import payload_of, peek
from forum.storage.archive import Thread
from forum.storage.people import subscription_of
from forum.storage.tokens import Token, TokenKind
from forum.web.subscribing import words_of
from forum.web.wording import change_text

blueprint = Blueprint("confirming", __name__)


@blueprint.get("/confirm/<secret>")
def ask(secret: str) -> ResponseReturnValue:
    """Show one button; mail scanners open links, so that alone must change nothing."""
    now = utcnow()
    invitation = open_invitation(db.session(), secret, now)
    if invitation is not None:
        # In the reader's language: whoever invited them may not have known it.
        return render_template(
            "subscribing/ask_invitation.html",
            mailing_list=invitation.mailing_list,
            invitation=invitation,
            secret=secret,
        )
    for kind in (TokenKind.SUBSCRIBE, TokenKind.UNSUBSCRIBE, TokenKind.CHANGE):
        token = peek(db.session(), kind, secret, now)
        if token is not None and token.mailing_list is not None:
            return _ask_change(token, secret) if kind == TokenKind.CHANGE else _ask(token, secret)
    return _too_late()


def _ask(token: Token, secret: str) -> str:
    return render_template(
        "subscribing/ask.html",
        mailing_list=token.mailing_list,
        email=token.email,
        joining=token.kind == TokenKind.SUBSCRIBE,
        secret=secret,
    )


def _ask_change(token: Token, secret: str) -> ResponseReturnValue:
    subscription = subscription_of(db.session(), token.mailing_list_id or 0, token.email)
    if subscription is None:
        return _too_late()
    change = Change.of(payload_of(token))
    thread = db.session.get(Thread, int(change.thread_id)) if change.thread_id else None
    with words_of(subscription.language):
        return render_template(
            "subscribing/ask_change.html",
            mailing_list=token.mailing_list,
            told=change_text(change, thread.subject if thread else ""),
            secret=secret,
        )


@blueprint.post("/confirm/<secret>")
@limiter.limit("30 per minute")
def confirm(secret: str) -> ResponseReturnValue:
    """Do what the link is for, once."""
    session, now = db.session(), utcnow()
    if request.form.get("action") == "decline":
        declined = decline_invitation(session, secret, now)
        session.commit()
        return _too_late() if declined is None else render_template("subscribing/declined.html")
    joined = accept_invitation(session, secret, now) or confirm_subscribe(
        session, secret, now, language=current_language()
    )
    if joined is not None:
        session.commit()
        return render_template(
            "subscribing/joined.html", mailing_list=joined.mailing_list, subscription=joined
        )
    changed = confirm_change(session, secret, now)
    if changed is not None:
        session.commit()
        with words_of(changed.language):
            return render_template("subscribing/changed.html", mailing_list=changed.mailing_list)
    left = confirm_unsubscribe(session, secret, now)
    if left is not None:
        session.commit()
        return render_template("subscribing/left.html", mailing_list=left)
    return _too_late()


def _too_late() -> ResponseReturnValue:
    hours = max(CONFIRM_HOURS, CHANGE_HOURS)
    return render_template("subscribing/too_late.html", hours=hours), 404
