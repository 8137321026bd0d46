"""What waits for a moderator, as the pages of the queue show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import abort, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.clock import utcnow
from forum.domain import body, markup, message
from forum.domain.linking import links
from forum.domain.rules import Reason
from forum.domain.values import Attachment
from forum.extensions import db
from forum.operations.claiming import claims_on
from forum.operations.raw import load_raw
from forum.storage.archive import Post
from forum.storage.curation import PostReport
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage
from forum.storage.rules import HeldClaim
from forum.storage.waiting import REPORTED, History, Item, Wanted, histories
from forum.web.reader import moderated_lists
from forum.web.wording import reason_text

LINKS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A held message as a moderator reads it."""

    held: HeldMessage
    html: Markup
    attachments: tuple[Attachment, ...]
    links: tuple[str, ...]
    reasons: tuple[str, ...]
    history: History
    claim: HeldClaim | None
    """Who is looking at it, if somebody is."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A reported post."""

    report: PostReport
    history: History


def wanted_here() -> Wanted:
    """What the parameters ask for, among the lists that the reader moderates; else 404."""
    mine = moderated_lists()
    slug, reason = request.args.get("list", ""), request.args.get("reason", "")
    if slug:
        mine = frozenset(one.id for one in own_lists() if one.slug == slug) or abort(404)
    if reason and reason != REPORTED and reason not in set(Reason):
        abort(404)
    return Wanted(mine, reason, request.args.get("language", "")[:64])


def own_lists() -> Sequence[MailingList]:
    """The lists that the reader moderates, by name."""
    return db.session.scalars(
        select(MailingList).where(MailingList.id.in_(moderated_lists())).order_by(MailingList.slug)
    ).all()


def reason_choices() -> list[tuple[str, str]]:
    """The reasons by which the queue can be filtered, in words."""
    found = [(str(code), reason_text(code)) for code in Reason if code is not Reason.BANNED]
    return [(REPORTED, str(_("A reader reported the post."))), *found]


def read(items: Sequence[Item]) -> list[Waiting | Reported]:
    """The rows of a page of the queue, with all that is shown of them."""
    held = {one.id: one for one in _held([item.held_id for item in items if item.held_id])}
    reports = {one.id: one for one in _reports([one.report_id for one in items if one.report_id])}
    authors = {one.author_id for one in held.values()}
    authors |= {one.post.author_id for one in reports.values()}
    known = histories(db.session(), authors, moderated_lists())
    claims = claims_on(db.session(), held.keys(), utcnow())
    shown: list[Waiting | Reported] = []
    for item in items:
        if item.held_id in held:
            one = held[item.held_id]
            shown.append(_waiting(one, known[one.author_id], claims.get(one.id)))
        elif item.report_id in reports:
            report = reports[item.report_id]
            shown.append(Reported(report, known[report.post.author_id]))
    return shown


def read_one(held: HeldMessage) -> Waiting:
    """One held message."""
    session = db.session()
    known = histories(session, [held.author_id], moderated_lists())
    claims = claims_on(session, [held.id], utcnow())
    return _waiting(held, known[held.author_id], claims.get(held.id))


def _waiting(held: HeldMessage, history: History, claim: HeldClaim | None) -> Waiting:
    submission = message.parse(load_raw(held.raw), held.held_at)
    segments = body.segment(submission.text, submission.text_format)
    return Waiting(
        held=held,
        # Sanitised by the function that makes it, as for posts.
        html=Markup(markup.render_segments(segments, submission.text_format)),
        attachments=submission.attachments,
        links=links(submission.text)[:LINKS_SHOWN],
        reasons=tuple(reason_text(code) for code in held.reasons),
        history=history,
        claim=claim,
    )


def _held(ids: Sequence[int]) -> Sequence[HeldMessage]:
    return db.session.scalars(
        select(HeldMessage)
        .where(HeldMessage.id.in_(ids))
        .options(joinedload(HeldMessage.mailing_list), joinedload(HeldMessage.raw).undefer("*"))
    ).all()


def _reports(ids: Sequence[int]) -> Sequence[PostReport]:
    return db.session.scalars(
        select(PostReport)
        .where(PostReport.id.in_(ids))
        .options(
            joinedload(PostReport.post).joinedload(Post.author), joinedload(PostReport.account)
        )
    ).all()
