"""Text to safe HTML, without a word of the interface in it: what is stored with a post.

Markdown passes through limits, Python-Markdown without raw HTML, bleach (links and a first
allow-list), and nh3. Mail text is escaped, its links made, and passes nh3 too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Final, cast
from xml.etree.ElementTree import Element

import markdown
from bleach import Cleaner
from bleach.linkifier import LinkifyFilter
from markdown.treeprocessors import Treeprocessor

from forum.domain.linking import LINK, linked
from forum.domain.markdown_limits import is_tame
from forum.domain.masking import mask_addresses_html as mask_addresses_html
from forum.domain.masking import mask_addresses_text as mask_addresses_text
from forum.domain.masking import redact_tokens as redact_tokens
from forum.domain.parallel import is_parallel, opening
from forum.domain.reflow import unwrap
from forum.domain.sanitizing import SCHEMES, TAGS, is_own_image, sanitize
from forum.domain.typography import set_html
from forum.domain.values import MULTIPLE, UNDETERMINED, Role, Segment, TextFormat

SUMMARY_LENGTH: Final = 100
"""Characters of a folded part that are shown unfolded."""

MAX_LINKED: Final = 2_000_000
"""Characters; a longer mail text is shown as one block, without links."""

_BLEACH_ATTRIBUTES: Final = {
    "a": ["href", "title"],
    "img": ["src", "alt", "title"],
    "ol": ["start"],
    "td": ["align"],
    "th": ["align"],
}
_HEADING = re.compile(r"<(/?)h([1-6])>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}\Z")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,200}\")?\)")
_MARKDOWN_MARKS = re.compile(
    r"^[ \t]{0,12}(?:#{1,6} |>+ ?|[-*+] )|[*_`]{1,3}|\\(?=[!-/:-@\[-`{-~])", re.M
)


def render_markdown(text: str) -> str:
    """Markdown to safe HTML.

    Raw HTML is shown as text, images of other hosts become links, bare web addresses links. A
    text beyond the limits of `markdown_limits` is shown as `render_plain` does.
    """
    return sanitize(_markdown_html(text))


def render_plain(text: str) -> str:
    """Mail text to safe HTML: paragraphs, line ends and indentation kept, web addresses linked."""
    return sanitize(_plain_html(text))


def render_segments(segments: Sequence[Segment], text_format: TextFormat) -> str:
    """The HTML of a post: what its author wrote open, what it quotes and its signature folded.

    An attribution folds with the quotation it announces. A post that only quotes, as forwards
    do, shows its quotations open.
    """
    shown = [segment for segment in segments if segment.text.strip()]
    unfolded = not any(segment.role is Role.REPLY for segment in shown)
    in_parallel = is_parallel(shown)
    parts: list[str] = []
    attribution: Segment | None = None
    for segment in shown:
        if segment.role is Role.QUOTATION:
            parts.append(_quotation(segment, attribution, text_format, unfolded))
            attribution = None
            continue
        if attribution is not None:
            parts.append(_open_segment(attribution, TextFormat.PLAIN))
            attribution = None
        if segment.role is Role.ATTRIBUTION:
            attribution = segment
        elif segment.role is Role.REPLY and in_parallel:
            body = _flowing(segment.text, text_format)
            parts.append(f"{opening(segment.language)}{_set(body, segment)}</details>")
        elif segment.role is Role.REPLY:
            parts.append(_open_segment(segment, text_format))
        else:
            parts.append(_folded_segment(segment, text_format))
    if attribution is not None:
        parts.append(_open_segment(attribution, TextFormat.PLAIN))
    return sanitize(below_the_post("\n".join(parts)))


def below_the_post(html: str) -> str:
    """HTML with its headings below that of the post they stand in, the second on a page."""
    return _HEADING.sub(lambda found: f"<{found[1]}h{min(6, int(found[2]) + 2)}>", html)


def plain_excerpt(
    segments: Sequence[Segment], limit: int, text_format: TextFormat = TextFormat.PLAIN
) -> str:
    """The first words of a post's own text on one line, addresses masked.

    :param limit: characters, the ellipsis included.
    :return: the beginning of what is quoted where the author wrote nothing of their own.
    """
    own = [segment.text for segment in segments if segment.role is Role.REPLY]
    if not any(text.strip() for text in own):
        own = [segment.text for segment in segments if segment.role is Role.QUOTATION]
    # A few times the limit is enough, whatever is taken away.
    text = "\n".join(own)[: limit * 8 + 4000]
    if text_format is TextFormat.MARKDOWN:
        text = _MARKDOWN_MARKS.sub("", _MARKDOWN_LINK.sub(r"\1", text))
    return _shorten(mask_addresses_text(text), limit)


def _shorten(text: str, limit: int) -> str:
    """One line of at most `limit` characters, cut between words where there are any."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:") + "…"


def _attributes(kind: str, language: str) -> str:
    return f' class="segment {kind}"' + _language(language)


def _language(language: str) -> str:
    if language in (UNDETERMINED, MULTIPLE) or not _LANGUAGE.match(language):
        return ""
    return f' lang="{language}"'


def _inner(text: str, text_format: TextFormat) -> str:
    return _markdown_html(text) if text_format is TextFormat.MARKDOWN else _plain_html(text)


