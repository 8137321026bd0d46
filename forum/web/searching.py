"""Search: the page, the feed of a search, and what browsers need to offer it themselves."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

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
from werkzeug.wrappers import Response as BaseResponse

from forum.config import search_index
from forum.extensions import db
from forum.i18n import current_language
from forum.search import SearchHits, Sort
from forum.storage.archive import Post
from forum.storage.post_rows import posts_where
from forum.web import search_help, search_wider
from forum.web.addresses import addresses_narrowing, page_number
from forum.web.feeds import ENTRIES, feed
from forum.web.reader import any_reader, current_reader
from forum.web.search_facets import facets_of_page
from forum.web.search_operators import as_one, with_operators
from forum.web.search_results import found_posts
from forum.web.search_time import over_time
from forum.web.search_wider import Asked, asked
from forum.web.search_words import explained

HITS_A_PAGE: Final = 20
THREADS: Final = "threads"
"""The value of `view` that groups the results."""
_CHOICES: Final = ("sort", "view", search_wider.WITHOUT, search_wider.AS_TYPED)
MOST_KEPT: Final = 20
MOST_CITED: Final = 500
"""Posts of one file of references."""

blueprint = Blueprint("searching", __name__)


@blueprint.get("/search")
def search() -> str | BaseResponse:
    """The search page."""
    text = request.args.get("q", "").strip()
    written = with_operators(text)
    if written != text:
        # The form's fields become operators in the box: people learn by looking.
        return redirect("/search?" + urlencode([("q", written), *kept_choices()]))
    reader, page = current_reader(), page_number()
    wanted, by_thread = asked(reader, text), request.args.get("view") == THREADS
    hits = find(wanted, page, HITS_A_PAGE, wanted_sort(), facets=True, by_thread=by_thread)
    pages = max(1, -(-hits.total // HITS_A_PAGE))
    if page > pages:
        abort(404)
    titles = {one.slug: one.title(current_language()) for one in wanted.lists}
    narrower = addresses_narrowing("q", as_one(text))
    return render_template(
        "searching/search.html",
        text=text,
        kept=kept_choices(),
        query=wanted.query,
        hits=hits,
        posts=found_posts(reader, hits, wanted),
        facets=facets_of_page(hits, reader, titles, narrower),
        page=page,
        pages=pages,
        sort=wanted_sort(),
        by_thread=by_thread,
        list_titles=tuple(titles.items()),
        over_time=over_time(hits.months, narrower),
        most_cited=MOST_CITED,
        feed_address="/search.atom?" + urlencode({"q": text}),
        **_said(wanted, hits, titles),
    )


def _said(wanted: Asked, hits: SearchHits, titles: dict[str, str]) -> dict[str, object]:
    """The search in words, what was added to it, and where little was found what to try."""
    query, lists = wanted.query, wanted.list_ids
    nothing = query.root is not None and not hits.total
    return {
        "explanation": explained(query, titles) if query.readable else "",
        "offers": search_wider.offers(wanted.expansions),
        "as_typed": search_wider.as_typed_address() if wanted.expansions else "",
        "all_terms": search_wider.all_address(),
        "unknown_fields": search_help.unknown_fields(query),
        "meant": search_help.spellings(lists, query, hits.total),
        "empty_parts": search_help.empty_parts(lists, query, titles) if nothing else (),
        "wider": search_help.wider(query, lists) if nothing else (),
    }


@blueprint.get("/search.atom")
def search_feed() -> Response:
    """The newest posts that a search finds."""
    text = request.args.get("q", "").strip()
    reader = any_reader()
    hits = find(asked(reader, text), 1, ENTRIES, Sort.NEWEST)
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


def kept_choices() -> list[tuple[str, str]]:
    """How this page shows what it finds: a new search in its box keeps that."""
    given = request.args
    return [(name, one) for name in _CHOICES for one in given.getlist(name)[:MOST_KEPT] if one]


def find(
    wanted: Asked,
    page: int,
    per_page: int,
    sort: Sort,
    *,
    facets: bool = False,
    by_thread: bool = False,
) -> SearchHits:
    """Search what a reader may see; nothing is asked for, nothing is found."""
    if wanted.wide.root is None:
        return SearchHits(0, ())
    index = search_index()
    return index.find(wanted.wide, wanted.list_ids, page, per_page, sort, facets, by_thread)


def wanted_sort() -> Sort:
    """The `sort` parameter; an unknown one is the default."""
    text = request.args.get("sort", "")
    return Sort(text) if text in set(Sort) else Sort.RELEVANCE
