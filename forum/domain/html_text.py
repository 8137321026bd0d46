"""HTML mail as Markdown: cleaned by nh3 first, then turned by html2text, quotations kept as `>`."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

import html2text
import nh3

from forum.domain.simple_html import simple_markdown

MAX_HTML: Final = 400_000
"""Characters of HTML, without its head and styles, that are read; more is cut and flagged."""

_MAX_CLEANED: Final = 250_000
_MAX_NESTING: Final = 300
"""Parsers of HTML take time that grows with the square of the nesting."""
_MAX_TAGS: Final = 15_000

_TAGS: Final = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "strike", "strong", "sub",
    "sup", "table", "tbody", "td", "th", "thead", "tr", "tt", "ul",
}  # fmt: skip
_SCHEMES: Final = {"http", "https", "mailto", "cid"}
_ATTRIBUTES: Final = {"a": {"href"}, "img": {"alt", "src"}, "ol": {"start"}}
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None
)
_NOT_SHOWN: Final = (
    ("<head", "</head>"), ("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>"),
    ("<title", "</title>"),
)  # fmt: skip
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*>?")
_VOID: Final = frozenset(("br", "hr", "img", "meta", "link", "input", "p", "li", "td", "tr"))
_BREAKING: Final = frozenset(("br", "p", "div", "tr", "li", "blockquote", "hr", "pre", "table"))
_CELL: Final = re.compile(r"</t[dh]>")
_ROW: Final = re.compile(r"<(/?)tr>")
_TABLE: Final = re.compile(r"</?(?:table|tbody|thead|td|th)>")
_FIELD: Final = re.compile(
    r"^([ \t]*(?:>[> \t]*)?)\*\*((?:De|From|Von|Envoyé|Sent|Enviado(?: el)?|À|A|To|Para|Cc|"
    r"Objet|Subject|Asunto|Date|Fecha)\s?:)\s*\*\*", re.M | re.I,
)  # fmt: skip
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
_BLANK_QUOTES: Final = re.compile(r"(?:^>[> \t]*\n){3,}", re.M)
_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_DASHES: Final = re.compile(r"^((?:>[> ]*)?)\\?--[ ]*$", re.M)
_BEFORE_MARK: Final = re.compile(r"(?<=\*) (?=[,.)])")
_TRAILING: Final = re.compile(r"(?<! )[ \t]\Z|[ \t]{3,}\Z|\t+\Z")
"""Of one line: two spaces at its end are a line break in Markdown, and stay."""


def markdown_of(html: str) -> tuple[str, bool]:
    """The text of an HTML mail as Markdown, and whether something had to be left out.

    Scripts, styles, comments and remote images are gone; links, emphasis, lists and quotations
    stay. Bounded in size and nesting, so that it takes a fraction of a second for any input.
    """
    html = _without_unshown(html)
    simple = simple_markdown(html)
    return (_tidy(simple), True) if simple is not None else parsed_markdown(html)


def parsed_markdown(html: str) -> tuple[str, bool]:
    """The same by way of a parser of HTML, whatever stands in it but head and styles."""
    whole = len(html) <= MAX_HTML
    html = html[:MAX_HTML]
    if not _tame(html):
        return _tidy(_only_text(html)), False
    cleaned = _CLEANER.clean(html)
    # Tables of mails are layout: a row becomes a line, its cells words in it.
    cleaned = _TABLE.sub("", _ROW.sub(r"<\1div>", _CELL.sub(" ", cleaned)))
    whole = whole and len(cleaned) <= _MAX_CLEANED
    return _tidy(_reader().handle(cleaned[:_MAX_CLEANED])), whole


class _Reader(html2text.HTML2Text):
    def updatepos(self, i: int, j: int) -> int:
        """Count no lines: nobody asks where in the page something stood."""
        return j


def _reader() -> html2text.HTML2Text:
    reader = _Reader(bodywidth=0)
    reader.unicode_snob = True
    reader.images_to_alt = True
    reader.emphasis_mark = "*"
    reader.ul_item_mark = "-"
    return reader


def _without_unshown(html: str) -> str:
    """Without head, styles, scripts and comments; where one is never closed, it stays."""
    lowered = html.lower()
    for opening, closing in _NOT_SHOWN:
        if len(lowered) != len(html) or opening not in lowered:
            continue
        kept: list[str] = []
        at = 0
        start = lowered.find(opening)
        while start >= 0:
            end = lowered.find(closing, start)
            if end < 0:
                break
            if opening[1] != "h" or lowered[start + 5 : start + 6] in "> \t\r\n":
                kept.append(html[at:start])
                at = end + len(closing)
            start = lowered.find(opening, end + len(closing))
        html = "".join((*kept, html[at:]))
        lowered = html.lower()
    return html


def _tame(html: str) -> bool:
    """Whether a parser of HTML will take this in its stride: few tags, none nested deep."""
    depth = deepest = 0
    for count, found in enumerate(_TAG.finditer(html), 1):
        if found[2].lower() not in _VOID:
            depth = max(0, depth - 1) if found[1] else depth + 1
            deepest = max(depth, deepest)
        if count > _MAX_TAGS or deepest > _MAX_NESTING:
            return False
    return True


def _only_text(html: str) -> str:
    """The words alone, for what no browser was meant to show."""

    def line_end(found: re.Match[str]) -> str:
        return "\n" if found[2].lower() in _BREAKING else ""

    return unescape(_TAG.sub(line_end, html))[:_MAX_CLEANED].replace("<", "&lt;")


def _tidy(text: str) -> str:
    """Each of the changes is looked for only where its sign stands somewhere in the text."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if "--" in text:
        text = _DASHES.sub(r"\1-- ", text)
    if "*" in text:
        text = _FIELD.sub(r"\1\2", _BEFORE_MARK.sub("", text))
    text = _BLANK_LINES.sub("\n\n", text)
    if ">" in text:
        text = _BLANK_QUOTES.sub(">\n", text)
    if " \n" in text or "\t\n" in text:
        text = "\n".join(
            [_TRAILING.sub("", line) if line[-1:].isspace() else line for line in text.split("\n")]
        )
    return text.strip()
