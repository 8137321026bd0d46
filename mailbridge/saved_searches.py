"""New hits of saved searches by mail, daily or weekly."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_date
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from forum.domain.digest_schedule import Rhythm, last_slot, time_zone
from forum.domain.query import AllOf, parse
from forum.domain.query_tree import Newer, SearchQuery
from forum.operations.notices import NoticeKind, notify
from forum.search import SearchIndex, Sort
from forum.search.widening import widened
from forum.storage.archive import Post, PostState, Thread
from forum.storage.browsing import shown_author
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from forum.storage.people import Author
from forum.storage.saved_searches import SavedSearch, Told
from forum.storage.visibility import Reader, visible_list_ids, visible_lists

HOUR: Final = 6
"""By the clocks of the person's own time zone."""

SHOWN: Final = 30
WIDTH: Final = 72

_NO_SUBJECT: Final = {"fr": "(sans objet)", "en": "(no subject)", "es": "(sin asunto)"}


def queue_search_mails(session: Session, index: SearchIndex, site_url: str, now: datetime) -> int:
    """Queue the mail of each saved search for which it has become due; gives their number.

    Where nothing is new there is no mail. A post is looked at once: whatever was stored up to
    `seen_to` was in an earlier mail, or could not be seen then.
    """
    made = 0
    # Locked and read anew: two workers tell nobody twice.
    query = (
        select(SavedSearch)
        .where(SavedSearch.told != Told.NEVER)
        .order_by(SavedSearch.id)
        .with_for_update(skip_locked=True, of=SavedSearch)
        .execution_options(populate_existing=True)
    )
    for search in session.scalars(query).all():
        account = search.account
        if search.told_at >= last_slot(Rhythm(search.told), now, account.time_zone, HOUR):
            continue
        newest = session.scalar(select(func.max(Post.id))) or 0
        if _waits(session, search.seen_to):
            continue  # Asked again soon: what the index does not have yet cannot be found.
        found = _new_posts(session, index, search, newest)
        if found is None:
            continue
        search.told_at, search.seen_to = now, max(newest, search.seen_to)
        if found:
            _notify(session, search, found, site_url, now)
            made += 1
    session.flush()
    return made


def _waits(session: Session, seen_to: int) -> bool:
    newer = select(IndexQueue.id).where(IndexQueue.post_id > seen_to)
    return session.scalar(newer.limit(1)) is not None


def _new_posts(
    session: Session, index: SearchIndex, search: SavedSearch, newest: int
) -> Sequence[Row[Any]] | None:
    """The newest hits that the person may see now; None while the index is being rebuilt."""
    reader = Reader.of(search.account)
    lists = visible_list_ids(session, reader)
    query, _ = widened(session, parse(search.text), lists)
    if query.root is None:
        return ()
    newer = SearchQuery(query.text, AllOf((query.root, Newer(search.seen_to))))
    hits = index.find(newer, lists, per_page=SHOWN + 1, sort=Sort.NEWEST)
    if hits.rebuilding:
        return None
    # What came in since the newest was looked up is for the next mail.
    ids = [hit.post_id for hit in hits.hits if hit.post_id <= newest]
    return session.execute(
        select(
            Post.id,
            Post.date,
            Post.subject,
            Thread.subject.label("thread_subject"),
            shown_author.label("author"),
            MailingList,
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(MailingList, MailingList.id == Post.mailing_list_id)
        .join(Author, Author.id == Post.author_id)
        .where(Post.id.in_(ids), Post.state == PostState.VISIBLE, visible_lists(reader))
        .order_by(Post.date.desc(), Post.id.desc())
    ).all()


def _notify(
    session: Session, search: SavedSearch, found: Sequence[Row[Any]], site_url: str, now: datetime
) -> None:
    account = search.account
    rows = "\n".join(_row(row, search, site_url) for row in found[:SHOWN])
    if len(found) > SHOWN:
        rows += "\n[…]\n"
    notify(
        session,
        NoticeKind.SAVED_SEARCH,
        account.email,
        account.language,
        now,
        query=textwrap.shorten(search.text, 200, placeholder="…"),
        number=str(min(len(found), SHOWN)) + ("+" if len(found) > SHOWN else ""),
        rows=rows,
        search_url=f"{site_url}/search?{urlencode({'q': search.text, 'sort': 'newest'})}",
        searches_url=f"{site_url}/account/searches",
    )


def _row(row: Row[Any], search: SavedSearch, site_url: str) -> str:
    """Subject, author, list and day, address; a line or more each."""
    account = search.account
    language = account.language
    day = row.date.astimezone(time_zone(account.time_zone))
    about = f"{row.MailingList.title(language)}, {format_date(day, 'long', locale=language)}"
    lines = (row.subject or row.thread_subject or _NO_SUBJECT[language], row.author, about)
    shown: list[str] = []
    for number, line in enumerate(line for line in lines if line):
        first = "  " if number else "- "
        shown += textwrap.wrap(line[:300], WIDTH, initial_indent=first, subsequent_indent="  ")
    return "\n".join([*shown, f"  {site_url}/posts/{row.id}"]) + "\n"
