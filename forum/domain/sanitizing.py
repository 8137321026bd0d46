"""The last gate of everything shown: an allow-list of tags and attributes, and nothing else.

Whatever made the HTML, nh3 sees it last.
"""

from __future__ import annotations

import re
from typing import Final

import nh3

_TAG_NAMES: Final = """
a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre
s span strong sub summary sup table tbody td th thead tr u ul
"""

TAGS: Final = frozenset(_TAG_NAMES.split())
"""What may stand in a post."""

SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""Of links."""

_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "details": {"open", "lang"},
    "div": {"lang"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "summary": {"lang"},
}
_ALIGNMENTS: Final = {"left", "center", "right"}
_SEGMENTS: Final = {
    *("segment", "reply", "parallel"),
    *("quotation", "attribution", "signature", "footer"),
}
# An image is shown only from a post's own attachments: one from elsewhere would tell its host
# who reads what, and a free path could name an address of ours that acts when it is fetched.
_OWN_IMAGE: Final = re.compile(r"/posts/[0-9]{1,18}/attachments/[0-9]{1,9}/[^/?#\\]{1,255}\Z")
# As nh3 writes it: no quotation mark stands in a value, and no link in a link.
_LINK: Final = re.compile(r'<a((?: [a-z]+="[^"]*")*)>(.*?)</a>', re.DOTALL)


def is_own_image(address: str) -> bool:
    """Whether an image's address is that of an attachment here."""
    return _OWN_IMAGE.match(address) is not None


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if is_own_image(value) else None
    return value


_cleaner: Final = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    tag_attribute_values={"td": {"align": _ALIGNMENTS}, "th": {"align": _ALIGNMENTS}},
    allowed_classes={"div": _SEGMENTS, "details": _SEGMENTS},
    link_rel="nofollow noopener noreferrer",
    url_schemes=set(SCHEMES),
)


def sanitize(html: str) -> str:
    """Keep what is safe of a piece of HTML, with every tag closed.

    Images of other hosts lose their address; links get `rel="nofollow noopener noreferrer"`; of a
    link that may lead nowhere the words stay.
    """
    cleaned = _cleaner.clean(html)
    without = _LINK.sub(_words_of_refused, cleaned)
    return cleaned if without == cleaned else _cleaner.clean(without)


def _words_of_refused(found: re.Match[str]) -> str:
    return found[0] if ' href="' in found[1] else found[2]
