"""How the spaces of French stand before its marks: no line breaks there.

For what is shown alone: stored text, search and mail keep the plain spaces that people typed. Where
none was typed, none is added.
"""

from __future__ import annotations

import re
from typing import Final

WIDE: Final = "\u00a0"
"""The no-break space: before a colon and inside guillemets."""
NARROW: Final = "\u202f"
"""The narrow one (Unicode, section 6.2): before the other marks."""
# A mark is one at the end of a word: `a ?b` may be anything else.
_BREAKABLE: Final = re.compile(
    r"(?<=\S) (?=[:;?!»]{1,9}(?:[\s<.,)\]…]|&quot;|&#39;|$))|(?<=«) (?=\S)", re.MULTILINE
)
_SIGNS: Final = (" :", " ;", " ?", " !", " »", "« ")
"""One of these is in all that `_BREAKABLE` finds."""
_VERBATIM: Final = re.compile(r"(<pre\b.*?</pre>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)


def set_text(text: str, language: str) -> str:
    """A line of text as it is shown.

    Args:
        language: BCP 47; other languages than French are left alone.
    """
    return _BREAKABLE.sub(_space, text) if language == "fr" else text


def set_html(html: str, language: str) -> str:
    """The same for HTML that we made: tags and what is typed as code stay as they are."""
    # Nearly no text has one of them, and to look for all at once takes ten times as long.
    if language != "fr" or not any(sign in html for sign in _SIGNS):
        return html
    parts = _VERBATIM.split(html)
    # What was split at has the odd places.
    parts[::2] = [_BREAKABLE.sub(_space, part) for part in parts[::2]]
    return "".join(parts)


def _space(found: re.Match[str]) -> str:
    after = found.string[found.end() : found.end() + 1]
    return NARROW if after in (";", "?", "!") else WIDE
