"""How a reader sees each post of a thread's page, beside what the post itself says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from forum.clock import utcnow
from forum.domain import parallel
from forum.domain.shortening import beginning, is_long
from forum.domain.translation import languages_lacking
from forum.domain.values import MULTIPLE
from forum.i18n import current_language
from forum.operations.curation_authors import is_young
from forum.storage.post_rows import PostRow, page_of
from forum.storage.visibility import Reader
from forum.web.addresses import address_with
from forum.web.translated import ShownTranslation, other_translations

MOST_STEPS: Final = 3
"""A deeper answer names the post that it answers."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What is the same for all posts of a page."""

    page: int
    by_date: bool
    answer_address: str
    """To which a post's number is added; empty where the reader cannot answer."""
    may_fetch: bool
    moderates: bool
    whole: int = 0
    """The post that is to be shown in all its languages; 0: none."""
    translates: bool = False
    """Whether the reader may translate everybody's posts."""
    translations: Mapping[int, ShownTranslation] = field(default_factory=dict)
    """What is shown in the place of posts, by post."""


@dataclass(frozen=True, slots=True)
class PostLook:
    """How a reader sees one post."""

    masked: bool
    """Whether mail addresses are hidden from them."""
    signed_in: bool
    own: bool
    fresh: bool
    """Whether it is their own, and young enough to be changed."""
    unread: bool
    moderates: bool
    may_fetch: bool
    answer_address: str
    answers: str
    """The address of the post answered, where that is not the one just above."""
    depth: int = 0
    """How many steps it is set in."""
    whole_address: str = ""
    """Where a text in several languages is shown with all of them open."""
    whole: bool = False
    """Whether that is asked for."""
    rest_address: str = ""
    """Where a very long post, of which the beginning is shown, is shown whole."""
    translates: bool = False
    """Whether the reader may translate it into some language."""
    translation: ShownTranslation | None = None
    """What is shown in its place, the original folded below."""
    translations: tuple[tuple[str, str], ...] = ()
    """Further languages it is translated into, each with the address where that is shown."""

    @property
    def folds(self) -> bool:
        """Whether the reader's language alone is open."""
        return bool(self.whole_address) and not self.whole


def looks_of(
    posts: Sequence[PostRow], unread: Collection[int], reader: Reader, stance: Stance
) -> dict[int, PostLook]:
    """The looks of a page's posts, by post."""
    found: dict[int, PostLook] = {}
    above, now, language = 0, utcnow(), current_language()
    for post in posts:
        own = not reader.is_anonymous and reader.author_id == post.author_id
        found[post.id] = PostLook(
            masked=reader.is_anonymous,
            signed_in=not reader.is_anonymous,
            own=own,
            fresh=own and is_young(post.arrived_at, now),
            unread=post.id in unread,
            moderates=stance.moderates,
            may_fetch=stance.may_fetch,
            answer_address=stance.answer_address,
            answers=_answers(post, above, stance),
            depth=0 if stance.by_date else min(post.depth, MOST_STEPS),
            whole_address=_whole_address(post, language),
            whole=stance.whole == post.id,
            rest_address=_rest_address(post, stance),
            translates=(own or stance.translates) and _can_be_translated(post),
            translation=stance.translations.get(post.id),
            translations=_translations(post, stance),
        )
        above = post.id
    return found


def _can_be_translated(post: PostRow) -> bool:
    return post.is_shown and bool(post.excerpt) and bool(languages_lacking(post.languages))


def _translations(post: PostRow, stance: Stance) -> tuple[tuple[str, str], ...]:
    if not post.translated_into:
        return ()
    return other_translations(post, stance.translations.get(post.id))


def _whole_address(post: PostRow, language: str) -> str:
    if post.language != MULTIPLE or language not in parallel.languages_of(post.html):
        return ""
    return _alone(post)


def _rest_address(post: PostRow, stance: Stance) -> str:
    translation = stance.translations.get(post.id)
    is_cut = is_long(post.html) or (translation is not None and translation.is_cut)
    return _alone(post) if is_cut and stance.whole != post.id else ""


def _alone(post: PostRow) -> str:
    return f"{address_with(whole=post.id, parent=None)}#post-{post.id}"


def shortened(posts: Sequence[PostRow], looks: Mapping[int, PostLook]) -> list[PostRow]:
    """The posts, those that are very long with their beginning alone."""
    return [
        replace(post, html=beginning(post.html)) if looks[post.id].rest_address else post
        for post in posts
    ]


def _answers(post: PostRow, above: int, stance: Stance) -> str:
    """Said where the place on the page does not say it."""
    parent = post.parent
    if parent is None or not (stance.by_date or post.depth > MOST_STEPS or parent.id != above):
        return ""
    is_here = page_of(parent.position) == stance.page and not stance.by_date
    return f"#post-{parent.id}" if is_here else f"/posts/{parent.id}"
