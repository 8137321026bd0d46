"""A post's message made lighter for those who want it so: files as links, no HTML."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import quote

from babel.numbers import format_decimal

from forum.operations.deriving import text_of
from forum.storage.archive import Post
from mailbridge import texts
from mailbridge.lighten import as_text, without_attachments, without_html

_UNITS: Final = {"fr": ("ko", "Mo"), "en": ("kB", "MB"), "es": ("kB", "MB")}


def with_links(
    post: Post, raw: bytes, language: str, site_url: str, share: int | None = None
) -> bytes:
    """The message with a link in the place of each attachment.

    Args:
        raw: the stored bytes.
        language: of what is said of the attachments.
        share: bytes it may have at most; of a larger one the beginning of its text is given.
    """
    describe = partial(_attachment, post, language, site_url)
    light = without_attachments(raw, describe)
    if light is not None and (share is None or len(light) <= share):
        return light
    text = text_of(post)
    # A character can take so many bytes, and more once it is encoded.
    most = len(text) if share is None else share // 4
    shortened = f"{text[:most]} […]\n" if len(text) > most else text
    return as_text(raw, f"{shortened.rstrip()}\n\n{files_text(post, language, site_url)}")


def text_alone(post: Post, raw: bytes) -> bytes:
    """The message without its HTML; attachments stay."""
    light = without_html(raw)
    return as_text(raw, text_of(post)) if light is None else light


def files_text(post: Post, language: str, site_url: str) -> str:
    """All attachments by name, each with its address; empty where there is none."""
    named = (_attachment(post, language, site_url, one.index) for one in post.attachments[:100])
    return "\n".join(named)


def size_text(size: int, language: str) -> str:
    """A size in bytes as people read it, in units of a thousand and a million."""
    thousands, millions = _UNITS.get(language, _UNITS["en"])
    if size < 999_500:
        return f"{max(1, round(size / 1000))} {thousands}"
    shown = format_decimal(round(size / 1e6, 1), locale=language)
    return f"{shown} {millions}"


def _attachment(post: Post, language: str, site_url: str, index: int) -> str:
    """What stands in the place of an attachment: its name and where it is."""
    part = next((one for one in post.attachments if one.index == index), None)
    if part is None:
        return f"{site_url}/posts/{post.id}\n"
    address = f"{site_url}/posts/{post.id}/attachments/{index}/{quote(part.filename)}"
    values = {"name": part.filename, "size": size_text(part.size, language), "url": address}
    return texts.fill("digest-attachment", language, values).body
