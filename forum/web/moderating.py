"""The moderation queue: everything that waits on all of a moderator's lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_time, ngettext
from flask_babel import gettext as _
from sqlalchemy import func, select

from forum.clock import utcnow
from forum.domain.rejections import STANDARD
from forum.extensions import db
from forum.operations.claiming import claim
from forum.operations.repairs import NoRepairs, redo_repairs, undo_repairs
from forum.operations.ruling import rejection_texts
from forum.storage.archive import Post
from forum.storage.audit import automatic_targets
from forum.storage.base import set_reading
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState
from forum.storage.visibility import find_post, may_moderate, moderated_list_ids
from forum.storage.waiting import count_waiting, languages_waiting, waiting
from forum.web.access import moderators_only, the_account
from forum.web.addresses import page_number
from forum.web.curating_own import settle_one
from forum.web.held_deciding import DAYS, NotDecided, choice_of, decide_all, numbers
from forum.web.held_reading import (
    BEGINNING,
    CHARACTERS_SHOWN,
    own_lists,
    read,
    read_one,
    reason_choices,
    wanted_here,
)
from forum.web.places import place_of
from forum.web.reader import current_reader, moderated_lists
from forum.web.wording import held_text, reason_text

blueprint = Blueprint("moderating", __name__)

SHOWN_AT_ONCE: Final = 20
MANY_AT_ONCE: Final = 100
"""With a few lines of each, to decide on a flood in one step."""
DECISIONS_A_PAGE: Final = 50
FILTERS: Final = ("list", "reason", "language", "many")


@blueprint.get("/moderation")
@moderators_only
def queue() -> ResponseReturnValue:
    """Everything that waits, oldest first."""
    return _queue_page()


def _queue_page(chosen: Sequence[str] = (), error: str = "") -> str:
    session, wanted, page = db.session(), wanted_here(), page_number()
    total = count_waiting(session, wanted)
    number = MANY_AT_ONCE if request.args.get("many") else SHOWN_AT_ONCE
    pages = max(1, -(-total // number))
    if page > pages:
        abort(404)
    items = waiting(session, wanted, number, (page - 1) * number)
    shown_list = _shown_list()
    return render_template(
        "moderating/queue.html",
        waiting=read(items, BEGINNING if number == MANY_AT_ONCE else CHARACTERS_SHOWN),
        total=total,
        page=page,
        pages=pages,
        lists=own_lists(),
        reasons=reason_choices(),
        languages=languages_waiting(session, moderated_lists()),
        texts=rejection_texts(session, shown_list.id) if shown_list else STANDARD,
        days=DAYS,
        filters=_filters(),
        offers_many=number == SHOWN_AT_ONCE and pages > 1,
        chosen=frozenset(chosen),
        typed=request.form,
        error=error,
    )


def _filters() -> dict[str, Any]:
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


def _shown_list() -> MailingList | None:
    slug = request.args.get("list", "")
    return next((one for one in own_lists() if one.slug == slug), None) if slug else None


@blueprint.post("/moderation")
@moderators_only
def decide() -> ResponseReturnValue:
    """Decide on one message, or on all that are ticked; or only claim them."""
    verb, _colon, one = request.form.get("decision", "").partition(":")
    back = redirect(url_for("moderating.queue", **_filters()), 303)
    if verb == "settle":
        settle_one(one)
        return back
    if verb == "claim":
        _claim(numbers([one] if one else request.form.getlist("held")))
        return back
    try:
        decide_all(choice_of(_shown_list()))
    except NotDecided as error:
        return _queue_page(request.form.getlist("held"), str(error)), 400
    return back


@blueprint.get("/moderation/held/<key:held_id>")
@moderators_only
def held(held_id: int) -> ResponseReturnValue:
    """One held message with all that can be decided; opening it claims it for five minutes."""
    if _held_or_404(held_id).state == HeldState.HELD:
        # The page was begun as a reader; the claim is written by a transaction of its own.
        db.session.rollback()
        set_reading(False)
        claim(db.session(), [held_id], the_account(), utcnow())
        db.session.commit()
        set_reading(True)
    return _held_page(_held_or_404(held_id))


@blueprint.get("/moderation/held/<key:held_id>/whole")
@moderators_only
def whole(held_id: int) -> ResponseReturnValue:
    """The whole text of a held message, however long."""
    one = read_one(_held_or_404(held_id), whole=True)
    return render_template("moderating/whole.html", one=one)


@blueprint.post("/moderation/held/<key:held_id>")
@moderators_only
def decide_held(held_id: int) -> ResponseReturnValue:
    """Decide on that message."""
    row = _held_or_404(held_id)
    try:
        choice = choice_of(row.mailing_list)
        if choice.ids != (held_id,):
            abort(400)
        decide_all(choice)
    except NotDecided as error:
        return _held_page(row, str(error)), 400
    return redirect(url_for("moderating.queue"), 303)


def _held_page(row: HeldMessage, error: str = "") -> str:
    return render_template(
        "moderating/held.html",
        one=read_one(row),
        texts=rejection_texts(db.session(), row.mailing_list_id),
        days=DAYS,
        held_text=held_text,
        typed=request.form,
        error=error,
    )


@blueprint.app_template_global()
def clock_time(when: datetime) -> str:
    """The time of a day by the reader's clock: `10:05`."""
    return str(format_time(when, "short"))


