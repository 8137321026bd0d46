"""What of a post its copies hold: its own message, or somebody's translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from forum.domain.flowed import flow
from forum.domain.headers import Headers
from forum.domain.values import LANGUAGES, Flag, Role, Source
from forum.storage.archive import Post
from mailbridge import list_headers, mail_page
from mailbridge.header_fields import kept
from mailbridge.mime_edit import Dress

_KEPT: Final = (
    "Organization",
    "Thread-Topic",
    "Thread-Index",
    "User-Agent",
    "X-Mailer",
    "Importance",
    "Keywords",
    "Comments",
)
"""What else of the author's headers goes on. Trace fields, signatures over the old form
(DKIM-Signature, Authentication-Results, ARC), receipts asked for and other lists' fields do not."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """The parts of a copy that are not the list's."""

    raw: bytes
    """The message whose text and files are sent, line ends `\\r\\n`."""
    people: Headers
    """Of the post's own message: who wrote it, where answers go, to whom it was written."""
    identity: bytes
    """What mail programs thread by, and the time."""
    kept: bytes
    """What else of the author's headers goes on."""
    languages: Sequence[str]
    dress: Dress | None
    """The layout of what was written on the web; what mail programs wrote stays as it is."""


def own_words(post: Post, raw: bytes, headers: Headers, site_url: str) -> Rendering:
    """A post as its author wrote it."""
    return Rendering(
        raw=raw,
        people=headers,
        identity=_identity(post, headers),
        kept=b"".join(kept(headers, name) for name in _KEPT),
        languages=_languages(post),
        dress=_dress(post, site_url),
    )


def _dress(post: Post, site_url: str) -> Dress | None:
    """The layout of what was written on the web; what mail programs wrote stays as it is."""
    if post.source != Source.WEB:
        return None
    language = post.language if post.language in LANGUAGES else ""

    def dressed(document: str, foot: str) -> str:
        content = mail_page.styled(document, site_url)
        return mail_page.page(language, post.subject, f"{content}\n{foot}\n")

    return Dress(flow, dressed)


def _identity(post: Post, headers: Headers) -> bytes:
    """What mail programs thread by, as the author's program wrote it."""
    date = b"" if Flag.BAD_DATE in post.flags else kept(headers, "Date")
    references = kept(headers, "References")
    return b"".join(
        (
            list_headers.message_id_field("Message-ID", [post.message_id]),
            kept(headers, "In-Reply-To"),
            references or list_headers.message_id_field("References", post.references),
            date or list_headers.folded("Date", format_datetime(post.date)),
        )
    )


def _languages(post: Post) -> list[str]:
    if post.language != "mul":
        return [post.language]
    return [part.language for part in post.segments if part.role == Role.REPLY]
