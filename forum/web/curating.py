"""Moderators keep threads readable: decisions on a thread and on a post, as plain forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from forum.clock import utcnow
from forum.domain.curation import LABELS, is_target_of_post, target_number
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.i18n import current_language
from forum.operations import curation_placing, curation_posts, curation_threads
from forum.operations.curation import Refused, thread_now
from forum.operations.curation_moving import move
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import UNDOABLE
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation_lines import Line, Tombstone, lines_of_thread, tombstones
from forum.storage.lists import MailingList
from forum.storage.visibility import find_place, find_post, find_thread
from forum.web.access import moderators_only, the_account
from forum.web.curation_words import label_text, line_text, refusal_text
from forum.web.places import place_of
from forum.web.reader import current_reader, moderated_lists

blueprint = Blueprint("curating", __name__)

REASON_CHARACTERS: Final = 500
Deed = Callable[[], AuditEntry]


@blueprint.route("/threads/<key:thread_id>/moderate", methods=["GET", "POST"])
@moderators_only
def thread(thread_id: int) -> ResponseReturnValue:
    """Decide on a thread: its title, tags, labels and place."""
    found = _moderated_thread(thread_id)
    return _decided(
        partial(_thread_page, found),
        lambda: _deeds_on(found),
        lambda: url_for("reading.thread", thread_id=found.id),
    )


@blueprint.route("/posts/<key:post_id>/moderate", methods=["GET", "POST"])
@moderators_only
def post(post_id: int) -> ResponseReturnValue:
    """Decide on a post: where it stands, and whether it is seen."""
    found = _moderated_post(post_id)
    return _decided(
        partial(_post_page, found), lambda: _deeds_on_post(found), lambda: place_of(found)
    )


@blueprint.route("/posts/<key:post_id>/remove", methods=["GET", "POST"])
@moderators_only
def remove_post(post_id: int) -> ResponseReturnValue:
    """Ask once more, and for the reason, before a post is removed for good."""
    found = _moderated_post(post_id)
    error = ""
    if request.method == "POST":
        reason = request.form.get("reason", "")[:REASON_CHARACTERS]
        error = _carried_out(
            lambda: remove(db.session(), found, utcnow(), the_account(), reason=reason)
        )
        if not error:
            return redirect(place_of(found), 303)
    page = render_template("curating/remove.html", post=found, error=error)
    return page, 400 if error else 200


def _decided(
    page: Callable[..., str], deeds: Callable[[], dict[str, Deed]], place: Callable[[], str]
) -> ResponseReturnValue:
    """The page of the decisions, or where to go after the one that was taken."""
    if request.method == "GET":
        return page()
    deed = deeds().get(request.form.get("decision", "")) or abort(400)
    error = _carried_out(deed)
    if error:
        return page(error), 400
    return redirect(place(), 303)


def _deeds_on(found: Thread) -> dict[str, Deed]:
    session, now, account, form = db.session(), utcnow(), the_account(), request.form
    titles = {language: form.get(f"title_{language}", "") for language in LANGUAGES}
    plain: dict[str, Any] = {
        "pin": curation_threads.pin,
        "unpin": curation_threads.unpin,
        "close": curation_threads.close,
        "reopen": curation_threads.reopen,
    }
    return {
        **{name: _plain(deed, found) for name, deed in plain.items()},
        "retitle": lambda: curation_threads.retitle(
            session, found, form.get("subject", ""), now, account, titles=titles
        ),
        "tag": lambda: curation_threads.set_tags(
            session, found, form.get("tags", ""), now, account
        ),
        "label": lambda: curation_threads.label(
            session, found, form.getlist("label"), now, account
        ),
        "merge": lambda: curation_placing.merge(
            session, found, _target_thread(found, form.get("into", "")) or abort(404), now, account
        ),
        "move": lambda: move(session, found, _target_list(form.get("list", "")), now, account),
    }


def _plain(deed: Any, found: Thread) -> Deed:
    return lambda: deed(db.session(), found, utcnow(), the_account())


def _deeds_on_post(found: Post) -> dict[str, Deed]:
    session, now, account, form = db.session(), utcnow(), the_account(), request.form
    reason = form.get("reason", "").strip()[:REASON_CHARACTERS]
    return {
        "hide": lambda: curation_posts.hide(session, found, now, account, reason),
        "restore": lambda: curation_posts.restore(session, found, now, account),
        "split": lambda: curation_placing.split(
            session, found, now, account,
            subject=form.get("subject", "")[: curation_threads.SUBJECT_CHARACTERS],
            alone="alone" in form,
        )[0],
        "reparent": lambda: curation_placing.reparent(
            session, found, _target_post(found, form.get("parent", "")) or abort(404), now, account
        ),
    }  # fmt: skip


def _carried_out(deed: Deed) -> str:
    """Decide, commit and tell; gives what stands in the way, empty where nothing does."""
    try:
        entry = deed()
    except Refused as refused:
        db.session.rollback()
        return refusal_text(refused)
    entry_id = entry.id
    slug = entry.mailing_list.slug if entry.mailing_list else ""
    db.session.commit()
    link = Markup('<a href="{}#decision-{}">{}</a>').format(
        url_for("curating_audit.log", slug=slug), entry_id, _("What was decided")
    )
    flash(Markup("{} {}").format(_("Done: decision %(number)s.", number=entry_id), link), "success")
    return ""


def _thread_page(found: Thread, error: str = "") -> str:
    wanted = request.args.get("into", "").strip()
    into = _target_thread(found, wanted) if wanted else None
    return render_template(
        "curating/thread.html",
        thread=found,
        mailing_list=found.mailing_list,
        error=error,
        wanted=wanted,
        into=into,
        labels=LABELS,
        targets=_other_lists(found),
        typed=request.form,
    )


def _post_page(found: Post, error: str = "") -> str:
    wanted = request.args.get("parent", "").strip()
    parent = _target_post(found, wanted) if wanted else None
    return render_template(
        "curating/post.html",
        post=found,
        error=error,
        wanted=wanted,
        parent=parent,
        typed=request.form,
    )


def _moderated_thread(thread_id: int) -> Thread:
    found = find_thread(db.session(), current_reader(), thread_id)
    if found is not None and found.merged_into_id is not None:
        found = thread_now(db.session(), found.id)
    if found is None or found.mailing_list_id not in moderated_lists():
        abort(404)
    return found


def _moderated_post(post_id: int) -> Post:
    found = find_post(db.session(), current_reader(), post_id)
    if found is None or found.mailing_list_id not in moderated_lists():
        abort(404)
    return found


def _target_thread(found: Thread, text: str) -> Thread | None:
    """The thread of the same list that a number or an address names; that of a post too."""
    number = target_number(text)
    if number is None:
        return None
    if is_target_of_post(text):
        named = find_place(db.session(), current_reader(), number)
        target = named.thread if named else None
    else:
        target = find_thread(db.session(), current_reader(), number)
    if target is not None and target.merged_into_id is not None:
        target = thread_now(db.session(), target.id)
    near = target is not None and target.mailing_list_id == found.mailing_list_id
    return target if near else None


def _target_post(found: Post, text: str) -> Post | None:
    """The post of the same list that a number or an address names."""
    number = target_number(text)
    target = find_place(db.session(), current_reader(), number) if number else None
    near = target is not None and target.mailing_list_id == found.mailing_list_id
    return target if near else None


def _other_lists(found: Thread) -> list[MailingList]:
    """Where the reader may move a thread: lists that they moderate too."""
    mine = moderated_lists() - {found.mailing_list_id}
    query = select(MailingList).where(MailingList.id.in_(mine)).order_by(MailingList.slug)
    return list(db.session.scalars(query))


def _target_list(slug: str) -> MailingList:
    found = db.session.scalar(select(MailingList).where(MailingList.slug == slug))
    if found is None or found.id not in moderated_lists():
        abort(404)
    return found


@blueprint.app_template_global()
def decisions_on(found: Thread) -> list[Line]:
    """What was decided on a thread, newest first, for its moderators."""
    return lines_of_thread(db.session(), found.id)


@blueprint.app_template_global()
def tombstone_of(post_id: int) -> Tombstone | None:
    """Who removed a post, and why."""
    return tombstones(db.session(), [post_id]).get(post_id)


@blueprint.app_template_global()
def can_be_undone(line: Line) -> bool:
    """Whether a decision stands and can be taken back."""
    return line.is_decision and line.undone_by is None and line.action in UNDOABLE


@blueprint.app_template_filter()
def titled(found: Any) -> str:
    """What a thread is called in the reader's language."""
    return str(found.titles.get(current_language()) or found.subject)


blueprint.add_app_template_filter(line_text)
blueprint.add_app_template_filter(label_text)
