"""Writing: a new thread, an answer, a preview before, and thirty seconds to take it back."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy import select

from forum.clock import utcnow
from forum.config import settings
from forum.domain import message
from forum.domain.shortening import beginning, is_long
from forum.extensions import db, limiter
from forum.operations.drafts import drop_draft
from forum.operations.posting import Discarded, Disposition, Duplicate, Held, Posted, Rejected
from forum.operations.raw import load_raw
from forum.operations.writing import withdraw_unsent, write_post
from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import MailingList
from forum.storage.visibility import find_post, find_thread
from forum.web.access import login_page, signed_in, the_account, visible_list_or_404
from forum.web.forms import AnswerForm, ComposeForm
from forum.web.places import place_of, wanted_parent
from forum.web.reader import current_account, current_reader
from forum.web.text_form import (
    files_of,
    fill,
    names_of_files,
    new_answer_form,
    own_draft,
    preview_of,
    read_generously,
    too_large,
)
from forum.web.wording import reason_text

blueprint = Blueprint("writing", __name__)
blueprint.url_value_preprocessor(read_generously)


@blueprint.route("/lists/<slug>/new", methods=["GET", "POST"])
@limiter.limit("10 per minute;100 per hour", methods=["POST"])
def compose(slug: str) -> ResponseReturnValue:
    """Start a thread."""
    mailing_list = visible_list_or_404(slug)
    if current_account() is None:
        return _kept_text() if request.method == "POST" else login_page()
    form = ComposeForm()
    if request.method == "GET":
        fill(form, own_draft(mailing_list, None))
    if not _is_ready(form):
        return _compose_page(mailing_list, form), _status(form)
    outcome = _write(mailing_list, form, subject=form.subject.data)
    if isinstance(outcome, Rejected | Discarded):
        _explain(form, outcome)
        return _compose_page(mailing_list, form), 400
    drop_draft(db.session(), the_account(), mailing_list, None)
    db.session.commit()
    return _after(outcome, url_for("reading.show_list", slug=slug))


@blueprint.route("/threads/<key:thread_id>/answer", methods=["GET", "POST"])
@limiter.limit("10 per minute;100 per hour", methods=["POST"])
def answer(thread_id: int) -> ResponseReturnValue:
    """Answer a post of a thread, or the thread as a whole: that is its first post."""
    thread = find_thread(db.session(), current_reader(), thread_id)
    if thread is None:
        abort(404)
    if thread.merged_into_id is not None and request.method == "GET":
        return redirect(url_for("writing.answer", thread_id=thread.merged_into_id))
    if current_account() is None:
        return _kept_text() if request.method == "POST" else login_page()
    parent = _parent(thread)
    form = AnswerForm()
    if request.method == "GET":
        form = new_answer_form(parent, own_draft(thread.mailing_list, thread))
    if not _is_ready(form):
        return _answer_page(thread, parent, form), _status(form)
    outcome = _write(parent.mailing_list, form, parent=parent)
    if isinstance(outcome, Rejected | Discarded):
        _explain(form, outcome)
        return _answer_page(thread, parent, form), 400
    drop_draft(db.session(), the_account(), thread.mailing_list, thread.id)
    db.session.commit()
    return _after(outcome, url_for("reading.thread", thread_id=parent.thread_id))


@blueprint.route("/posts/<key:post_id>/undo", methods=["GET", "POST"])
@signed_in
def undo(post_id: int) -> ResponseReturnValue:
    """Take one's own post back while its mailing waits; the text is shown to write on."""
    post = find_post(db.session(), current_reader(), post_id)
    if post is None or post.author_id != the_account().author_id:
        abort(404)
    if request.method == "GET":
        return render_template("writing/undo.html", post=post)
    form = _form_of(post)
    if not withdraw_unsent(db.session(), post, the_account(), utcnow()):
        flash(_("It is too late: the mail is on its way to the subscribers."), "error")
        return redirect(place_of(post), 303)
    db.session.commit()
    flash(_("Your message is taken back and mailed to nobody. Here is its text."), "success")
    if isinstance(form, ComposeForm):
        return _compose_page(post.mailing_list, form)
    parent = db.session.get_one(Post, post.parent_id)
    return _answer_page(parent.thread, parent, form)


