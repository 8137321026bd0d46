"""A thread's synthesis: shown above its posts, written and translated on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.config import settings
from forum.domain.curation import Refusal
from forum.domain.markup import render_markdown
from forum.domain.synthesis import SYNTHESIS_CHARACTERS, renumbered
from forum.domain.values import LANGUAGES
from forum.extensions import db, limiter
from forum.i18n import current_language
from forum.operations.curation import Refused, thread_now
from forum.operations.posting import Disposition, Duplicate, Held, Posted
from forum.operations.synthesis import (
    kept_text,
    languages_to_translate,
    numbers_of,
    original_of,
    typed_text,
    write_synthesis,
)
from forum.operations.synthesis_sending import may_send, send_synthesis
from forum.storage.archive import Post, Thread
from forum.storage.lists import RoleName, roles_of
from forum.storage.synthesis import (
    SynthesisVersion,
    current_versions,
    posts_since,
    versions_of,
)
from forum.storage.visibility import find_thread
from forum.web.access import login_page, the_account
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.audience import audience_text
from forum.web.curation_words import refusal_text
from forum.web.places import place_of
from forum.web.reader import current_account, current_reader, moderated_lists
from forum.web.wording import reason_text
from forum.web.written_language import language_to_write

blueprint = Blueprint("synthesis", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a thread show its synthesis."""
    state.app.jinja_env.globals.update(
        synthesis_of=synthesis_of, languages_of_synthesis=languages_of_synthesis
    )


@dataclass(frozen=True, slots=True)
class ShownSynthesis:
    """What readers see above a thread."""

    version: SynthesisVersion
    html: Markup
    languages: tuple[str, ...]
    """In which there is one."""
    since: int
    """How many posts came after it."""
    translates: str
    """The language that it was translated from; empty for the original."""
    is_behind: bool
    """Whether what it translates was changed since."""
    can_send: bool


def synthesis_of(thread: Thread) -> ShownSynthesis | None:
    """The synthesis of a thread in the language asked for, the reader's, or the original's."""
    session = db.session()
    versions = current_versions(session, thread.id)
    original = original_of(versions)
    if original is None:
        return None
    wanted = (request.args.get("synthesis", ""), current_language())
    version = next((versions[code] for code in wanted if code in versions), original)
    return ShownSynthesis(
        version=version,
        html=_html_of(session, version),
        languages=tuple(code for code in LANGUAGES if code in versions),
        since=posts_since(session, version),
        translates=version.source.language if version.source else "",
        is_behind=version.source is not None and version.source_id != original.id,
        can_send=may_send(version, current_account()),
    )


def _html_of(session: Session, version: SynthesisVersion) -> Markup:
    html = version.html_for(masked=current_reader().is_anonymous)
    # Made by the same function as a post's, and sanitised there.
    return Markup(renumbered(html, numbers_of(session, version)))  # noqa: S704


def languages_of_synthesis(thread: Thread) -> tuple[str, ...]:
    """The languages in which the reader may write the synthesis of a thread."""
    account = current_account()
    if account is None:
        return ()
    if thread.mailing_list_id in moderated_lists():
        return LANGUAGES
    session = db.session()
    if RoleName.TRANSLATOR not in roles_of(session, account.id, thread.mailing_list_id):
        return ()
    return languages_to_translate(current_versions(session, thread.id))


@blueprint.route("/threads/<key:thread_id>/synthesis", methods=["GET", "POST"])
@limiter.limit("20 per minute;200 per hour", methods=["POST"])
def write(thread_id: int) -> ResponseReturnValue:
    """Write the synthesis of a thread in one language; its earlier versions stand below."""
    thread = _visible_thread(thread_id)
    if current_account() is None:
        return login_page()
    allowed = languages_of_synthesis(thread) or abort(404)
    language = language_to_write(thread.mailing_list, allowed)
    if request.method == "GET":
        return _page(thread, language, allowed)
    text = request.form.get("text", "")
    if "preview" in request.form:
        preview = _preview(thread, text)
        return _page(thread, language, allowed, text=text, preview=preview, as_read=True)
    try:
        write_synthesis(db.session(), thread, language, text, utcnow(), the_account(), seen=_seen())
    except Refused as refused:
        db.session.rollback()
        as_read = refused.refusal is not Refusal.CHANGED_MEANWHILE
        error = refusal_text(refused)
        return _page(thread, language, allowed, text=text, error=error, as_read=as_read), 400
    db.session.commit()
    flash(_("The synthesis is kept."), "success")
    target = url_for("reading.thread", thread_id=thread.id, synthesis=language, _anchor="synthesis")
    return redirect(target, 303)


