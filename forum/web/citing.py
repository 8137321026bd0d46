"""Posts as references, for programs and for footnotes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from flask import Blueprint, Response, abort, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload

from forum.clock import utcnow
from forum.domain import citation
from forum.domain.citation import Citation, citation_key
from forum.domain.masking import mask_addresses_text
from forum.extensions import db
from forum.i18n import current_language
from forum.storage.archive import Post, PostState
from forum.storage.visibility import Reader, find_post, visible_lists
from forum.web.addresses import absolute, address_with
from forum.web.reader import any_reader, current_reader
from forum.web.search_wider import asked
from forum.web.searching import MOST_CITED, find, wanted_sort

SITE_NAME: Final = "Passerelle"
FORMATS: Final[dict[str, tuple[Callable[[Citation], str], str]]] = {
    "bib": (citation.bibtex, "application/x-bibtex; charset=utf-8"),
    "ris": (citation.ris, "application/x-research-info-systems; charset=utf-8"),
    "json": (citation.csl_json, "application/vnd.citationstyles.csl+json"),
}
ALL_FORMATS: Final[dict[str, tuple[Callable[[Sequence[Citation]], str], str]]] = {
    "bib": (lambda all_: "\n".join(map(citation.bibtex, all_)), FORMATS["bib"][1]),
    "ris": (lambda all_: "".join(map(citation.ris, all_)), FORMATS["ris"][1]),
    "json": (citation.csl_json_of, FORMATS["json"][1]),
    "txt": (lambda all_: "".join(map(_line, all_)), "text/plain; charset=utf-8"),
}

blueprint = Blueprint("citing", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a search offer its references, and pages tell what they hold."""
    state.app.jinja_env.globals.update(cite_address=cite_address)


def cite_address(form: str) -> str:
    """The references of the search on this page."""
    kept = {"view": None, "page": None}
    return f"/search.{form}" + address_with(**kept).removeprefix(request.path)


@blueprint.get("/posts/<key:post_id>/citation")
def show(post_id: int) -> str:
    """A post as a footnote, and where the files for programs are."""
    post = find_post(db.session(), current_reader(), post_id) or abort(404)
    line = citation.apa(citation_of(post), current_language())
    return render_template("reading/citation.html", post=post, line=line, formats=FORMATS)


@blueprint.get("/posts/<key:post_id>/citation.<any(bib, ris, json):form>")
def download(post_id: int, form: str) -> Response:
    """A post as BibTeX, RIS or CSL-JSON."""
    post = find_post(db.session(), any_reader(), post_id) or abort(404)
    write, content_type = FORMATS[form]
    response = Response(write(citation_of(post)), content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"post-{post.id}.{form}")
    return response


@blueprint.get("/search.<any(bib, ris, json, txt):form>")
def found(form: str) -> Response:
    """All that a search finds, up to `MOST_CITED`, as references in the order of the results."""
    reader = any_reader()
    wanted = asked(reader, request.args.get("q", "").strip())
    hits = find(wanted, 1, MOST_CITED, wanted_sort())
    ids = [hit.post_id for hit in hits.hits]
    posts = {post.id: post for post in db.session.scalars(_to_cite(ids, reader))}
    citations = [citation_of(posts[key]) for key in ids if key in posts]
    write, content_type = ALL_FORMATS[form]
    response = Response(write(citations), content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"search.{form}")
    return response


def _line(one: Citation) -> str:
    return citation.apa(one, current_language()) + "\n\n"


def _to_cite(ids: Sequence[int], reader: Reader) -> Select[Post]:
    return (
        select(Post)
        .join(Post.mailing_list)
        .where(Post.id.in_(ids), Post.state == PostState.VISIBLE, visible_lists(reader))
        .options(
            contains_eager(Post.mailing_list), joinedload(Post.thread), joinedload(Post.author)
        )
    )


def citation_of(post: Post) -> Citation:
    """What a reference to a post says; references travel, so addresses are masked for everybody."""
    author = mask_addresses_text(post.author_name or post.author.name)
    return Citation(
        key=citation_key(author, post.date, post.id),
        author=author,
        title=mask_addresses_text(post.subject or post.thread.subject),
        container=post.mailing_list.title(current_language()),
        publisher=SITE_NAME,
        date=post.date,
        url=absolute(f"/posts/{post.id}"),
        language=post.language,
        accessed=utcnow(),
    )
