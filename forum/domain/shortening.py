"""The beginning of very long sanitised HTML, cut where nothing is torn."""

from __future__ import annotations

import re
from typing import Final

from forum.domain.sanitizing import sanitize

LONGEST_SHOWN: Final = 80_000
"""Characters of a post's HTML that are shown beside other posts."""
LONGEST_IN_FEED: Final = 50_000
"""A longer post stands in a feed with its first words alone: a feed has forty of them."""
_TORN: Final = re.compile(r"(?:<[^<>]*|&[#\w]{0,32})\Z")
_ENDS: Final = ("</p>", "<br>", "\n", " ")


def is_long(html: str) -> bool:
    """Whether a post is too long to be shown whole beside others."""
    return len(html) > LONGEST_SHOWN


def beginning(html: str) -> str:
    """What is shown of a post's HTML beside others: a long one ends with a paragraph or a line.

    Args:
        html: Sanitised; whatever is open at the cut is closed.
    """
    if not is_long(html):
        return html
    kept = _TORN.sub("", html[:LONGEST_SHOWN])
    for end in _ENDS:
        place = kept.rfind(end)
        if place > LONGEST_SHOWN // 2:
            kept = kept[:place]
            break
    return sanitize(kept)
