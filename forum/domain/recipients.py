"""Who receives a post by mail, and how: what people chose, decided person by person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from forum.domain.values import LANGUAGES

_ORDER: Final = {"each": 0, "daily": 1, "weekly": 2, "none": 3}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subscription to which mail is sent, with what its holder chose."""

    subscription_id: int
    author_id: int
    email: str
    delivery: str
    """`each`, `daily`, `weekly` or `none`."""
    language: str = "en"
    reads: str = ""
    own_posts: bool = False
    follows_written: bool = True
    bursts: bool = False
    """Whether what comes within minutes in one thread comes as one mail."""
    is_login: bool = False
    """Whether the person signs in with this address."""
    translations: bool = True
    """Whether translations of posts in languages the person does not read are sent."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A post, or a translation of it, and what is known of people and its thread."""

    author_id: int | None
    language: str
    """As `Post.language`."""
    wrote: frozenset[int] = frozenset()
    """Who wrote in the thread."""
    chosen: Mapping[int, str] | None = None
    """By person: `follow`, `mute` or `usual`."""
    has_copy: frozenset[int] = frozenset()
    """To whom the author's own program sent the mail; of a translation, who needs no other."""
    translation: str = ""
    """The language of the translation that is mailed; empty: the post itself."""
    own_languages: frozenset[str] = frozenset()
    """Of the post, where a translation is mailed: all in which it speaks."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One subscription that receives the post."""

    subscription: Candidate
    at_once: bool
    """Whether it does not wait, for a digest or for what else comes in the thread."""


def recipients(candidates: Iterable[Candidate], occasion: Occasion) -> list[Recipient]:
    """At most one subscription of each person.

    Of several, one that gets each post goes before a digest, then the address with which the
    person signs in, then the oldest.
    """
    ordered = sorted(candidates, key=lambda one: (one.author_id, *_rank(one)))
    chosen = [
        found
        for author_id, own in groupby(ordered, key=lambda one: one.author_id)
        if (found := _of_person(author_id, list(own), occasion)) is not None
    ]
    return sorted(chosen, key=lambda one: one.subscription.subscription_id)


def reads(wanted: str, language: str) -> bool:
    """Whether a person who named some languages receives a post in another.

    Only what is wholly in a language that they could have named, and did not, is left out.

    Args:
        wanted: languages, comma-separated; empty: all.
        language: of the post, as `Post.language`.
    """
    named = _named(wanted)
    return not named or language in named or language not in LANGUAGES


def languages_of(one: Candidate) -> frozenset[str]:
    """In which languages a person can be expected to read: those they named, else their mails'."""
    return frozenset(_named(one.reads) or (one.language,))


def follows(author_id: int, occasion: Occasion, follows_written: bool) -> bool:
    """Whether a person receives each post of the thread at once."""
    choice = (occasion.chosen or {}).get(author_id)
    if choice is not None:
        return choice == "follow"
    return follows_written and author_id in occasion.wrote


def _of_person(author_id: int, own: list[Candidate], occasion: Occasion) -> Recipient | None:
    wrote_it = author_id == occasion.author_id
    if (occasion.chosen or {}).get(author_id) == "mute":
        return None
    if author_id in occasion.has_copy and not wrote_it:
        return None
    if occasion.translation and (wrote_it or any(map(_understands(occasion), own))):
        return None
    for one in own:
        if occasion.translation and not _wants_translation(one, occasion):
            continue
        following = follows(author_id, occasion, one.follows_written)
        if wrote_it and not one.own_posts:
            continue
        if one.delivery == "none" and not following:
            continue
        # Who follows a thread wants all of it, and an answer to their own words above all.
        is_read = bool(occasion.translation) or reads(one.reads, occasion.language)
        if wrote_it or following or is_read:
            each = one.delivery == "each"
            return Recipient(one, not one.bursts if each else following)
    return None


def _named(wanted: str) -> list[str]:
    return [code.strip() for code in wanted.split(",") if code.strip()]


def _understands(occasion: Occasion) -> Callable[[Candidate], bool]:
    """Whether a subscription tells that its holder reads the post without a translation."""
    return lambda one: not occasion.own_languages.isdisjoint(languages_of(one))


def _wants_translation(one: Candidate, occasion: Occasion) -> bool:
    return one.translations and occasion.translation in languages_of(one)


def _rank(one: Candidate) -> tuple[int, bool, int]:
    return _ORDER.get(one.delivery, len(_ORDER)), not one.is_login, one.subscription_id
