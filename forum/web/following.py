"""Following and muting a thread from its page."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.following import Standing, choose, standing
from forum.storage.archive import Thread
from forum.storage.choices import Following, FollowingReason
from forum.storage.people import Account, is_subscribed
from forum.storage.visibility import find_thread
from forum.web.access import login_page
from forum.web.reader import current_account, current_reader

blueprint = Blueprint("following", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a thread show the control."""
    state.app.jinja_env.globals.update(standing_here=standing_here, standing_text=standing_text)


def standing_here(thread: Thread) -> Standing | None:
    """How the reader receives a thread of a list that they are subscribed to."""
    account = current_account()
    if account is None:
        return None
    return standing(db.session(), account.author_id, thread)


def standing_text(found: Standing) -> str:
    """The same in words, with the reason."""
    match (found.state, found.reason):
        case (Following.FOLLOW, FollowingReason.WROTE):
            told = _("You follow this thread because you wrote in it: each post is mailed at once.")
        case (Following.FOLLOW, FollowingReason.CHOSE_BY_MAIL):
            told = _("You chose by mail to follow this thread: each post is mailed at once.")
        case (Following.FOLLOW, _reason):
            told = _("You chose to follow this thread: each post is mailed to you at once.")
        case (Following.MUTE, FollowingReason.CHOSE_BY_MAIL):
            told = _("You muted this thread by mail: nothing of it is mailed to you.")
        case (Following.MUTE, _reason):
            told = _("You muted this thread: nothing of it is mailed to you.")
        case (_state, FollowingReason.NOTHING):
            told = _("This thread is mailed to you as you receive the rest of the list.")
        case _other:
            told = _("You chose to receive this thread as the rest of the list.")
    return str(told)


@blueprint.post("/threads/<key:thread_id>/following")
def decide(thread_id: int) -> ResponseReturnValue:
    """Follow, mute, or receive as the rest of the list."""
    found = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    account, wish = current_account(), request.form.get("state", "")
    if account is None:
        return login_page()
    if wish not in tuple(Following) or not _is_subscribed(account, found):
        abort(400)
    choose(db.session(), account.author_id, found, Following(wish), utcnow())
    db.session.commit()
    flash(standing_text(standing(db.session(), account.author_id, found)), "success")
    return redirect(url_for("reading.thread", thread_id=found.id), 303)


def _is_subscribed(account: Account, thread: Thread) -> bool:
    """Whether mail of the thread's list can come to a person."""
    return is_subscribed(db.session(), thread.mailing_list_id, account.author_id)
