"""The page of a mirrored list for its moderators, and what threads tell of the outside list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, select

from forum.clock import utcnow
from forum.domain.mirroring_service import Expected
from forum.extensions import db
from forum.operations import mirroring_notices, mirroring_status
from forum.operations.audit import record
from forum.operations.mirroring_learning import unlearn
from forum.operations.mirroring_notices import CannotAnswer
from forum.operations.mirroring_out import send_again
from forum.storage.lists import MailingList
from forum.storage.mirror import MirrorDelivery, MirrorLine, MirrorNotice
from forum.storage.post_rows import PostRow
from forum.storage.visibility import find_list, moderated_list_ids
from forum.web.access import moderators_only, the_account
from forum.web.addresses import LARGEST_KEY, page_number, whole_number
from forum.web.mirror_words import (
    MirrorState,
    NoticeShown,
    delivery_words,
    shown,
    states_of,
)
from forum.web.reader import current_reader, moderated_lists

blueprint = Blueprint("mirroring", __name__)

MISSING_SHOWN: Final = 50
LINES_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """A mail of the outside list's own that nobody has dealt with."""

    shown: NoticeShown
    expected: Expected | None
    """The answer that its button sends."""


@blueprint.get("/moderation/mirror/<slug>")
@moderators_only
def show(slug: str) -> ResponseReturnValue:
    """Both sides compared, what waits, and what the outside list has to say."""
    session, now = db.session(), utcnow()
    mailing_list, page = _mirrored(slug), page_number()
    pages = _pages(mailing_list)
    if page > pages:
        abort(404)
    missing = mirroring_status.missing_ids(session, mailing_list)
    waiting = mirroring_status.waiting(session, mailing_list, now)
    return render_template(
        "mirroring/show.html",
        mailing_list=mailing_list,
        status=mirroring_status.status(session, mailing_list),
        notices=[
            OpenNotice(shown(one), mirroring_notices.expected_answer(session, one))
            for one in mirroring_notices.open_notices(session, mailing_list)
        ],
        waiting=[
            (one, delivery_words(one.delivery, now), [shown(notice) for notice in one.notices])
            for one in waiting
        ],
        missing=missing[:MISSING_SHOWN],
        more_missing=max(0, len(missing) - MISSING_SHOWN),
        held=mirroring_status.held_number(session, mailing_list),
        page=page,
        pages=pages,
        lines=_learned(mailing_list, page),
    )


@blueprint.post("/moderation/mirror/<slug>")
@moderators_only
def decide(slug: str) -> ResponseReturnValue:
    """Answer the outside list, put its mail aside, send a post again, or give a line back."""
    mailing_list = _mirrored(slug)
    decision, _colon, number = request.form.get("decision", "").partition(":")
    key = whole_number(number, LARGEST_KEY) or abort(400)
    deciding = {"answer": _answer, "close": _close, "again": _again, "text": _text}.get(decision)
    if deciding is None:
        abort(400)
    category, told = deciding(mailing_list, key)
    db.session.commit()
    flash(told, category)
    page = min(page_number(), _pages(mailing_list))
    back = url_for("mirroring.show", slug=mailing_list.slug, page=page if page > 1 else None)
    return redirect(back, 303)


@blueprint.app_template_global()
def mirror_states(mailing_list: MailingList, posts: Sequence[PostRow]) -> dict[int, MirrorState]:
    """How the posts of a thread's page stand with the outside list; by post."""
    if not mailing_list.upstream_address:
        return {}
    moderates = mailing_list.id in moderated_lists()
    author_id = current_reader().author_id
    return states_of(db.session(), posts, author_id, moderates, utcnow())


@blueprint.app_template_global()
def moderated_mirrors() -> Sequence[MailingList]:
    """The mirrored lists that the reader moderates."""
    return db.session.scalars(
        select(MailingList)
        .where(
            MailingList.id.in_(moderated_list_ids(db.session(), current_reader())),
            MailingList.upstream_address.is_not(None),
        )
        .order_by(MailingList.slug)
    ).all()


def _mirrored(slug: str) -> MailingList:
    """A list that the reader moderates; others do not exist for them."""
    session, reader = db.session(), current_reader()
    found = find_list(session, reader, slug)
    if found is None or found.id not in moderated_list_ids(session, reader):
        abort(404)
    return found


def _answer(mailing_list: MailingList, key: int) -> tuple[str, str]:
    try:
        mirroring_notices.answer(db.session(), _notice(mailing_list, key), the_account(), utcnow())
    except CannotAnswer:
        return "message", str(_("There is nothing to answer: somebody else was quicker."))
    return "success", str(_("The answer is on its way to the outside list."))


def _close(mailing_list: MailingList, key: int) -> tuple[str, str]:
    if mirroring_notices.close(db.session(), _notice(mailing_list, key), the_account(), utcnow()):
        return "success", str(_("The message is put aside."))
    return "message", str(_("There is nothing to change: somebody else was quicker."))


def _again(mailing_list: MailingList, key: int) -> tuple[str, str]:
    found = db.session.get(MirrorDelivery, key, with_for_update=True)
    if found is None or found.mailing_list_id != mailing_list.id:
        abort(404)
    now = utcnow()
    if not send_again(db.session(), found, now):
        return "message", str(_("There is nothing to change: somebody else was quicker."))
    target = f"post {found.post_id}"
    record(db.session(), "send", target, now, account=the_account(), mailing_list=mailing_list)
    return "success", str(_("The post is sent to the outside list again."))


def _text(mailing_list: MailingList, key: int) -> tuple[str, str]:
    line = db.session.get(MirrorLine, key)
    if line is None or line.mailing_list_id != mailing_list.id:
        abort(404)
    unlearn(db.session(), line)
    record(
        db.session(),
        "unlearn",
        f"list {mailing_list.slug}",
        utcnow(),
        account=the_account(),
        mailing_list=mailing_list,
        line=line.shown,
    )
    return "success", str(_("The line is shown as text of the posts again, in a moment."))


def _notice(mailing_list: MailingList, key: int) -> MirrorNotice:
    found = db.session.get(MirrorNotice, key, with_for_update=True)
    if found is None or found.mailing_list_id != mailing_list.id:
        abort(404)
    return found


def _is_learned(mailing_list: MailingList) -> ColumnElement[bool]:
    return and_(MirrorLine.mailing_list_id == mailing_list.id, MirrorLine.learned_at.is_not(None))


def _pages(mailing_list: MailingList) -> int:
    """How many pages the learned lines have."""
    chosen = select(func.count(MirrorLine.id)).where(_is_learned(mailing_list))
    return max(1, -(-(db.session.scalar(chosen) or 0) // LINES_A_PAGE))


def _learned(mailing_list: MailingList, page: int) -> Sequence[MirrorLine]:
    return db.session.scalars(
        select(MirrorLine)
        .where(_is_learned(mailing_list))
        .order_by(MirrorLine.place, MirrorLine.id)
        .limit(LINES_A_PAGE)
        .offset((page - 1) * LINES_A_PAGE)
    ).all()
