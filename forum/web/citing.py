"""Posts as references, for programs and for footnotes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, abort, render_template

from forum.clock import utcnow
from forum.domain import citation
from forum.domain.citation import Citation, citation_key
from forum.domain.masking import mask_addresses_text
from forum.extensions import db
from forum.i18n import current_language
from forum.storage.archive import Post
from forum.storage.visibility import find_post
from forum.web.addresses import absolute
from forum.web.reader import any_reader, current_reader

SITE_NAME: Final = "Passerelle"
FORMATS: Final[dict[str, tuple[Callable[[Citation], str], str]]] = {
    "bib": (citation.bibtex, "application/x-bibtex; charset=utf-8"),
    "ris": (citation.ris, "application/x-research-info-systems; charset=utf-8"),
    "json": (citation.csl_json, "application/vnd.citationstyles.csl+json"),
}

blueprint = Blueprint("citing", __name__)


@blueprint.get("/posts/<key:post_id>/citation")
def show(post_id: int) -> str:
    """A post as a footnote, and where the files for programs are."""
    post = find_post(db.session(), current_reader(), post_id) or abort(404)
    return render_template(
        "reading/citation.html", post=post, line=citation.plain(citation_of(post)), formats=FORMATS
    )


@blueprint.get("/posts/<key:post_id>/citation.<any(bib, ris, json):form>")
def download(post_id: int, form: str) -> Response:
    """A post as BibTeX, RIS or CSL-JSON."""
    post = find_post(db.session(), any_reader(), post_id) or abort(404)
    write, content_type = FORMATS[form]
    response = Response(write(citation_of(post)), content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"post-{post.id}.{form}")
    return response


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
