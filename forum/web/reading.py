"""Reading: the lists, one list's threads, a thread, and the addresses that lead into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from forum.domain.translation import ORIGINAL
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.i18n import current_language
from forum.storage import browsing, list_sizes, list_tags
from forum.storage.archive import Thread
from forum.storage.lists import MailingList
from forum.storage.visibility import (
    Reader,
    belongs,
    find_list,
    find_place,
    find_thread,
    visible_lists,
)
from forum.web import charts, thread_filters, unread
from forum.web.addresses import list_path, page_number
from forum.web.places import find_message, first_unread, place_of
from forum.web.reader import current_reader
from forum.web.thread_page import show_thread

THREADS_A_PAGE: Final = 50
LATEST_THREADS: Final = 8

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


@blueprint.get("/threads/<key:thread_id>")
def thread(thread_id: int) -> str | Response:
    """A thread, a page of it, in reply-tree order or by date."""
    found = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    if found.merged_into_id is not None:
        return redirect(url_for(".thread", thread_id=_where_now(found)), 301)
    if "unread" in request.args:
        return redirect(first_unread(found))
    return show_thread(found)


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


def _where_now(found: Thread) -> int:
    seen = {found.id}
    while found.merged_into_id is not None and found.merged_into_id not in seen:
        seen.add(found.merged_into_id)
        found = db.session.get(Thread, found.merged_into_id) or abort(404)
    return found.id


def _is_member(reader: Reader, mailing_list: MailingList) -> bool:
    return belongs(db.session(), reader, mailing_list.id)