@blueprint.errorhandler(CSRFError)
def keep_text(error: CSRFError) -> ResponseReturnValue:
    """A session that ended meanwhile must not cost anybody their text."""
    return _kept_text() if request.form.get("text") else error


def _is_ready(form: AnswerForm) -> bool:
    """Whether the form is filled as it must be, and is to be published, not shown before."""
    if not form.is_submitted():
        return False
    is_valid, told = form.validate(), too_large(form)
    if told:
        form.attachments.errors = (told,)
    return is_valid and not told and "preview" not in request.form


def _status(form: AnswerForm) -> int:
    return 400 if form.errors else 200


def _write(
    mailing_list: MailingList, form: AnswerForm, *, subject: str = "", parent: Post | None = None
) -> Disposition:
    return write_post(
        db.session(),
        mailing_list,
        the_account(),
        subject_line=subject,
        text=form.text.data,
        now=utcnow(),
        max_bytes=settings().max_message_bytes,
        language=form.language.data or None,
        parent=parent,
        attachments=files_of(form),
        delay=timedelta(seconds=settings().undo_seconds),
    )


def _explain(form: AnswerForm, outcome: Rejected | Discarded) -> None:
    form.text.errors = tuple(reason_text(reason) for reason in outcome.reasons)


def _after(outcome: Disposition, elsewhere: str) -> ResponseReturnValue:
    match outcome:
        case Posted(post_id, _thread_id):
            flash(_published(post_id), "success")
            return redirect(place_of(db.session.get_one(Post, post_id)), 303)
        case Duplicate(post_id):
            flash(_("The same message is here already; it was not posted twice."))
            return redirect(place_of(db.session.get_one(Post, post_id)), 303)
        case Held(_held_id, reasons):
            told = " ".join(reason_text(reason) for reason in reasons)
            flash(_("Your message awaits a moderator. %(reason)s", reason=told))
    return redirect(elsewhere, 303)


def _published(post_id: int) -> str:
    seconds = settings().undo_seconds
    if not seconds:
        return str(_("Your message is posted."))
    link = Markup('<a href="{}">{}</a>').format(url_for("writing.undo", post_id=post_id), _("Undo"))
    told = _("Your message is posted. It is mailed in %(seconds)d seconds.", seconds=seconds)
    return Markup("{} {}").format(told, link)


def _parent(thread: Thread) -> Post:
    """The post that is to be answered: the one that was named, else the thread's first."""
    if request.values.get("parent"):
        return wanted_parent(thread) or abort(404)
    first = db.session.scalar(
        select(Post)
        .where(
            Post.thread_id == (thread.merged_into_id or thread.id),
            Post.state == PostState.VISIBLE,
        )
        .order_by(Post.position, Post.id)
        .limit(1)
    )
    return first or abort(404)


def _compose_page(mailing_list: MailingList, form: ComposeForm) -> str:
    return render_template(
        "writing/compose.html",
        mailing_list=mailing_list,
        form=form,
        preview=preview_of(form),
        lost_files=names_of_files(form),
    )


def _answer_page(thread: Thread, parent: Post, form: AnswerForm) -> str:
    return render_template(
        "writing/answer.html",
        thread=thread,
        mailing_list=thread.mailing_list,
        parent=parent,
        answered_html=beginning(parent.html),
        rest_address=place_of(parent, whole=True) if is_long(parent.html) else "",
        form=form,
        preview=preview_of(form),
        lost_files=names_of_files(form),
    )


def _form_of(post: Post) -> AnswerForm:
    """A form with what somebody wrote: the stored message has it as it was typed."""
    text = message.parse(load_raw(post.raw), post.arrived_at).text if post.raw else ""
    if post.parent_id is None:
        return ComposeForm(formdata=None, subject=post.subject, text=text)
    return AnswerForm(formdata=None, text=text)


def _kept_text() -> ResponseReturnValue:
    """What was typed, to be copied, for who is not signed in any more."""
    subject, text = request.form.get("subject", ""), request.form.get("text", "")
    return render_template("writing/kept.html", subject=subject, text=text, again=request.path), 403
