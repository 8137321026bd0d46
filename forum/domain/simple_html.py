"""HTML of nothing but paragraphs and line ends as Markdown, thirty times as fast as any HTML.

Much HTML mail is plain text in the dress of a program: `<p><span>…</span></p>`, line after line.
`simple_markdown` reads that in one pass and gives what cleaning by nh3 and html2text give, letter
by letter; whatever it is not sure of it leaves to them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import Final

from html2text.utils import escape_md_section

MAX_LENGTH: Final = 40_000
"""Characters; more goes the long way, which has bounds of its own."""
MAX_DEPTH: Final = 300

_SPLIT: Final = re.compile(r"<([^<>]*)>")
_ELEMENT: Final = re.compile(
    r"(/?)([a-z]+(?::p)?)"
    r"(?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[\w#%.:;,+-]+))?)*\s*(/?)\Z",
    re.IGNORECASE | re.ASCII,
)
_DOCTYPE: Final = re.compile(r"!doctype(?:\s+(?:[\w-]+|\"[^\"<>]*\"))*\s*\Z", re.I | re.ASCII)
_REFERENCE: Final = re.compile(r"&(?:([A-Za-z]{2,10}\d?;)|#(\d{2,4});)?")
_CHUNKS: Final = re.compile("([&<>\xa0])")
_ESCAPABLE: Final = frozenset("0123456789+-")

_UNKNOWN: Final = 0
_IGNORED: Final = 1
_OPENED: Final = 2
_CLOSED: Final = 3
_PARAGRAPH: Final = 4
_LINE_END: Final = 5
_DIV_OPENED: Final = 6
_DIV_CLOSED: Final = 7
_INLINE: Final = frozenset(("span", "font", "html", "body", "o:p"))


def simple_markdown(html: str) -> str | None:
    """The Markdown of simple HTML, before it is tidied; None where it is not simple.

    One loop, longer than a screen: its steps are taken some hundred times a mail.
    """
    if len(html) > MAX_LENGTH:
        return None
    writer = _Writer()
    pending: list[str] = []
    depth = divs = 0
    for place, piece in enumerate(_SPLIT.split(html)):
        if not place & 1:
            if piece:
                pending.append(piece)
            continue
        kind = _kind(piece)
        if kind == _OPENED:
            depth += 1
        elif kind == _CLOSED:
            depth = max(0, depth - 1)
        elif kind == _UNKNOWN:
            return None
        elif kind != _IGNORED:
            if kind == _DIV_OPENED:
                divs += 1
            elif kind == _DIV_CLOSED:
                divs -= 1
            if divs < 0 or (pending and not writer.write("".join(pending))):
                return None
            pending = []
            if kind == _LINE_END:
                writer.end_line()
            else:
                writer.gap = True
        if depth + divs > MAX_DEPTH:
            return None
    return writer.text() if writer.write("".join(pending)) else None


@lru_cache(maxsize=1024)
def _kind(tag: str) -> int:
    """What a tag does, given what stands between its angle brackets."""
    if tag[:1] == "!":
        return _IGNORED if _DOCTYPE.match(tag) else _UNKNOWN
    found = _ELEMENT.match(tag)
    if found is None:
        return _UNKNOWN
    closing, name, empty = found[1], found[2].lower(), found[3]
    if name == "br":
        return _UNKNOWN if closing else _LINE_END
    if empty:
        return _UNKNOWN
    if name == "p":
        return _PARAGRAPH
    if name == "div":
        return _DIV_CLOSED if closing else _DIV_OPENED
    if name in _INLINE:
        return _CLOSED if closing else _OPENED
    return _UNKNOWN


class _Writer:
    """What html2text keeps in mind while it writes text, paragraphs and line ends."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.gap = False
        """A paragraph ended: an empty line comes before the next text."""
        self.space = False
        """White space came: a space stands before the next text, unless a line begins."""

    def write(self, text: str) -> bool:
        """Add text between two tags; False where it holds what only a parser of HTML can read."""
        if "<" in text:
            return False
        if "&" in text:
            if not all(map(_is_known, _REFERENCE.finditer(text))):
                return False
            text = unescape(text)
        # html2text sees these one by one, for nh3 writes them as entities.
        for place, chunk in enumerate(_CHUNKS.split(text)):
            if place & 1:
                self._put(chunk)
            elif chunk:
                self._write_chunk(chunk)
        return True

    def _write_chunk(self, chunk: str) -> None:
        core = chunk.lstrip()
        if "\\" in chunk or "\n" in core or core[:1] in _ESCAPABLE:
            chunk = escape_md_section(chunk)
        words = chunk.split()
        if not words:
            self.space = True
            return
        if chunk[0].isspace():
            self.space = True
        self._put(" ".join(words) + (" " if chunk[-1].isspace() else ""))

    def end_line(self) -> None:
        self._put("  \n")

    def _put(self, text: str) -> None:
        written = self.written
        if not written:
            pass  # Nothing stands above: no empty line, no space.
        elif self.gap:
            written.append("\n\n")
        elif self.space and written[-1][-1] != "\n":
            written.append(" ")
        self.gap = self.space = False
        written.append(text)

    def text(self) -> str:
        return "".join(self.written)


def _is_known(reference: re.Match[str]) -> bool:
    """Whether a `&` begins a reference that everybody reads alike."""
    if reference[1]:
        return reference[1] in html5
    return reference[2] is not None and (32 < int(reference[2]) < 127 or int(reference[2]) > 159)
