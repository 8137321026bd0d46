"""What people do with their own posts afterwards, and what they report of others'."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.clock import utcnow
from forum.config import settings
from forum.domain.compose import is_blank
from forum.domain.reflow import unwrap
from forum.extensions import db, limiter
from forum.operations.curation import Refused
from forum.operations.curation_authors import (
    TIME_TO_EDIT,
    NotTaken,
    can_edit,
    edit,
    report,
    settle_report,
    text_as_typed,
    texts_of,
    was_mailed_again,
)
from forum.operations.curation_posts import is_own, withdraw
from forum.storage.archive import Post, PostState
from forum.storage.curation import PostReport
from forum.storage.visibility import find_post, may_moderate
from forum.web.access import moderators_only, signed_in, the_account
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.curation_words import refusal_text
from forum.web.forms import TEXT_CHARACTERS
from forum.web.places import place_of
from forum.web.reader import current_reader, moderated_lists
from forum.web.wording import reason_text

REASON_CHARACTERS: Final = 2_000
REPORTS_SHOWN: Final = 100

blueprint = Blueprint("curating_own", __name__)


@blueprint.route("/posts/<key:post_id>/edit", methods=["GET", "POST"])
@limiter.limit("10 per minute;100 per hour", methods=["POST"])
@signed_in
def change(post_id: int) -> ResponseReturnValue:
    """Put another text in the place of one's own, for half an hour."""
    post = _own_post(post_id)
    account, session = the_account(), db.session()
    if not can_edit(post, account, utcnow()) and request.method == "GET":
        abort(404)
    error, text = "", text_as_typed(session, post)
    if request.method == "POST":
        text = request.form.get("text", "")
        error = _changed(post, text)
        if not error:
            flash(_("Your post is changed."), "success")
            return redirect(place_of(post), 303)
    until = post.arrived_at + TIME_TO_EDIT
    page = render_template(
        "curating/edit.html",
        post=post,
        text=text,
        error=error,
        until=until,
        can_mail=not was_mailed_again(session, post, account),
    )
    return page, 400 if error else 200


def _changed(post: Post, text: str) -> str:
    """Change a post and commit; gives what stands in the way, empty where nothing does."""
    if is_blank(text):
        return str(_("There is no text yet."))
    if len(text) > TEXT_CHARACTERS:
        return str(_("The text has more than %(max)d characters.", max=TEXT_CHARACTERS))
    again = "mail" in request.form
    try:
        edit(
            db.session(), post, the_account(), text, utcnow(),
            max_bytes=settings().max_message_bytes, mail_again=again,
        )  # fmt: skip
    except Refused as refused:
        db.session.rollback()
        return refusal_text(refused)
    except NotTaken as not_taken:
        db.session.rollback()
        return _told(not_taken)
    db.session.commit()
    return ""


def _told(not_taken: NotTaken) -> str:
    told = " ".join(reason_text(reason) for reason in not_taken.reasons)
    if not not_taken.would_wait:
        return told
    return str(
        _(
            "%(reason)s A changed text is shown at once, and no moderator could read it before: "
            "please send it as a new message. Your text is still in the form.",
            reason=told,
        )
    )


@blueprint.route("/posts/<key:post_id>/withdraw", methods=["GET", "POST"])
@signed_in
def take_back(post_id: int) -> ResponseReturnValue:
    """Take one's own post back, whenever one wishes."""
    post = _own_post(post_id)
    if request.method == "GET":
        return render_template("curating/withdraw.html", post=post)
    slug = post.mailing_list.slug
    try:
        withdraw(db.session(), post, utcnow(), the_account())
    except Refused:
        abort(404)
    db.session.commit()
    flash(_("Your post is withdrawn."), "success")
    return redirect(url_for("reading.show_list", slug=slug), 303)


@blueprint.route("/posts/<key:post_id>/report", methods=["GET", "POST"])
@limiter.limit("5 per minute;30 per hour", methods=["POST"])
@signed_in
def tell(post_id: int) -> ResponseReturnValue:
    """Tell the moderators what is wrong with a post."""
    post = find_post(db.session(), current_reader(), post_id) or abort(404)
    error = ""
    if request.method == "POST":
        reason = request.form.get("reason", "")[:REASON_CHARACTERS]
        try:
            report(db.session(), post, the_account(), reason, utcnow())
        except Refused:
            error = _("Please say what is wrong.")
        else:
            db.session.commit()
            flash(_("Thank you. The moderators will look at it."), "success")
            return redirect(place_of(post), 303)
    page = render_template("curating/report.html", post=post, error=error)
    return page, 400 if error else 200


@blueprint.get("/posts/<key:post_id>/history")
@signed_in
def history(post_id: int) -> ResponseReturnValue:
    """The texts a post has had, for its author and the moderators."""
    post = find_post(db.session(), current_reader(), post_id)
    account = the_account()
    if post is None or not (
        post.author_id == account.author_id
        or may_moderate(db.session(), current_reader(), post.mailing_list_id)
    ):
        abort(404)
    # As the thread shows them: mail has line ends of a width of its own.
    texts = [(at, unwrap(text)) for at, text in texts_of(db.session(), post)]
    return render_template("curating/history.html", post=post, texts=texts)


@blueprint.get("/moderation/reports")
@moderators_only
def reports() -> ResponseReturnValue:
    """What was reported on a moderator's lists and is not settled, oldest first."""
    return render_template("curating/reports.html", reports=_open_reports())


@blueprint.post("/moderation/reports")
@moderators_only
def settle() -> ResponseReturnValue:
    """Note that a report was dealt with."""
    settle_one(request.form.get("report", ""))
    return redirect(url_for("curating_own.reports"), 303)


def settle_one(typed: str) -> None:
    """Note that a report on the reader's lists was dealt with, and say so; else 404."""
    number = whole_number(typed, LARGEST_KEY) or abort(400)
    found = db.session.get(PostReport, number)
    if found is None or found.post.mailing_list_id not in moderated_lists():
        abort(404)
    settle_report(db.session(), found, the_account(), utcnow())
    db.session.commit()
    flash(_("The report is settled."), "success")


def _own_post(post_id: int) -> Post:
    """One's own post that is shown; others do not exist here."""
    found = find_post(db.session(), current_reader(), post_id)
    if found is None or not is_own(found, the_account()):
        abort(404)
    return found


def _open_reports() -> list[PostReport]:
    query = (
        select(PostReport)
        .join(Post, Post.id == PostReport.post_id)
        .where(
            PostReport.settled_at.is_(None),
            Post.mailing_list_id.in_(moderated_lists()),
            Post.state != PostState.REMOVED,
        )
        .options(joinedload(PostReport.post), joinedload(PostReport.account))
        .order_by(PostReport.reported_at, PostReport.id)
        .limit(REPORTS_SHOWN)
    )
    return list(db.session.scalars(query))


@blueprint.app_template_global()
def open_reports() -> int:
    """How many posts are reported on the lists that the reader moderates."""
    return len(_open_reports())
