"""A digest in one plain text, as RFC 1153 lays it out: for programs and people who want no parts.

The table of contents, a line of 70 hyphens, the messages each with its chief fields and behind it a
line of 30 hyphens, and a closing line. What a message says is taken from its text as the web shows
it, so that nothing but the text is needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.flowed import flow
from forum.domain.headers import Headers
from forum.domain.masking import redact_own_tokens
from forum.operations.deriving import text_of
from forum.operations.raw import load_raw
from forum.operations.translated import Mailed, Translated, post_of
from forum.settings import Settings
from forum.storage.archive import Post
from mailbridge import light_post, translated
from mailbridge.digest_contents import Contents
from mailbridge.mime_edit import Content, text_content
from mailbridge.outgoing import PLACEHOLDER

LARGEST_TEXT: Final = 50_000
"""Characters of one message; the rest of a longer one is on the web."""

_AFTER_CONTENTS: Final = "-" * 70
_AFTER_MESSAGE: Final = "-" * 30
_SEPARATOR: Final = re.compile(r"^-{30}", re.MULTILINE)
_END: Final = {"fr": "Fin : %s", "en": "End of %s", "es": "Fin: %s"}


def content(made: Contents, posts: Sequence[Mailed], language: str, settings: Settings) -> Content:
    """The one part of the digest.

    Args:
        made: the table of contents, in the same language.
        posts: in the order of the contents, translations among them.

    Raises:
        LookupError: a post was removed.
    """
    pieces = [flow(made.above).rstrip(), "", _AFTER_CONTENTS, ""]
    for post in posts:
        pieces += [*_message(post, language, settings), "", _AFTER_MESSAGE, ""]
    end = _END.get(language, _END["en"]) % made.subject
    pieces += [end, "*" * len(end), "", flow(made.below).strip(), ""]
    text = "\n".join(pieces)
    return text_content(text, "plain", PLACEHOLDER.encode(), "; format=flowed")


def _message(mailed: Mailed, language: str, settings: Settings) -> list[str]:
    """The fields that RFC 1153 names, an empty line, the text."""
    post = post_of(mailed)
    if post.raw is None:
        raise LookupError("the post was removed")
    if isinstance(mailed, Translated):
        head = f"{translated.head_text(mailed, language, settings.site_url)}\n\n"
        own = translated.words_of(mailed, settings.site_url)
        date, message_id = mailed.version.written_at, mailed.message_id
    else:
        head, own, date, message_id = "", text_of(post), post.date, post.message_id
    text = redact_own_tokens(own, settings.site_url).strip("\n")
    if len(text) > LARGEST_TEXT:
        text = f"{text[:LARGEST_TEXT]} […]"
    files = light_post.files_text(post, language, settings.site_url)
    text = f"{head}{text}\n\n{files}".rstrip()
    fields = _fields(post, date, message_id, settings.site_url)
    return [*fields, "", _SEPARATOR.sub(" \\g<0>", flow(text))]


def _fields(post: Post, date: datetime, message_id: str, site_url: str) -> list[str]:
    headers = Headers.of(load_raw(post.raw)) if post.raw else Headers(())
    written = mailboxes(headers.raw("from"))
    address = f"<{written[0].address}>" if written and written[0].address else ""
    values = {
        "Date": format_datetime(date),
        "From": f"{post.author_name or post.author.name} {address}",
        "Subject": post.subject,
        "Message-ID": f"<{message_id}>",
        "Archived-At": f"<{site_url}/posts/{post.id}>",
    }
    return [f"{name}: {' '.join(value.split())}" for name, value in values.items() if value]
