"""Plain text as escaped HTML whose web addresses are links and whose columns stay."""

from __future__ import annotations

import re
from html import escape
from typing import Final

LINK: Final = re.compile(
    r"(?:https?://|(?<![\w.@/-])www\.)[^\s<>\"\x00-\x1f]{1,2000}", re.IGNORECASE
)
"""A web address, perhaps with the punctuation of the sentence behind it."""

_OWN_ADDRESS: Final = re.compile(
    r"(\]\(|^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]{1,20})(?=/[^/\s])", re.MULTILINE
)
"""Where the address of a Markdown link to a page of this site begins."""

_TRAILING: Final = ".,;:!?'\"*_~«»“”‘’…"
_CLOSING: Final = {")": "(", "]": "[", "}": "{"}
_SPACES = re.compile(r"^[ \t]+|[ \t]{2,}", re.MULTILINE)


def linked(text: str) -> str:
    """Escaped text, its web addresses made links."""
    if "://" not in text and "www." not in text.lower():
        return _spaced(text)
    parts: list[str] = []
    position = 0
    for found in LINK.finditer(text):
        address = _without_trailing(found.group())
        if "." not in address and "localhost" not in address:
            continue
        parts.append(_spaced(text[position : found.start()]))
        target = address if "://" in address else f"http://{address}"
        parts.append(f'<a href="{escape(target)}">{escape(address)}</a>')
        position = found.start() + len(address)
    parts.append(_spaced(text[position:]))
    return "".join(parts)


def links(text: str) -> tuple[str, ...]:
    """The web addresses of a text, each once, in their order."""
    found = (_without_trailing(one.group()) for one in LINK.finditer(text))
    return tuple(dict.fromkeys(address for address in found if "." in address))


def for_mail(text: str, site_url: str) -> str:
    """Markdown whose links to pages of this site are whole, for those who read it in their mail.

    Args:
        site_url: without a slash at its end.
    """
    return _OWN_ADDRESS.sub(lambda found: f"{found[1]}{site_url}", text)


def _without_trailing(address: str) -> str:
    """An address without the punctuation of the sentence around it."""
    end = len(address)
    surplus = {
        close: address.count(close) - address.count(open_) for close, open_ in _CLOSING.items()
    }
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]


def _spaced(text: str) -> str:
    """Escaped text whose indentation and columns survive HTML."""
    if not ("  " in text or "\t" in text or "\n " in text or text.startswith(" ")):
        return escape(text)
    return _SPACES.sub(lambda run: "\xa0" * (len(run.group()) - 1) + " ", escape(text))
