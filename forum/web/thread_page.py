"""The page of a thread: which of its posts, how the reader sees them, and what stands around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import abort, render_template, request
from sqlalchemy import select

from forum.domain.translation import ORIGINAL
from forum.extensions import db
from forum.operations.repairs import can_undo
from forum.storage import post_rows
from forum.storage.archive import Post, Thread, ThreadState
from forum.storage.thread_facts import ThreadFacts, facts_of
from forum.storage.visibility import Reader
from forum.web import unread
from forum.web.addresses import LARGEST_KEY, address_with, page_number, whole_number
from forum.web.places import wanted_parent
from forum.web.post_looks import Stance, looks_of, shortened
from forum.web.reader import current_reader, moderated_lists
from forum.web.translated import ShownTranslation, translations_on_page

NAMED_PARTICIPANTS: Final = 12


@dataclass(frozen=True, slots=True)
class ThreadView:
    """Which part of a thread is shown, and how."""

    page: int
    facts: ThreadFacts
    by_date: bool
    can_moderate: bool
    can_fetch: bool
    whole: int
    """The post that is to be shown to its end, in all its languages; 0: none."""
    translation: str
    """The language asked for, or that posts are to be shown as they were written; may be empty."""

    @property
    def pages(self) -> int:
        """How many there are."""
        return self.facts.pages


def show_thread(found: Thread) -> str:
    """The page of a thread that the reader may see."""
    reader = current_reader()
    view = _view_of(found, reader)
    posts = _posts_of(found, view, reader)
    new = unread.of_thread(found)
    unread_ids = {one.post_id for one in new}
    translations = translations_on_page(
        db.session(), posts, masked=reader.is_anonymous, wanted=view.translation, whole=view.whole
    )
    looks = looks_of(posts, unread_ids, reader, _stance(found, view, reader, translations))
    made = render_template(
        "reading/thread.html",
        **_around(found, view, reader),
        posts=shortened(posts, looks),
        looks=looks,
        unread=unread_ids,
        first_unread=new[0] if new else None,
        translated=len(translations),
        as_written=view.translation == ORIGINAL and any(post.translated_into for post in posts),
        repaired=_repaired([post.id for post in posts]) if view.can_moderate else {},
    )
    if not view.facts.is_open:
        unread.remember_list(found.mailing_list_id)
    unread.remember_thread(found, new, [post.id for post in posts])
    return made


def _posts_of(found: Thread, view: ThreadView, reader: Reader) -> list[post_rows.PostRow]:
    """The posts of the page; 404 where there is no such page."""
    posts = post_rows.posts_of_page(
        db.session(),
        found.id,
        view.page,
        members_html=not reader.is_anonymous,
        with_hidden=view.can_moderate,
        by_date=view.by_date,
    )
    if not posts and (view.page > 1 or not view.can_moderate):
        abort(404)
    return posts


def _stance(
    found: Thread,
    view: ThreadView,
    reader: Reader,
    translations: Mapping[int, ShownTranslation],
) -> Stance:
    """What is the same for all posts of the page."""
    return Stance(
        page=view.page,
        by_date=view.by_date,
        answer_address=address_with(parent="") if _can_answer(found, reader) else "",
        may_fetch=view.can_fetch,
        moderates=view.can_moderate,
        whole=view.whole,
        translates=reader.is_admin or view.facts.translates,
        translations=translations,
    )


def _can_answer(found: Thread, reader: Reader) -> bool:
    return not reader.is_anonymous and found.state == ThreadState.OPEN


def _around(found: Thread, view: ThreadView, reader: Reader) -> dict[str, Any]:
    """What the template shows above and below the posts."""
    session = db.session()
    return {
        "thread": found,
        "mailing_list": found.mailing_list,
        "view": view,
        "participants": post_rows.participants_of(session, found.id, NAMED_PARTICIPANTS + 1),
        "named": NAMED_PARTICIPANTS,
        "page_starts": post_rows.page_starts(session, found.id) if view.pages > 1 else {},
        "page_of": post_rows.page_of,
        "languages_of_thread": [code for code in found.languages.split(",") if code],
        "can_answer": _can_answer(found, reader),
        "parent": wanted_parent(found),
    }


def _view_of(found: Thread, reader: Reader) -> ThreadView:
    facts = facts_of(db.session(), reader, found)
    return ThreadView(
        page=page_number() if request.method in ("GET", "HEAD") else 1,
        facts=facts,
        by_date=request.args.get("order") == "date",
        can_moderate=found.mailing_list_id in moderated_lists(),
        can_fetch=reader.is_admin or facts.belongs,
        whole=whole_number(request.args.get("whole", ""), LARGEST_KEY) or 0,
        translation=request.args.get("translation", ""),
    )


def _repaired(post_ids: list[int]) -> dict[int, str]:
    """The posts whose characters were repaired, each with what can be done: `undo` or `redo`."""
    rows = db.session.scalars(select(Post).where(Post.id.in_(post_ids)))
    return {row.id: "undo" if can_undo(row) else "redo" for row in rows if row.repairs}