@blueprint.route("/threads/<key:thread_id>/synthesis/send", methods=["GET", "POST"])
@limiter.limit("10 per minute;100 per hour", methods=["POST"])
def send(thread_id: int) -> ResponseReturnValue:
    """Say to how many people it goes, and send one's synthesis to the list."""
    thread = _visible_thread(thread_id)
    if current_account() is None:
        return login_page()
    allowed = languages_of_synthesis(thread) or abort(404)
    language = language_to_write(thread.mailing_list, allowed)
    version = current_versions(db.session(), thread.id).get(language)
    if version is None or version.account_id != the_account().id:
        abort(404)
    error = ""
    if request.method == "POST":
        error = _sent(version)
        if not error:
            outcome_at = db.session.get(Post, version.post_id) if version.post_id else None
            back = url_for("reading.thread", thread_id=thread.id)
            return redirect(place_of(outcome_at) if outcome_at else back, 303)
    elif not may_send(version, the_account()):
        error = refusal_text(Refused(Refusal.SENT_ALREADY))
    page = render_template(
        "synthesis/send.html",
        thread=thread,
        mailing_list=thread.mailing_list,
        version=version,
        html=_html_of(db.session(), version),
        audience=audience_text(db.session(), thread.mailing_list, the_account(), thread.id),
        error=error,
    )
    return page, 400 if error and request.method == "POST" else 200


def _sent(version: SynthesisVersion) -> str:
    """Send and commit; gives what stands in the way, empty where nothing does."""
    with force_locale(version.language):
        heading = _("Synthesis of this thread")
    try:
        outcome = send_synthesis(
            db.session(), version, the_account(), utcnow(),
            heading=heading,
            site_url=settings().site_url,
            max_bytes=settings().max_message_bytes,
            delay=timedelta(seconds=settings().undo_seconds),
        )  # fmt: skip
    except Refused as refused:
        db.session.rollback()
        return refusal_text(refused)
    told = _told(outcome)
    db.session.commit()
    return told


def _told(outcome: Disposition) -> str:
    match outcome:
        case Posted() | Duplicate():
            flash(_("The synthesis is sent to the list."), "success")
        case Held(_id, reasons):
            why = " ".join(reason_text(reason) for reason in reasons)
            flash(_("Your message awaits a moderator. %(reason)s", reason=why))
        case _refused:
            return " ".join(reason_text(reason) for reason in _refused.reasons)
    return ""


def _visible_thread(thread_id: int) -> Thread:
    found = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    if found.merged_into_id is None:
        return found
    found = thread_now(db.session(), found.id)
    # It may have been moved to another list since.
    return find_thread(db.session(), current_reader(), found.id) or abort(404)


def _seen() -> int:
    """The version that was changed."""
    return whole_number(request.form.get("seen", ""), LARGEST_KEY, 0) or 0


def _preview(thread: Thread, text: str) -> Markup | None:
    if not text.strip() or len(text) > SYNTHESIS_CHARACTERS:
        return None
    # Made by the same function as what is kept.
    return Markup(render_markdown(kept_text(db.session(), thread, text)))


def _page(
    thread: Thread,
    language: str,
    allowed: tuple[str, ...],
    *,
    text: str | None = None,
    preview: Markup | None = None,
    error: str = "",
    as_read: bool = False,
) -> str:
    """The page, of what stands now.

    Args:
        as_read: Whether the form goes on from the version that its writer had read when they
            began, so that they are told of what others keep before they have done.
    """
    session = db.session()
    versions = current_versions(session, thread.id)
    current, original = versions.get(language), original_of(versions)
    if text is None:
        text = typed_text(session, current) if current else ""
    is_translation = original is not None and original.language != language
    return render_template(
        "synthesis/write.html",
        thread=thread,
        mailing_list=thread.mailing_list,
        language=language,
        allowed=allowed,
        text=text,
        seen=_seen() if as_read else current.id if current else 0,
        preview=preview,
        error=error,
        original=original if is_translation else None,
        original_html=_html_of(session, original) if original and is_translation else None,
        history=versions_of(session, thread.id, language),
        current=current,
        longest=SYNTHESIS_CHARACTERS,
        moderates=thread.mailing_list_id in moderated_lists(),
    )
