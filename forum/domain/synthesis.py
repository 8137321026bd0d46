"""A synthesis names posts by their number in the thread, and is kept with links to them.

A post's number changes when a late answer takes its place before it; its id does not. So `#3` is
stored as a link to the post, and shown with the number that the post bears by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

SYNTHESIS_CHARACTERS: Final = 20_000

# What is code or a link already stays as it is: the alternatives before the last one.
_NUMBER: Final = re.compile(
    r"(?P<kept>^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)|`[^`\n]*`|\[[^\[\]\n]*\]\([^()\s]*\)|\S+://\S+)"
    r"|(?<![\w&/#])#(?P<number>[1-9]\d{0,5})(?![\w-])",
    re.MULTILINE | re.DOTALL,
)
_LINK: Final = re.compile(r"\[#(?P<number>\d{1,6})\]\(/posts/(?P<post>\d{1,9})\)")
_SHOWN_LINK: Final = re.compile(
    r'(?P<start><a href="/posts/(?P<post>\d{1,9})"[^>]*>)#(?P<number>\d{1,6})</a>'
)
_WORD: Final = re.compile(r"\w+")

SHARED_WORDS: Final = 6
"""So many in a row are taken for a quotation."""


def numbers_in(text: str) -> frozenset[int]:
    """The posts that a text names by their number, from 1."""
    return frozenset(int(found["number"]) for found in _NUMBER.finditer(text) if found["number"])


def with_links(text: str, posts: Mapping[int, int]) -> str:
    """The text as it is kept: `#3` leads to its post.

    Args:
        posts: Ids of posts by their numbers from 1; what is not among them stays as typed.
    """

    def link(found: re.Match[str]) -> str:
        post = posts.get(int(found["number"])) if found["number"] else None
        return f"[#{found['number']}](/posts/{post})" if post else found[0]

    return _NUMBER.sub(link, text)


def linked_posts(text: str) -> frozenset[int]:
    """The posts that a kept text names by a number."""
    return frozenset(int(found["post"]) for found in _LINK.finditer(text))


def with_numbers(text: str, numbers: Mapping[int, int]) -> str:
    """A kept text as it is written on: `#3`, with the numbers of today.

    Args:
        numbers: From 1, by post; a post that stands elsewhere now keeps its link.
    """

    def number(found: re.Match[str]) -> str:
        now = numbers.get(int(found["post"]))
        return f"#{now}" if now else found[0]

    return _LINK.sub(number, text)


def renumbered(html: str, numbers: Mapping[int, int]) -> str:
    """What is shown of a kept text, with the numbers of today.

    Args:
        numbers: As for `with_numbers`; other posts are called by the number they had.
    """

    def number(found: re.Match[str]) -> str:
        now = numbers.get(int(found["post"]))
        return f"{found['start']}#{now}</a>" if now else found[0]

    return _SHOWN_LINK.sub(number, html)


def shares_words(text: str, other: str) -> bool:
    """Whether a text holds a run of `SHARED_WORDS` words of another one."""
    own = _runs(other)
    return bool(own) and not own.isdisjoint(_runs(text))


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return frozenset(
        tuple(words[start : start + SHARED_WORDS]) for start in range(len(words) - SHARED_WORDS + 1)
    )
