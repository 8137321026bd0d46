"""Drafts: kept by a button, or by the page itself while somebody writes."""

from __future__ import annotations

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.domain.preparing import show
from forum.domain.values import LANGUAGES, TextFormat
from forum.extensions import db, limiter
from forum.i18n import language_name
from forum.operations.drafts import drop_draft, keep_draft
from forum.storage.archive import Thread
from forum.storage.drafts import Draft, drafts_of
from forum.storage.lists import MailingList
from forum.storage.visibility import find_list, find_thread
from forum.web.access import signed_in, the_account, visible_list_or_404
from forum.web.forms import SUBJECT_CHARACTERS, TEXT_CHARACTERS
from forum.web.places import wanted_parent
from forum.web.reader import current_reader
from forum.web.text_form import read_generously

RECOGNISED_CHARACTERS = 5_000
"""So much of a text is enough to tell its language."""

blueprint = Blueprint("drafts", __name__)
blueprint.url_value_preprocessor(read_generously)


@blueprint.get("/account/drafts")
@signed_in
def show_all() -> ResponseReturnValue:
    """What the reader has begun to write, in lists they may still see."""
    session, reader = db.session(), current_reader()
    own = [
        draft
        for draft in drafts_of(session, the_account().id)
        if find_list(session, reader, draft.mailing_list.slug)
    ]
    return render_template("writing/drafts.html", drafts=own)


@blueprint.post("/lists/<slug>/draft")
@limiter.limit("60 per minute")
@signed_in
def keep_new(slug: str) -> ResponseReturnValue:
    """Keep the text of a thread that is being begun."""
    return _keep(visible_list_or_404(slug), None)


@blueprint.post("/threads/<key:thread_id>/draft")
@limiter.limit("60 per minute")
@signed_in
def keep_answer(thread_id: int) -> ResponseReturnValue:
    """Keep the text of an answer."""
    thread = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    return _keep(thread.mailing_list, thread)


@blueprint.post("/drafts/<key:draft_id>/drop")
@signed_in
def drop(draft_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.account_id != the_account().id:
        abort(404)
    back = address_of(draft)
    drop_draft(db.session(), the_account(), draft.mailing_list, draft.thread_id)
    db.session.commit()
    flash(_("The draft is thrown away."))
    return redirect(back, 303)


@blueprint.app_template_global("draft_address")
def address_of(draft: Draft) -> str:
    """Where a draft is written on."""
    if draft.thread_id is None:
        return url_for("writing.compose", slug=draft.mailing_list.slug)
    return url_for("writing.answer", thread_id=draft.thread_id, parent=draft.parent_id)


def _keep(mailing_list: MailingList, thread: Thread | None) -> ResponseReturnValue:
    parent = wanted_parent(thread) if thread else None
    text = request.form.get("text", "")[:TEXT_CHARACTERS]
    draft = keep_draft(
        db.session(),
        the_account(),
        mailing_list,
        utcnow(),
        thread=thread,
        parent_id=parent.id if parent else None,
        subject=request.form.get("subject", "")[:SUBJECT_CHARACTERS],
        text=text,
        language=_chosen_language(),
    )
    db.session.commit()
    told = _("Your draft is kept. Nothing is sent yet.") if draft else ""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(kept=told, language=_recognised(text))
    if draft is None:
        flash(_("There is no text yet."), "error")
        return redirect(request.referrer or url_for("drafts.show_all"), 303)
    flash(told, "success")
    return redirect(address_of(draft), 303)


def _chosen_language() -> str:
    chosen = request.form.get("language", "")
    return chosen if chosen in LANGUAGES else ""


def _recognised(text: str) -> str:
    """The language of a text in words; empty while nothing can be said."""
    found = show(text[:RECOGNISED_CHARACTERS], TextFormat.MARKDOWN, None, None).language
    if found not in LANGUAGES:
        return ""
    return str(_("Recognised: %(language)s", language=language_name(found)))
