"""Posts that say the same in several languages, one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forum.domain.values import LANGUAGES, Role, Segment

OWN_NAMES: Final = {"fr": "Français", "en": "English", "es": "Español"}
SHORTEST: Final = 60
"""Characters of each language: a greeting or a wish is no text of its own."""
SAME_LENGTH: Final = 0.5
"""The shortest language has at least so much of the longest: translations differ by a third."""
_PARTS: Final = re.compile(r'<details class="segment reply parallel" lang="([a-z]{2})" open="">')


def is_parallel(segments: Sequence[Segment]) -> bool:
    """Whether a body is one text in several languages of the interface, each once and in a row.

    A text that goes on in another language, or answers parts of a quotation in several, is not:
    nothing of it may be folded away.
    """
    places = [place for place, one in enumerate(segments) if one.role is Role.REPLY]
    own = [segments[place] for place in places]
    languages = [one.language for one in own]
    if len(own) < 2 or len(set(languages)) < len(own) or not set(languages) <= set(LANGUAGES):
        return False
    if places[-1] - places[0] != len(places) - 1:
        return False
    lengths = [len(one.text.strip()) for one in own]
    return min(lengths) >= max(SHORTEST, SAME_LENGTH * max(lengths))


def opening(language: str) -> str:
    """The HTML before such a part's text, open: so that the whole is there where nobody folds."""
    return (
        f'<details class="segment reply parallel" lang="{language}" open>'
        f"<summary>{OWN_NAMES[language]}</summary>"
    )


def languages_of(html: str) -> tuple[str, ...]:
    """The languages of a stored body's parts that say the same; empty where there are none."""
    return tuple(_PARTS.findall(html)) if "segment reply parallel" in html else ()


def folded_to(html: str, language: str) -> str:
    """A stored body with the part in a language open and the others folded.

    Where no part is in that language, all stay open.
    """
    if language not in languages_of(html):
        return html
    return _PARTS.sub(
        lambda found: found[0] if found[1] == language else found[0].replace(' open=""', ""), html
    )
