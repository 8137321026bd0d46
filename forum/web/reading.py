"""Reading: the lists, one list's threads, a thread, and the addresses that lead into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from forum.domain.translation import ORIGINAL
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.i18n import current_language
from forum.operations.repairs import can_undo
from forum.storage import browsing, list_sizes, list_tags, post_rows
from forum.storage.archive import MessageLink, Post, Thread, ThreadState
from forum.storage.lists import MailingList
from forum.storage.thread_facts import ThreadFacts, facts_of
from forum.storage.visibility import (
    Reader,
    belongs,
    find_list,
    find_place,
    find_post,
    find_thread,
    visible_lists,
)
from forum.web import charts, thread_filters, unread
from forum.web.addresses import (
    LARGEST_KEY,
    address_with,
    list_path,
    page_number,
    whole_number,
)
from forum.web.post_looks import Stance, looks_of, shortened
from forum.web.reader import current_reader, moderated_lists
from forum.web.translated import translations_on_page

THREADS_A_PAGE: Final = 50
LATEST_THREADS: Final = 8
NAMED_PARTICIPANTS: Final = 12

blueprint = Blueprint("reading", __name__)


@blueprint.get("/")
def home() -> str:
    """The lists, and what is alive in them."""
    session, reader = db.session(), current_reader()
    lists = list_sizes.list_rows(session, visible_lists(reader))
    latest = browsing.latest_threads(
        session, [row.mailing_list.id for row in lists], LATEST_THREADS
    )
    return render_template(
        "reading/home.html",
        lists=lists,
        latest=latest,
        list_titles=_titles(lists) if len(lists) > 1 else None,
        unread=unread.counts_of(latest),
    )


def _titles(lists: Sequence[list_sizes.ListRow]) -> dict[str, str]:
    language = current_language()
    return {row.mailing_list.slug: row.mailing_list.title(language) for row in lists}


@blueprint.get("/lists/<slug>/")
def show_list(slug: str) -> str:
    """One list's threads by latest activity."""
    session, reader = db.session(), current_reader()
    mailing_list = find_list(session, reader, slug) or abort(404)
    page, wanted = page_number(), thread_filters.wanted_threads(reader)
    size = list_sizes.size_of_list(session, mailing_list.id)
    is_whole = wanted == browsing.ThreadFilter()
    total = size.threads if is_whole else browsing.count_threads(session, mailing_list.id, wanted)
    pages = max(1, -(-total // THREADS_A_PAGE))
    if page > pages:
        abort(404)
    threads = browsing.threads_of_list(
        session,
        mailing_list.id,
        wanted,
        offset=(page - 1) * THREADS_A_PAGE,
        limit=THREADS_A_PAGE,
    )
    made = render_template(
        "reading/list.html",
        mailing_list=mailing_list,
        threads=threads,
        unread=unread.counts_of(threads),
        total=total,
        page=page,
        pages=pages,
        wanted=wanted,
        tags=list_tags.tags_of_list(session, mailing_list.id),
        applied=thread_filters.applied(wanted),
        years=thread_filters.years_of(mailing_list.id, size) if total or not is_whole else (),
        is_member=_is_member(reader, mailing_list),
        timeline=_timeline(mailing_list, size) if is_whole and page == 1 else None,
    )
    unread.remember_list(mailing_list.id)
    return made


def _timeline(mailing_list: MailingList, size: list_sizes.ListSize) -> charts.Chart | None:
    """What was written when; each bar leads to the threads begun then."""
    path = list_path(mailing_list.slug)

    def address_of(when: charts.Month) -> str:
        year, month = when
        return f"{path}?year={year}&month={month}" if month else f"{path}?year={year}"

    return charts.chart_of_list(db.session(), mailing_list.id, size, address_of)


@blueprint.get("/lists/<slug>/months")
def months(slug: str) -> str:
    """The archive by year and month, with how much was written in which language."""
    mailing_list = find_list(db.session(), current_reader(), slug) or abort(404)
    size = list_sizes.size_of_list(db.session(), mailing_list.id)
    counts = charts.counts_of_list(db.session(), mailing_list.id, size)
    # A mail of a wrong year stands alone, far from the others: only years with posts are shown.
    years = sorted({year for year, _ in counts}, reverse=True)
    highest = max((sum(by_language.values()) for by_language in counts.values()), default=0)
    return render_template(
        "reading/months.html",
        mailing_list=mailing_list,
        counts=counts,
        years=years,
        highest=highest,
    )


@dataclass(frozen=True, slots=True)
class ThreadView:
    """Which part of a thread is shown, and how."""

    page: int
    facts: ThreadFacts
    by_date: bool
    can_moderate: bool
    can_fetch: bool

    @property
    def pages(self) -> int:
        """How many there are."""
        return self.facts.pages


@blueprint.get("/threads/<key:thread_id>")
def thread(thread_id: int) -> str | Response:
    """A thread, a page of it, in reply-tree order or by date."""
    found = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    if found.merged_into_id is not None:
        return redirect(url_for(".thread", thread_id=_where_now(found)), 301)
    if "unread" in request.args:
        return redirect(_first_unread(found))
    return show_thread(found)


def _first_unread(found: Thread) -> str:
    """Where the reader goes on; the thread's beginning for those to whom nothing is new."""
    new = unread.of_thread(found)
    page = post_rows.page_of(new[0].position) if new else 1
    return url_for(
        "reading.thread",
        thread_id=found.id,
        page=page if page > 1 else None,
        _anchor=f"post-{new[0].post_id}" if new else None,
    )


def show_thread(found: Thread, **extra: object) -> str:
    """The page of a thread that the reader may see.

    Args:
        extra: Further values for the template, such as an answer with an error in it.
    """
    session, reader = db.session(), current_reader()
    view = _view_of(found, reader)
    posts = post_rows.posts_of_page(
        session,
        found.id,
        view.page,
        members_html=not reader.is_anonymous,
        with_hidden=view.can_moderate,
        by_date=view.by_date,
    )
    if not posts and (view.page > 1 or not view.can_moderate):
        abort(404)
    new = unread.of_thread(found)
    unread_ids = {one.post_id for one in new}
    can_answer = not reader.is_anonymous and found.state == ThreadState.OPEN
    asked, whole = request.args.get("translation", ""), _whole()
    translations = translations_on_page(
        session, posts, masked=reader.is_anonymous, wanted=asked, whole=whole
    )
    stance = Stance(
        page=view.page,
        by_date=view.by_date,
        answer_address=address_with(parent="") if can_answer else "",
        may_fetch=view.can_fetch,
        moderates=view.can_moderate,
        whole=whole,
        translates=reader.is_admin or view.facts.translates,
        translations=translations,
    )
    looks = looks_of(posts, unread_ids, reader, stance)
    values: dict[str, object] = {
        "thread": found,
        "unread": unread_ids,
        "looks": looks,
        "first_unread": new[0] if new else None,
        "mailing_list": found.mailing_list,
        "view": view,
        "posts": shortened(posts, looks),
        "translated": len(translations),
        "as_written": asked == ORIGINAL and any(post.translated_into for post in posts),
        "participants": post_rows.participants_of(session, found.id, NAMED_PARTICIPANTS + 1),
        "named": NAMED_PARTICIPANTS,
        "page_starts": post_rows.page_starts(session, found.id) if view.pages > 1 else {},
        "page_of": post_rows.page_of,
        "languages_of_thread": [code for code in found.languages.split(",") if code],
        "can_answer": can_answer,
        "parent": wanted_parent(found),
        "repaired": _repaired([post.id for post in posts]) if view.can_moderate else {},
    }
    made = render_template("reading/thread.html", **{**values, **extra})
    if not view.facts.is_open:
        unread.remember_list(found.mailing_list_id)
    unread.remember_thread(found, new, [post.id for post in posts])
    return made


@blueprint.get("/posts/<key:post_id>")
def post(post_id: int) -> Response:
    """A post: leads to its place in the thread, in the translation that is asked for."""
    found = find_place(db.session(), current_reader(), post_id) or abort(404)
    asked = request.args.get("translation")
    return redirect(place_of(found, asked if asked in (*LANGUAGES, ORIGINAL) else None), 302)


@blueprint.get("/message/<message_id:message_id>", merge_slashes=False)
def message(message_id: str) -> Response:
    """The post with a Message-ID or an alias of it: leads to its place in the thread."""
    found = find_message(current_reader(), message_id, request.args.get("list", "")) or abort(404)
    return redirect(place_of(found), 302)


def place_of(found: Post, translation: str | None = None) -> str:
    """The address of a post's place in its thread.

    Args:
        translation: The language in which it is to be shown.
    """
    page = post_rows.page_of(found.position)
    return url_for(
        "reading.thread",
        thread_id=found.thread_id,
        page=page if page > 1 else None,
        translation=translation,
        _anchor=f"post-{found.id}",
    )


def find_message(reader: Reader, message_id: str, slug: str = "") -> Post | None:
    """The oldest post with this Message-ID that the reader may see.

    Args:
        message_id: With or without angle brackets.
        slug: Of the one list to look in; empty: all.
    """
    wanted = message_id.strip().removeprefix("<").removesuffix(">").strip()
    lists = select(MailingList.id).where(visible_lists(reader))
    if slug:
        lists = lists.where(MailingList.slug == slug)
    candidates = db.session.scalars(
        select(Post.id)
        .join(MessageLink, MessageLink.post_id == Post.id)
        .where(MessageLink.mailing_list_id.in_(lists), MessageLink.message_id == wanted)
        .order_by(Post.date, Post.id)
    )
    for post_id in candidates.all():
        found = find_place(db.session(), reader, post_id)
        if found is not None:
            return found
    return None


def _whole() -> int:
    return whole_number(request.args.get("whole", ""), LARGEST_KEY) or 0


def _view_of(found: Thread, reader: Reader) -> ThreadView:
    facts = facts_of(db.session(), reader, found)
    return ThreadView(
        page=page_number() if request.method in ("GET", "HEAD") else 1,
        facts=facts,
        by_date=request.args.get("order") == "date",
        can_moderate=found.mailing_list_id in moderated_lists(),
        can_fetch=reader.is_admin or facts.belongs,
    )


def _where_now(found: Thread) -> int:
    seen = {found.id}
    while found.merged_into_id is not None and found.merged_into_id not in seen:
        seen.add(found.merged_into_id)
        found = db.session.get(Thread, found.merged_into_id) or abort(404)
    return found.id


def _repaired(post_ids: list[int]) -> dict[int, str]:
    """The posts whose characters were repaired, each with what can be done: `undo` or `redo`."""
    rows = db.session.scalars(select(Post).where(Post.id.in_(post_ids)))
    return {row.id: "undo" if can_undo(row) else "redo" for row in rows if row.repairs}


def wanted_parent(thread: Thread) -> Post | None:
    """The post that `?parent=` says is to be answered; None where there is none for the reader.

    It may stand in another thread of the list: a moderator may have moved it meanwhile.
    """
    number = whole_number(request.values.get("parent", ""), LARGEST_KEY)
    found = find_post(db.session(), current_reader(), number) if number else None
    is_near = found is not None and found.mailing_list_id == thread.mailing_list_id
    return found if is_near else None


def _is_member(reader: Reader, mailing_list: MailingList) -> bool:
    return belongs(db.session(), reader, mailing_list.id)
