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
CHARACTERS_SHOWN: Final = 20_000
"""Of each message; the whole text has a page of its own, as strangers may send megabytes."""
BEGINNING: Final = 500
"""Characters of each, where very many are shown at once."""
CHARACTERS_LOOKED_AT: Final = 100_000
"""For links."""


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
    is_cut: bool
    """Whether its text is longer than what is shown."""


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


def read(items: Sequence[Item], characters: int) -> list[Waiting | Reported]:
    """The rows of a page of the queue, with all that is shown of them.

    Args:
        characters: How much of each text is shown.
    """
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
            shown.append(_waiting(one, known[one.author_id], claims.get(one.id), characters))
        elif item.report_id in reports:
            report = reports[item.report_id]
            shown.append(Reported(report, known[report.post.author_id]))
    return shown


def read_one(held: HeldMessage, *, whole: bool = False) -> Waiting:
    """One held message, with its whole text where that is asked for."""
    session = db.session()
    known = histories(session, [held.author_id], moderated_lists())
    claims = claims_on(session, [held.id], utcnow())
    characters = None if whole else CHARACTERS_SHOWN
    return _waiting(held, known[held.author_id], claims.get(held.id), characters)


def _waiting(
    held: HeldMessage, history: History, claim: HeldClaim | None, characters: int | None
) -> Waiting:
    submission = message.parse(load_raw(held.raw), held.held_at)
    # The bytes of a page of messages may be more than the memory holds.
    db.session.expire(held.raw, ["compressed"])
    text = submission.text[:characters]
    segments = body.segment(text, submission.text_format)
    return Waiting(
        held=held,
        # Sanitised by the function that makes it, as for posts.
        html=Markup(markup.render_segments(segments, submission.text_format)),
        attachments=submission.attachments,
        links=links(submission.text[:CHARACTERS_LOOKED_AT])[:LINKS_SHOWN],
        reasons=tuple(reason_text(code) for code in held.reasons),
        history=history,
        claim=claim,
        is_cut=len(text) < len(submission.text),
    )


def _held(ids: Sequence[int]) -> Sequence[HeldMessage]:
    return db.session.scalars(
        select(HeldMessage)
        .where(HeldMessage.id.in_(ids))
        .options(joinedload(HeldMessage.mailing_list), joinedload(HeldMessage.raw))
    ).all()


def _reports(ids: Sequence[int]) -> Sequence[PostReport]:
    return db.session.scalars(
        select(PostReport)
        .where(PostReport.id.in_(ids))
        .options(
            joinedload(PostReport.post).joinedload(Post.author), joinedload(PostReport.account)
        )
    ).all()
