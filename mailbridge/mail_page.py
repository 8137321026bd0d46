"""HTML as mail programs show it: inline style, 600 pixels, nothing fetched from anywhere.

Mail programs drop style sheets, many do not fetch images, and pages of ours would tell who reads:
every tag bears its own style, images of posts are links, and what the page says is all it holds.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Final

import nh3

from forum.domain.sanitizing import SCHEMES, TAGS

LINK: Final = "color:#0b5394"
SMALL: Final = "font-size:13px;line-height:1.5;color:#555"
RULE: Final = "border:0;border-top:1px solid #bbb;margin:24px 0 8px"

_WRAPPER: Final = (
    "max-width:600px;margin:0 auto;padding:16px;font-family:Arial,Helvetica,sans-serif;"
    "font-size:16px;line-height:1.5;color:#222;background:#fff;overflow-wrap:break-word"
)
_CODE: Final = "font-family:Consolas,Menlo,monospace;font-size:14px;background:#f3f3f3"
_CELL: Final = "padding:4px 8px;border:1px solid #bbb;text-align:left;vertical-align:top"
_HEADING: Final = "line-height:1.3;margin:24px 0 8px"
_LIST: Final = "margin:0 0 16px;padding:0 0 0 24px"
_STYLES: Final = {
    "a": LINK,
    "blockquote": "margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #ccc;color:#555",
    "code": _CODE,
    "dd": "margin:0 0 8px 24px",
    "h1": f"font-size:22px;{_HEADING}",
    "h2": f"font-size:20px;{_HEADING}",
    "h3": f"font-size:18px;{_HEADING}",
    "h4": f"font-size:16px;{_HEADING}",
    "h5": f"font-size:16px;{_HEADING}",
    "h6": f"font-size:16px;{_HEADING}",
    "hr": RULE,
    "li": "margin:0 0 4px",
    "ol": _LIST,
    "p": "margin:0 0 16px",
    "pre": f"{_CODE};margin:0 0 16px;padding:8px;white-space:pre-wrap",
    "table": "border-collapse:collapse;margin:0 0 16px",
    "td": _CELL,
    "th": f"{_CELL};font-weight:bold",
    "ul": _LIST,
}
_BODY: Final = re.compile(r"<body[^>]*>(.*?)</body>", re.DOTALL | re.IGNORECASE)
_IMAGE: Final = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r'\b(src|alt)="([^"]*)"', re.IGNORECASE)


def page(language: str, title: str, content: str) -> str:
    """A whole document around what is styled already.

    Args:
        language: of the content; empty where it is not known.
        title: plain text; mail programs read it out.
    """
    lang = f' lang="{html.escape(language)}"' if language else ""
    return (
        f'<!DOCTYPE html>\n<html{lang}><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title></head>\n"
        f'<body style="margin:0;padding:0;background:#fff"><div style="{_WRAPPER}">\n'
        f"{content}</div></body></html>\n"
    )


def styled(document: str, site_url: str) -> str:
    """The content of a post's HTML with its style inline; images become links to them.

    Args:
        document: as `forum.domain.compose` writes it, or a piece of such a page.
    """
    found = _BODY.search(document)
    content = found[1].strip() if found else document
    return _cleaner(site_url).clean(_IMAGE.sub(_as_link, content))


def with_links(lines: list[str]) -> str:
    """Lines of plain text as HTML, their web addresses links."""
    shown = [html.escape(line) for line in lines]
    return "<br>".join(
        re.sub(r"https?://\S+", rf'<a href="\g<0>" style="{LINK}">\g<0></a>', line)
        for line in shown
    )


@cache
def _cleaner(site_url: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS - {"img", "details", "summary"}),
        clean_content_tags={"script", "style"},
        attributes={"a": {"href", "title"}, "div": {"lang"}, "ol": {"start"}},
        tag_attribute_values={
            name: {"align": {"left", "center", "right"}} for name in ("td", "th")
        },
        set_tag_attribute_values={name: {"style": style} for name, style in _STYLES.items()},
        url_schemes=set(SCHEMES),
        url_relative=("rewrite_with_base", f"{site_url}/"),
        link_rel=None,
    )


def _as_link(image: re.Match[str]) -> str:
    known = {name.lower(): value for name, value in _ATTRIBUTE.findall(image[0])}
    source = known.get("src", "")
    shown = known.get("alt") or html.escape(html.unescape(source).rpartition("/")[2])
    return f'<a href="{source}">{shown}</a>' if source else shown