def _flowing(text: str, text_format: TextFormat) -> str:
    """The same for what people wrote in sentences: mail's line ends of a fixed width are undone."""
    if text_format is TextFormat.MARKDOWN:
        return _markdown_html(text)
    return _plain_html(text, flowing=True)


def _open_segment(segment: Segment, text_format: TextFormat) -> str:
    attributes = _attributes(segment.role.value, segment.language)
    return f"<div{attributes}>{_set(_flowing(segment.text, text_format), segment)}</div>"


def _set(html: str, segment: Segment) -> str:
    return set_html(html, segment.language)


def _quotation(
    segment: Segment, attribution: Segment | None, text_format: TextFormat, unfolded: bool
) -> str:
    attributes = _attributes(segment.role.value, segment.language) + " open" * unfolded
    body = f"<blockquote>{_set(_flowing(segment.text, text_format), segment)}</blockquote>"
    if attribution is None:
        return (
            f"<details{attributes}><summary>{_first_line(segment.text)}</summary>{body}</details>"
        )
    announced = " ".join(attribution.text.split())
    whole = ""
    if len(announced) > 2 * SUMMARY_LENGTH:
        whole = _open_segment(attribution, TextFormat.PLAIN)
        announced = _shorten(announced, 2 * SUMMARY_LENGTH)
    language = "" if attribution.language == segment.language else _language(attribution.language)
    summary = f"<summary{language}>{escape(announced)}</summary>"
    return f"<details{attributes}>{summary}{whole}{body}</details>"


def _folded_segment(segment: Segment, text_format: TextFormat) -> str:
    telling = [line for line in segment.text.splitlines() if any(map(str.isalnum, line))]
    if len(telling) == 1 and len(telling[0]) <= SUMMARY_LENGTH:
        # A name alone: folded, it would take as much room and say the same.
        return _open_segment(segment, text_format)
    attributes = _attributes(segment.role.value, segment.language)
    inner = f"<div>{_set(_inner(segment.text, text_format), segment)}</div>"
    return f"<details{attributes}><summary>{_first_line(segment.text)}</summary>{inner}</details>"


def _first_line(text: str) -> str:
    """The first line that says something, escaped; an ellipsis tells of more."""
    lines = [line.strip() for line in text.strip()[:5000].splitlines()]
    telling = [line for line in lines if any(map(str.isalnum, line))] or lines
    first = _shorten(telling[0], SUMMARY_LENGTH)
    more = len(telling) > 1 and not first.endswith("…")
    return escape(first + " …" * more)


def _plain_html(text: str, flowing: bool = False) -> str:
    """Mail text as HTML, linear in its length; not yet sanitised.

    :param flowing: whether line ends that a program made at a fixed width are undone.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd").expandtabs(4)
    if len(text) > MAX_LINKED:
        return f"<pre>{escape(text)}</pre>"
    if flowing:
        text = unwrap(text)
    paragraphs = re.split(r"\n(?:[^\S\n]*\n)+", text.strip("\n"))
    return "\n".join(
        "<p>" + linked(paragraph).replace("\n", "<br>\n") + "</p>"
        for paragraph in paragraphs
        if paragraph.strip()
    )


class _RemoteImages(Treeprocessor):
    """Images of other hosts become links: nothing is fetched by reading a post."""

    def run(self, root: Element) -> None:
        linked = {id(image) for link in root.iter("a") for image in link.iter("img")}
        for image in list(root.iter("img")):
            source = image.get("src", "")
            if is_own_image(source):
                continue
            image.text = image.get("alt") or ("" if id(image) in linked else source)
            image.tag = "span" if id(image) in linked else "a"
            image.attrib.clear()
            if image.tag == "a":
                image.set("href", source)


def _markdown() -> markdown.Markdown:
    """Python-Markdown without raw HTML, which is then shown as text."""
    engine = markdown.Markdown(
        extensions=["fenced_code", "tables", "sane_lists", "nl2br"],
        extension_configs={"tables": {"use_align_attribute": True}},
    )
    engine.preprocessors.deregister("html_block")
    engine.inlinePatterns.deregister("html")
    engine.treeprocessors.register(_RemoteImages(engine), "remote_images", 15)
    return engine


def _bleach() -> Cleaner:
    """bleach's linkifier and allow-list; never the last gate."""
    linkify = partial(
        LinkifyFilter,
        callbacks=[],
        skip_tags={"pre", "code"},
        parse_email=False,
        url_re=LINK,  # Its own takes minutes on 50 kB of `www.a.b-www.a.b`.
    )
    return Cleaner(
        tags=TAGS,
        attributes=_BLEACH_ATTRIBUTES,
        protocols=SCHEMES,
        strip=True,
        filters=[linkify],
    )


def _markdown_html(text: str) -> str:
    """Markdown as HTML within the limits, else as plain text; not yet sanitised by nh3."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    if not is_tame(text):
        return _plain_html(text)
    try:
        html = _markdown().convert(text)
        return cast(str, _bleach().clean(html))
    except (RecursionError, ValueError, AssertionError, IndexError, KeyError, AttributeError):
        # Neither library promises not to fail on what people type.
        return _plain_html(text)
