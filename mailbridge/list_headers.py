"""The headers of a list's mail, as raw folded ASCII bytes.

RFC 2369, 2919, 5064, 8058. Not by `email.message.EmailMessage`: it writes long values of these
fields as encoded words, which breaks one-click unsubscription and threading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from forum.storage.archive import Post
from forum.storage.lists import MailingList
from mailbridge.addressing import RouteKind, sub_address

LINE_LENGTH: Final = 76
"""Characters without the line end; RFC 5322, section 2.1.1 recommends 78."""

LONGEST_LINE: Final = 998
"""RFC 5322, section 2.1.1: the limit."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_TYPEWRITER: Final = str.maketrans("‘’“”«»–—", "''" + '"' * 4 + "--")


def folded(name: str, value: str) -> bytes:
    """One header field with its line ends `\\r\\n`, folded at spaces.

    Control characters become a space, so that a value cannot bring a field of its own; other
    scripts lose what ASCII has no letter for.

    Returns:
        `b""` where nothing is to be said, or a single word is too long for any line.
    """
    words = ascii_only(value).split(" ")
    lines = [f"{name}:"]
    for word in words:
        if not word:
            continue
        if len(lines[-1]) + 1 + len(word) > LINE_LENGTH and lines[-1].strip() != f"{name}:":
            lines.append(f" {word}")
        else:
            lines[-1] += f" {word}"
    if lines == [f"{name}:"] or any(len(line) > LONGEST_LINE for line in lines):
        return b""
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def ascii_only(text: str) -> str:
    """Accents folded away, typographic marks plain, the rest as `?`, white space collapsed."""
    plain = unicodedata.normalize("NFKD", _CONTROL.sub(" ", text).translate(_TYPEWRITER))
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(kept.encode("ascii", "replace").decode("ascii").split())


def list_fields(mailing_list: MailingList, site_url: str) -> bytes:
    """The fields that every mail of a list bears alike."""
    request = sub_address(mailing_list, RouteKind.REQUEST)
    page = f"{site_url}/lists/{quote(mailing_list.slug)}/"
    title = re.sub(r'[<>"\\]', "", ascii_only(mailing_list.title(mailing_list.language)))
    return b"".join(
        (
            folded("List-Id", f'"{title}" <{mailing_list.list_id}>'),
            folded("List-Post", f"<mailto:{mailing_list.address}>"),
            folded("List-Help", f"<mailto:{request}?subject=help>, <{site_url}/help>"),
            folded("List-Archive", f"<{page}>"),
            folded("List-Owner", f"<mailto:{sub_address(mailing_list, RouteKind.OWNER)}>"),
            folded(
                "List-Subscribe",
                f"<{page}>, <mailto:{sub_address(mailing_list, RouteKind.SUBSCRIBE)}>",
            ),
            b"Precedence: list\r\n",
        )
    )


def unsubscribe_url(site_url: str, token: str) -> str:
    """Where one subscription is ended: a POST is one click (RFC 8058), a GET only asks."""
    return f"{site_url}/unsubscribe/{token}"


def recipient_fields(mailing_list: MailingList, site_url: str, token: str) -> bytes:
    """The fields of one recipient: how this very subscription is ended."""
    mailto = sub_address(mailing_list, RouteKind.UNSUBSCRIBE)
    return (
        folded("List-Unsubscribe", f"<{unsubscribe_url(site_url, token)}>, <mailto:{mailto}>")
        + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )


def archived_at(post: Post, site_url: str) -> bytes:
    """RFC 5064: the permanent address of a post."""
    by_id = folded("Archived-At", f"<{site_url}/message/{quote(post.message_id, safe='@')}>")
    return by_id or folded("Archived-At", f"<{site_url}/posts/{post.id}>")


def content_language(languages: Sequence[str]) -> bytes:
    """RFC 3282, where a language is known."""
    known = [code for code in languages if code and code not in ("und", "mul")]
    return folded("Content-Language", ", ".join(dict.fromkeys(known))) if known else b""


def message_id_field(name: str, identifiers: Sequence[str]) -> bytes:
    """`Message-ID`, `In-Reply-To` or `References` of ids without angle brackets; `b""` for none.

    Of very many the first and the newest are kept: threads hang on them.
    """
    usable = [one for one in identifiers if one.isascii() and len(one) < LONGEST_LINE - 20]
    if len(usable) > 100:
        usable = [usable[0], *usable[-99:]]
    if not usable:
        return b""
    return folded(name, " ".join(f"<{re.sub(r'[<>]', '', one)}>" for one in usable))
