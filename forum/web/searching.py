"""Search: the page, the feed of a search, and what browsers need to offer it themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from forum.config import search_index
from forum.domain.masking import mask_addresses_text
from forum.domain.query import SearchQuery
from forum.domain.values import LANGUAGES, Role, Segment
from forum.extensions import db
from forum.i18n import current_language
from forum.search import SearchHits, Sort, highlight, snippet
from forum.storage.archive import Post, PostSegment, PostState, Thread
from forum.storage.browsing import shown_author
from forum.storage.lists import MailingList
from forum.storage.people import Author
from forum.storage.post_rows import own_languages, posts_where
from forum.storage.visibility import Reader, visible_list_ids, visible_lists
from forum.web import search_help, search_wider
from forum.web.addresses import address_with, page_number
from forum.web.feeds import ENTRIES, feed
from forum.web.reader import any_reader, current_reader
from forum.web.search_time import operators, over_time
from forum.web.search_wider import Asked, asked
from forum.web.search_words import explained

HITS_A_PAGE: Final = 20
FACET_VALUES: Final = 12
THREADS: Final = "threads"
"""The value of `view` that groups the results."""
LONGEST_QUERY: Final = 2_000
MOST_CITED: Final = 500
"""Posts of one file of references."""
OPERATORS: Final = {
    "list": "list",
    "language": "lang",
    "author": "from",
    "tag": "tag",
    "after": "after",
    "before": "before",
    "attachment": "has",
}
"""Fields of the form beside the box, and the operator that each writes."""

blueprint = Blueprint("searching", __name__)


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A hit as it is shown."""

    post_id: int
    thread_id: int
    list_slug: str
    subject: str
    marked_subject: Markup
    author: str
    date: datetime
    language: str
    languages: tuple[str, ...]
    snippet: Markup
    score: float
    in_thread: int


