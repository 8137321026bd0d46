"""Into which languages a post can be translated, and in which of them a reader sees it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from forum.domain.values import LANGUAGES

TRANSLATION_CHARACTERS: Final = 200_000
"""As many as a message written on the web has at most."""
ORIGINAL: Final = "original"
"""In the place of a language: the post as it was written."""


def languages_lacking(own: Collection[str]) -> tuple[str, ...]:
    """The languages into which a post can be translated: all but those it is written in.

    Args:
        own: Of its own text; `und` where it is not known.
    """
    return tuple(code for code in LANGUAGES if code not in own)


def languages_kept(translated_into: str) -> tuple[str, ...]:
    """The languages of a post's translations, of the form in which the post keeps them."""
    return tuple(translated_into.split(",")) if translated_into else ()


def form_to_keep(languages: Collection[str]) -> str:
    """The languages of a post's translations as the post keeps them."""
    return ",".join(code for code in LANGUAGES if code in languages)


def language_shown(
    own: Collection[str], translated_into: str, reader: str, wanted: str
) -> str | None:
    """The translation in which a reader sees a post first; None: the original.

    Args:
        own: The languages of the post's own text.
        reader: The language of the reader's pages.
        wanted: What was asked for: a language, `ORIGINAL`, or empty.
    """
    if not translated_into or wanted == ORIGINAL:
        return None
    kept = languages_kept(translated_into)
    if wanted in kept:
        return wanted
    return reader if reader in kept and reader not in own else None
