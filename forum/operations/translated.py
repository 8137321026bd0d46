"""A post as people translated it: what is mailed, and what answers to it quote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.values import LANGUAGES
from forum.storage.archive import Post
from forum.storage.curation import keyed_digest
from forum.storage.translations import PostTranslation, current_translations

ID_PREFIX: Final = "translation-"
_LENGTH: Final = 32
"""Hexadecimal digits of an id: 128 bits."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A post in the words of who translated it."""

    post: Post
    version: PostTranslation
    message_id: str
    """Under which the translation is mailed; an alias of the post."""
    text: str
    """Markdown."""

    @property
    def is_outdated(self) -> bool:
        """Whether the author changed the post since."""
        return self.version.corrections < self.post.corrections

    def within(self, characters: int) -> Translated:
        """The same with the beginning of its text alone, where it is longer."""
        if len(self.text) <= characters:
            return self
        return replace(self, text=f"{self.text[:characters].rstrip()} […]")


Mailed = Post | Translated
"""What a mail holds: a post in its own words, or in those of who translated it."""


def post_of(mailed: Mailed) -> Post:
    """The post itself, also where its translation is mailed."""
    return mailed.post if isinstance(mailed, Translated) else mailed


def message_id_of(session: Session, post: Post, language: str) -> str:
    """The Message-ID of a post's translation into a language, whoever writes it and however often.

    Nobody else can make it, so that no other message bears it before.
    """
    digest = keyed_digest(session, f"translation {post.id} {language}")
    domain = post.mailing_list.address.rpartition("@")[2]
    return f"{ID_PREFIX}{language}-{digest[:_LENGTH]}@{domain}"


def translated_posts(
    session: Session, wanted: Iterable[tuple[Post, str]]
) -> dict[tuple[int, str], Translated]:
    """The translations of posts that stand now, by post and language.

    Args:
        wanted: Posts, each with a language.
    """
    pairs = list(wanted)
    current = current_translations(session, {post.id for post, _ in pairs})
    return {
        (post.id, language): Translated(
            post, version, message_id_of(session, post, language), version.text
        )
        for post, language in pairs
        if (version := current.get(post.id, {}).get(language)) is not None
    }


def quotable_text(session: Session, post: Post, answered: Sequence[str]) -> str:
    """All that an answer may quote: the text of a post and of its translations.

    Those that were mailed and taken back since are among them, for people answer late.

    Args:
        answered: The ids that the answer names.
    """
    texts = [segment.text for segment in post.segments]
    if post.translated_into or any(one.startswith(ID_PREFIX) for one in answered):
        newest_first = select(PostTranslation.text).order_by(PostTranslation.id.desc())
        texts += session.scalars(newest_first.where(PostTranslation.post_id == post.id))
    return "\n".join(texts)


def language_answered(session: Session, post: Post, answered: Sequence[str]) -> str:
    """The language in which a post was read by who answers it: its own, or a translation's.

    Args:
        answered: The ids that the answer names, the nearest last.
    """
    if answered and answered[-1].startswith(ID_PREFIX):
        for language in LANGUAGES:
            if answered[-1] == message_id_of(session, post, language):
                return language
    return post.language
