"""Who decided what on a list, and the buttons that take decisions back."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.extensions import db
from forum.operations.curation import Refused
from forum.operations.curation_undoing import undo
from forum.storage.curation_lines import count_lines, lines_of_list, lists_touched
from forum.storage.lists import MailingList
from forum.web.access import moderators_only, the_account, visible_list_or_404
from forum.web.addresses import LARGEST_KEY, page_number, safe_path, whole_number
from forum.web.curation_words import refusal_text
from forum.web.reader import moderated_lists

LINES_A_PAGE: Final = 50

blueprint = Blueprint("curating_audit", __name__)


@blueprint.get("/moderation/audit/<slug>")
@moderators_only
def log(slug: str) -> ResponseReturnValue:
    """All that was decided on a list, newest first."""
    return _page(_moderated(slug))


@blueprint.post("/moderation/audit/<slug>")
@moderators_only
def take_back(slug: str) -> ResponseReturnValue:
    """Undo a decision on threads or posts."""
    mailing_list = _moderated(slug)
    number = whole_number(request.form.get("undo", ""), LARGEST_KEY) or abort(400)
    lists = lists_touched(db.session(), number)
    # Of a thread that was moved, the moderators of both lists alone decide.
    if not lists or not lists <= moderated_lists():
        abort(404)
    try:
        undo(db.session(), number, utcnow(), the_account())
    except Refused as refused:
        db.session.rollback()
        return _page(mailing_list, refusal_text(refused)), 400
    db.session.commit()
    flash(_("Decision %(number)s is undone.", number=number), "success")
    back = url_for("curating_audit.log", slug=slug)
    return redirect(safe_path(request.form.get("next", ""), back), 303)


def _page(mailing_list: MailingList, error: str = "") -> str:
    page = page_number() if request.method != "POST" else 1
    total = count_lines(db.session(), mailing_list.id)
    pages = max(1, -(-total // LINES_A_PAGE))
    if page > pages:
        abort(404)
    lines = lines_of_list(
        db.session(), mailing_list.id, offset=(page - 1) * LINES_A_PAGE, limit=LINES_A_PAGE
    )
    return render_template(
        "curating/audit.html",
        mailing_list=mailing_list,
        lines=lines,
        page=page,
        pages=pages,
        error=error,
    )


def _moderated(slug: str) -> MailingList:
    mailing_list = visible_list_or_404(slug)
    if mailing_list.id not in moderated_lists():
        abort(404)
    return mailing_list