def _held_or_404(held_id: int) -> HeldMessage:
    row = db.session.get(HeldMessage, held_id)
    if row is None or row.mailing_list_id not in moderated_lists():
        abort(404)
    return row


def _claim(ids: Sequence[int]) -> None:
    here = select(HeldMessage.id).where(
        HeldMessage.id.in_(ids), HeldMessage.mailing_list_id.in_(moderated_lists())
    )
    mine = claim(db.session(), db.session.scalars(here).all(), the_account(), utcnow())
    db.session.commit()
    if mine:
        flash(
            ngettext(
                "%(num)d message is yours for five minutes.",
                "%(num)d messages are yours for five minutes.",
                len(mine),
            ),
            "success",
        )
    if len(mine) < len(ids):
        flash(_("Somebody else is looking at some of them, or has decided."))


@blueprint.get("/moderation/decided")
@moderators_only
def decided() -> ResponseReturnValue:
    """Who decided what, and when, newest first."""
    page = page_number()
    chosen = (
        HeldMessage.mailing_list_id.in_(moderated_list_ids(db.session(), current_reader())),
        HeldMessage.state != HeldState.HELD,
    )
    total = db.session.scalar(select(func.count(HeldMessage.id)).where(*chosen)) or 0
    pages = max(1, -(-total // DECISIONS_A_PAGE))
    if page > pages:
        abort(404)
    rows = db.session.scalars(
        select(HeldMessage)
        .where(*chosen)
        .order_by(HeldMessage.decided_at.desc(), HeldMessage.id.desc())
        .limit(DECISIONS_A_PAGE)
        .offset((page - 1) * DECISIONS_A_PAGE)
    ).all()
    return render_template(
        "moderating/decided.html",
        decisions=rows,
        automatic=automatic_targets(
            db.session(),
            {held.mailing_list_id for held in rows},
            {held.decided_at for held in rows if held.decided_at},
        ),
        page=page,
        pages=pages,
        held_text=held_text,
        reason_text=reason_text,
    )


@blueprint.post("/posts/<key:post_id>/repairs")
@moderators_only
def repairs(post_id: int) -> ResponseReturnValue:
    """Take back the repair of a post's wrongly decoded text, or make it again."""
    session, reader = db.session(), current_reader()
    decision = request.form.get("decision", "")
    if decision not in ("undo", "redo"):
        abort(400)
    found = find_post(session, reader, post_id)
    if found is None or not may_moderate(session, reader, found.mailing_list_id):
        abort(404)
    # Locked, so that two moderators do not decide at once.
    row = session.get_one(Post, found.id, with_for_update=True, populate_existing=True)
    decide = undo_repairs if decision == "undo" else redo_repairs
    try:
        decide(session, row, the_account(), utcnow())
        session.commit()
        flash(_repairs_told(decision), "success")
    except NoRepairs:
        session.rollback()
        flash(_("There is nothing to change: somebody else was quicker."))
        row = session.get_one(Post, post_id)
    return redirect(place_of(row), 303)


def _repairs_told(decision: str) -> str:
    if decision == "undo":
        told = _("The post is shown as it was decoded at first.")
    else:
        told = _("The characters of the post are repaired again.")
    return str(told)
