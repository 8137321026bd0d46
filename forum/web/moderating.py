"""The moderation queue: everything that waits on all of a moderator's lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import func, select

from forum.clock import utcnow
from forum.domain import body, language, markup, message
from forum.domain.values import Attachment
from forum.extensions import db
from forum.operations import moderation
from forum.operations.raw import load_raw
from forum.operations.repairs import NoRepairs, redo_repairs, undo_repairs
from forum.storage.archive import Post
from forum.storage.mail import HeldMessage, HeldState
from forum.storage.visibility import find_post, may_moderate, moderated_list_ids
from forum.web.access import moderators_only, the_account
from forum.web.addresses import LARGEST_KEY, page_number, whole_number
from forum.web.reader import current_reader
from forum.web.reading import place_of
from forum.web.wording import held_text, reason_text

blueprint = Blueprint("moderating", __name__)

SHOWN_AT_ONCE = 100
DECISIONS_A_PAGE = 50
REASON_CHARACTERS = 2_000
VERBS = ("accept", "reject", "discard")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A held message as a moderator reads it."""

    held: HeldMessage
    html: Markup
    language: str
    attachments: tuple[Attachment, ...]
    reasons: tuple[str, ...]


@blueprint.get("/moderation")
@moderators_only
def queue() -> ResponseReturnValue:
    """Everything that waits, oldest first."""
    return _queue_page()


def _queue_page(chosen: Sequence[int] = (), error: str = "") -> str:
    mine = HeldMessage.mailing_list_id.in_(moderated_list_ids(db.session(), current_reader()))
    waits = HeldMessage.state == HeldState.HELD
    total = db.session.scalar(select(func.count(HeldMessage.id)).where(mine, waits)) or 0
    rows = db.session.scalars(
        select(HeldMessage)
        .where(mine, waits)
        .order_by(HeldMessage.held_at, HeldMessage.id)
        .limit(SHOWN_AT_ONCE)
    ).all()
    return render_template(
        "moderating/queue.html",
        waiting=[_read(held) for held in rows],
        total=total,
        chosen=frozenset(chosen),
        typed=request.form,
        error=error,
    )


def _read(held: HeldMessage) -> Waiting:
    submission = message.parse(load_raw(held.raw), held.held_at)
    segments, tagged = language.tag_languages(
        body.segment(submission.text, submission.text_format),
        declared=submission.declared_language,
        inherited=(),
    )
    return Waiting(
        held=held,
        # Sanitised by the function that makes it, as for posts.
        html=Markup(markup.render_segments(segments, submission.text_format)),  # noqa: S704
        language=tagged,
        attachments=submission.attachments,
        reasons=tuple(reason_text(code) for code in held.reasons),
    )


@blueprint.post("/moderation")
@moderators_only
def decide() -> ResponseReturnValue:
    """Accept, reject or discard one message, or all that are ticked."""
    verb, _colon, one = request.form.get("decision", "").partition(":")
    ids = _numbers([one] if one else request.form.getlist("held"))
    if verb not in VERBS:
        abort(400)
    if not ids:
        return _queue_page(error=_("Tick at least one message, or use the buttons below it.")), 400
    # A button below a message takes the reason typed there, the ones at the end theirs.
    reason = request.form.get(f"reason-{one}" if one else "reason", "").strip()
    if len(reason) > REASON_CHARACTERS:
        told = _("A reason has at most %(max)d characters.", max=REASON_CHARACTERS)
        return _queue_page(ids, told), 400
    _decide_all(verb, ids, reason)
    return redirect(url_for("moderating.queue"), 303)


def _decide_all(verb: str, ids: Sequence[int], reason: str) -> None:
    mine = moderated_list_ids(db.session(), current_reader())
    found = db.session.scalars(
        select(HeldMessage)
        .where(HeldMessage.id.in_(ids), HeldMessage.mailing_list_id.in_(mine))
        .order_by(HeldMessage.held_at, HeldMessage.id)
        .with_for_update()
    ).all()
    if len(found) != len(ids):
        abort(404)
    done = late = 0
    for held in found:
        try:
            _decide_one(verb, held, reason)
            done += 1
        except moderation.AlreadyDecided:
            late += 1
    db.session.commit()
    if done:
        flash(_told(verb, done), "success")
    if late:
        flash(
            ngettext(
                "Somebody else had decided on %(num)d message already.",
                "Somebody else had decided on %(num)d messages already.",
                late,
            )
        )


def _decide_one(verb: str, held: HeldMessage, reason: str) -> None:
    session, account, now = db.session(), the_account(), utcnow()
    match verb:
        case "accept":
            moderation.accept(session, held, now, account=account)
        case "reject":
            moderation.reject(session, held, now, account=account, reason=reason)
        case _:
            moderation.discard(session, held, now, account=account, reason=reason)


def _told(verb: str, number: int) -> str:
    match verb:
        case "accept":
            told = ngettext("%(num)d message is posted.", "%(num)d messages are posted.", number)
        case "reject":
            told = ngettext(
                "%(num)d message is rejected, and its author is told.",
                "%(num)d messages are rejected, and their authors are told.",
                number,
            )
        case _:
            told = ngettext(
                "%(num)d message is discarded; nobody is told.",
                "%(num)d messages are discarded; nobody is told.",
                number,
            )
    return str(told)


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


def _numbers(texts: Sequence[str]) -> list[int]:
    numbers = (whole_number(text, LARGEST_KEY) or abort(400) for text in texts)
    return list(dict.fromkeys(numbers))
