"""A post's translation as a mail: the words of who translated it, in the place of the post's own.

It stands in the thread beside the post: an id of its own, which is an alias of the post, so that an
answer to it answers the post; it refers to the post and to what that refers to. From and Reply-To
are those of the post's copies, for it is the author who speaks.
"""

from __future__ import annotations

from email.utils import format_datetime
from functools import partial
from typing import Final

from babel import Locale

from forum.domain.compose import compose
from forum.domain.flowed import flow
from forum.domain.footer import ORIGINAL_MARK
from forum.domain.headers import Headers
from forum.domain.linking import for_mail
from forum.domain.markup import plain_excerpt, render_markdown
from forum.domain.preparing import EXCERPT_LENGTH
from forum.domain.values import (
    MULTIPLE,
    UNDETERMINED,
    Draft,
    Mailbox,
    Role,
    Segment,
    TextFormat,
)
from forum.operations.translated import Translated
from forum.storage.archive import Post
from mailbridge import light_post, list_headers, mail_page, texts
from mailbridge.mime_edit import Dress
from mailbridge.rendering import Rendering

_COPIED: Final = frozenset({b"to", b"cc"})
"""Whom the author wrote to got the post itself, and is written nothing more."""

_ELIDED: Final = (*"aàâeéèêiîoôuû", "hébreu", "hawaïen")
"""How names of languages begin before which French says `de l’`: an `h` that is mute, no `y`."""


def rendering_of(
    found: Translated, headers: Headers, language: str, site_url: str, *, plain: bool = False
) -> Rendering:
    """What goes out of a translation.

    Args:
        headers: of the post's own message.
        language: of who receives it: fr, en or es.
        plain: whether it goes without HTML.
    """
    post = found.post
    raw = _message(found, language, site_url)
    return Rendering(
        raw=light_post.text_alone(post, raw) if plain else raw,
        people=Headers(tuple(one for one in headers.fields if one[0] not in _COPIED)),
        identity=_identity(found),
        kept=b"",
        languages=[found.version.language],
        dress=Dress(
            lambda text: flow(f"{head_text(found, language, site_url)}\n\n{text}"),
            partial(_page, found, language, site_url),
        ),
    )


def head_text(found: Translated, language: str, site_url: str) -> str:
    """What stands above a translation: from which language, by whom, where the original is.

    Args:
        language: of who reads it: fr, en or es.
    """
    original, translator = _original(found.post, language), found.version.translator
    known = "both" if original and translator else "source" if original else ""
    filled = texts.fill(
        "translated",
        language,
        {
            "original": original,
            "translator": translator,
            "url": f"{site_url}/posts/{found.post.id}{ORIGINAL_MARK}",
            **{name: "1" if name == known else "" for name in ("both", "source")},
            "person": translator if not known else "",
            "nothing": "" if known or translator else "1",
            "changed": "1" if found.is_outdated else "",
        },
    )
    return filled.body.strip()


def mark_of(found: Translated, language: str, site_url: str) -> str:
    """The first sentence of that, as a table of contents has it."""
    return head_text(found, language, site_url).partition("\n")[0].rstrip(".")


def words_of(found: Translated, site_url: str) -> str:
    """The translation itself as text, its links to pages of this site whole."""
    return for_mail(found.text, site_url)


def excerpt_of(found: Translated) -> str:
    """The first words of a translation."""
    own = [Segment(Role.REPLY, found.text)]
    return plain_excerpt(own, EXCERPT_LENGTH, TextFormat.MARKDOWN)


def text_of(found: Translated, language: str, site_url: str) -> str:
    """A translation as text, and behind it the addresses of the post's files."""
    files = light_post.files_text(found.post, language, site_url)
    return f"{words_of(found, site_url).rstrip()}\n\n{files}".rstrip()


def _message(found: Translated, language: str, site_url: str) -> bytes:
    """The text in two forms, as a post written on the web has them."""
    version = found.version
    files = light_post.files_text(found.post, language, site_url).splitlines()
    shown = f"<p>{mail_page.with_links(files)}</p>" if files else ""
    draft = Draft(
        author=Mailbox("", ""),
        subject="",
        text=text_of(found, language, site_url),
        message_id=found.message_id,
        date=version.written_at,
        list_address="",
        list_name="",
        language=version.language,
    )
    return compose(draft, f"{render_markdown(found.text)}\n{shown}")


def _identity(found: Translated) -> bytes:
    """What mail programs thread by: below the post, and where that is missing below its parents."""
    post = found.post
    above = [*(one for one in post.references if one != post.message_id), post.message_id]
    return b"".join(
        (
            list_headers.message_id_field("Message-ID", [found.message_id]),
            list_headers.message_id_field("In-Reply-To", [post.message_id]),
            list_headers.message_id_field("References", above),
            list_headers.folded("Date", format_datetime(found.version.written_at)),
        )
    )


def _page(found: Translated, language: str, site_url: str, document: str, foot: str) -> str:
    lines = head_text(found, language, site_url).split("\n")
    above = f'<p lang="{language}" style="{mail_page.SMALL}">{mail_page.with_links(lines)}</p>'
    content = mail_page.styled(document, site_url)
    title = found.post.subject
    return mail_page.page(found.version.language, title, f"{above}\n{content}\n{foot}\n")


def _original(post: Post, language: str) -> str:
    """The language of the post behind a `from`; empty where it has none or several."""
    if post.language in (UNDETERMINED, MULTIPLE):
        return ""
    name = str(Locale(language).languages.get(post.language, ""))
    if language != "fr" or not name:
        return name
    return f"de l’{name}" if name.lower().startswith(_ELIDED) else f"du {name}"
