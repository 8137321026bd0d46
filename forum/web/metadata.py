"""What programs read in pages: a thread as JSON-LD, each post as COinS; no address in either."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote_plus

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState
from markupsafe import Markup

from forum.domain.masking import mask_addresses_text
from forum.storage.archive import Thread
from forum.storage.post_rows import PostRow
from forum.web.addresses import absolute
from forum.web.filters import iso

SITE_NAME: Final = "Passerelle"

blueprint = Blueprint("metadata", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a thread tell what it holds."""
    state.app.jinja_env.globals.update(thread_json=thread_json, coins=coins)


def thread_json(thread: Thread, first: PostRow, title: str, list_title: str) -> Markup:
    """A thread as schema.org's DiscussionForumPosting, for search engines."""
    public = mask_addresses_text(title)
    document = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "url": absolute(f"/threads/{thread.id}"),
        "headline": public,
        "author": {"@type": "Person", "name": mask_addresses_text(first.author) or SITE_NAME},
        "datePublished": iso(first.date),
        "inLanguage": [code for code in thread.languages.split(",") if code],
        "commentCount": max(thread.post_count - 1, 0),
        "isPartOf": {"@type": "CollectionPage", "name": list_title},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # HTML, 4.12.1.3: what could end the element is written otherwise, with the same meaning.
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/ld+json">{safe}</script>')  # noqa: S704


def coins(post: PostRow, title: str, list_title: str) -> Markup:
    """A post as a reference that Zotero and others find in the page (COinS, OpenURL 1.0).

    The type is Zotero's name for a post of a forum.
    """
    values = (
        ("rft.type", "forumPost"),
        ("rft.title", mask_addresses_text(post.subject or title)),
        ("rft.creator", mask_addresses_text(post.author)),
        ("rft.date", f"{post.date:%Y-%m-%d}"),
        ("rft.source", list_title),
        ("rft.publisher", SITE_NAME),
        ("rft.identifier", absolute(f"/posts/{post.id}")),
        ("rft.language", post.languages[0] if len(post.languages) == 1 else ""),
    )
    told = "&amp;".join(f"{name}={quote_plus(value)}" for name, value in values if value)
    return Markup(  # noqa: S704  (percent-encoded)
        '<span class="Z3988" title="ctx_ver=Z39.88-2004&amp;rft_val_fmt=info%3Aofi%2Ffmt%3Akev'
        f'%3Amtx%3Adc&amp;{told}"></span>'
    )