@blueprint.get("/search")
def search() -> str | BaseResponse:
    """The search page."""
    text = request.args.get("q", "").strip()
    written = with_operators(text)
    if written != text:
        # The form's fields become operators in the box: people learn by looking.
        sort = request.args.get("sort") or None
        return redirect(url_for(".search", q=written, sort=sort))
    reader, page = current_reader(), page_number()
    wanted, by_thread = asked(reader, text), request.args.get("view") == THREADS
    hits = find(
        reader, wanted.wide, page, HITS_A_PAGE, wanted_sort(), facets=True, by_thread=by_thread
    )
    pages = max(1, -(-hits.total // HITS_A_PAGE))
    if page > pages:
        abort(404)
    lists = db.session.scalars(select(MailingList).where(visible_lists(reader))).all()
    return render_template(
        "searching/search.html",
        text=text,
        query=wanted.query,
        hits=hits,
        posts=found_posts(reader, hits, wanted.wide),
        facets=_facets(hits, reader),
        page=page,
        pages=pages,
        sort=wanted_sort(),
        by_thread=by_thread,
        lists=lists,
        narrowed=narrowed,
        over_time=over_time(hits.months, lambda words: _narrowed_address(text, words)),
        most_cited=MOST_CITED,
        **_said(reader, wanted, hits, lists),
    )


def _said(
    reader: Reader, wanted: Asked, hits: SearchHits, lists: Sequence[MailingList]
) -> dict[str, object]:
    """The search in words, what was added to it, and where little was found what to try."""
    titles = {one.slug: one.title(current_language()) for one in lists}
    nothing = wanted.query.root is not None and not hits.total
    return {
        "explanation": explained(wanted.query, titles) if wanted.query.readable else "",
        "offers": search_wider.offers(wanted.expansions),
        "as_typed": search_wider.as_typed_address(),
        "all_terms": search_wider.all_address(),
        "meant": search_help.spellings(reader, wanted.query, hits.total),
        "empty_parts": search_help.empty_parts(reader, wanted.query, titles) if nothing else (),
        "wider": search_help.wider(wanted.query) if nothing else (),
    }


def _narrowed_address(text: str, words: str) -> str:
    return address_with(q=f"{_as_one(text)} {words}", page=None)


@blueprint.get("/search.atom")
def search_feed() -> Response:
    """The newest posts that a search finds."""
    text = request.args.get("q", "").strip()
    reader = any_reader()
    hits = find(reader, asked(reader, text).wide, 1, ENTRIES, Sort.NEWEST)
    posts = posts_where(
        db.session(),
        Post.id.in_([hit.post_id for hit in hits.hits]),
        members_html=False,
        order=(Post.date.desc(), Post.id.desc()),
    )
    title = gettext("Search: %(query)s", query=text)
    return feed(title, url_for(".search", q=text), posts, None)


@blueprint.get("/search.xml")
def opensearch() -> Response:
    """The OpenSearch description (version 1.1), with which browsers offer this search."""
    return Response(
        render_template("searching/opensearch.xml"),
        mimetype="application/opensearchdescription+xml",
    )


def find(
    reader: Reader,
    query: SearchQuery,
    page: int,
    per_page: int,
    sort: Sort,
    *,
    facets: bool = False,
    by_thread: bool = False,
) -> SearchHits:
    """Search what a reader may see; nothing is asked for, nothing is found."""
    if query.root is None:
        return SearchHits(0, ())
    lists = visible_list_ids(db.session(), reader)
    return search_index().find(query, lists, page, per_page, sort, facets, by_thread)


def wanted_sort() -> Sort:
    """The `sort` parameter; an unknown one is the default."""
    text = request.args.get("sort", "")
    return Sort(text) if text in set(Sort) else Sort.RELEVANCE


def found_posts(reader: Reader, hits: SearchHits, query: SearchQuery) -> list[FoundPost]:
    """The hits as they are shown, in their order, in a fixed number of queries."""
    ids = [hit.post_id for hit in hits.hits]
    if not ids:
        return []
    rows = {row.id: row for row in db.session.execute(_rows_query(ids, reader))}
    segments = _segments_of(ids)
    languages = own_languages(db.session(), [r.id for r in rows.values() if r.language == "mul"])
    hide = mask_addresses_text if reader.is_anonymous else str
    found = []
    for hit in hits.hits:
        row = rows.get(hit.post_id)
        if row is None:  # Gone since the index last looked.
            continue
        own = [Segment(s.role, hide(s.text), s.language) for s in segments.get(hit.post_id, ())]
        subject = hide(row.subject or row.thread_subject)
        found.append(
            FoundPost(
                post_id=row.id,
                thread_id=row.thread_id,
                list_slug=row.slug,
                subject=subject,
                marked_subject=highlight(subject, row.language, query),
                author=hide(row.author or ""),
                date=row.date,
                language=row.language,
                languages=languages.get(row.id, (row.language,)),
                snippet=snippet(own, query),
                score=hit.score,
                in_thread=hit.in_thread,
            )
        )
    return found


def with_operators(text: str) -> str:
    """A search with what the form's other fields ask for, written as operators."""
    parts = []
    for field, operator in OPERATORS.items():
        value = " ".join(request.args.get(field, "").replace('"', " ").split())
        if value:
            parts.append(operator_text(operator, value))
    if not parts:
        return text
    return " ".join([_as_one(text), *parts] if text else parts)[:LONGEST_QUERY]


def operator_text(operator: str, value: str) -> str:
    """`from:"Awa Ndiaye"`: an operator with its value, quoted where it must be."""
    plain = value.replace("-", "").replace("_", "").isalnum()
    return f"{operator}:{value}" if plain else f'{operator}:"{value}"'


def narrowed(text: str, facet: str, value: str) -> str:
    """A search narrowed to one value of a facet."""
    text = _as_one(text)
    if facet == "year":
        return f"{text} {operators(int(value), 0)}"
    operator = {"language": "lang", "author": "from"}.get(facet, facet)
    return f"{text} {operator_text(operator, value.replace(chr(34), ' '))}"


def _as_one(text: str) -> str:
    """A search to which operators can be added: AND binds stronger than OR."""
    return f"({text})" if " OR " in text else text


def _rows_query(ids: Sequence[int], reader: Reader):  # type: ignore[no-untyped-def]
    return (
        select(
            Post.id,
            Post.thread_id,
            Post.subject,
            Post.date,
            Post.language,
            shown_author.label("author"),
            MailingList.slug,
            Thread.subject.label("thread_subject"),
        )
        .join(MailingList, MailingList.id == Post.mailing_list_id)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Author, Author.id == Post.author_id)
        .where(Post.id.in_(ids), Post.state == PostState.VISIBLE, visible_lists(reader))
    )


def _segments_of(ids: Iterable[int]) -> dict[int, list[Segment]]:
    found: dict[int, list[Segment]] = {}
    for row in db.session.execute(
        select(PostSegment.post_id, PostSegment.role, PostSegment.text, PostSegment.language)
        .where(PostSegment.post_id.in_(list(ids)))
        .order_by(PostSegment.post_id, PostSegment.position)
    ):
        found.setdefault(row.post_id, []).append(Segment(Role(row.role), row.text, row.language))
    return found


def shown_facets(hits: SearchHits, reader: Reader) -> dict[str, dict[str, int]]:
    """The facets with what this reader may see of them: an author's name may be an address."""
    shown: dict[str, dict[str, int]] = {}
    for facet, values in hits.facets.items():
        kept = {str(value): number for value, number in values.items() if str(value)}
        if facet == "author" and reader.is_anonymous:
            kept = {v: n for v, n in kept.items() if mask_addresses_text(v) == v}
        shown[facet] = kept
    return shown


def _facets(hits: SearchHits, reader: Reader) -> list[tuple[str, str, list[tuple[str, int]]]]:
    titles = {
        "language": gettext("Language"),
        "year": gettext("Year"),
        "author": gettext("Author"),
        "list": gettext("List"),
        "tag": gettext("Tag"),
    }
    found = []
    for facet, values in shown_facets(hits, reader).items():
        shown = [(v, n) for v, n in values.items() if facet != "language" or v in LANGUAGES]
        if len(shown) > 1 or (facet == "tag" and shown):
            found.append((facet, titles[facet], shown[:FACET_VALUES]))
    return found
