"""The table of contents of a digest, as text and as HTML that mail programs show."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Final
from urllib.parse import quote

from babel import Locale
from babel.dates import format_skeleton

from forum.domain.digest_schedule import time_zone
from forum.domain.masking import redact_own_tokens
from forum.domain.values import LANGUAGES
from forum.operations.translated import Translated
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from mailbridge import list_headers, mail_page, texts, translated
from mailbridge.addressing import RouteKind, sub_address
from mailbridge.outgoing import PLACEHOLDER

MARK: Final = "[[[contents]]]"

_MESSAGES: Final = {
    "fr": ("1 message", "%s messages"),
    "en": ("1 message", "%s messages"),
    "es": ("1 mensaje", "%s mensajes"),
}
_THREADS: Final = {
    "fr": ("1 fil", "%s fils"),
    "en": ("1 thread", "%s threads"),
    "es": ("1 hilo", "%s hilos"),
}
_NO_SUBJECT: Final = {"fr": "(sans objet)", "en": "(no subject)", "es": "(sin asunto)"}

_LINK: Final = mail_page.LINK


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as the table of contents names it."""

    thread_id: int
    thread: str
    post_id: int
    author: str
    date: datetime
    languages: tuple[str, ...]
    excerpt: str
    mark: str = ""
    """What is said of a translation."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The first part of a digest and its subject; for the token stands a placeholder."""

    subject: str
    above: str
    """The text up to where the messages follow; line ends `\\n`."""
    below: str
    """What stands at the end of the text."""
    page: str
    """All in HTML."""


def contents(
    mailing_list: MailingList,
    entries: Sequence[Entry],
    language: str,
    site_url: str,
    *,
    plain: bool = False,
) -> Contents:
    """The table of contents in a language: fr, en or es, another is taken as English.

    Args:
        entries: those of one thread stand together.
        plain: whether the messages follow in the same text, where none can be opened.
    """
    language = language if language in LANGUAGES else "en"
    threads = [list(group) for _, group in groupby(entries, key=lambda entry: entry.thread_id)]
    filled = texts.fill(
        "digest",
        language,
        {
            "title": mailing_list.title(language),
            "address": mailing_list.address,
            "list_url": f"{site_url}/lists/{quote(mailing_list.slug)}/",
            "messages": counted(_MESSAGES[language], len(entries)),
            "threads": counted(_THREADS[language], len(threads)),
            "contents": MARK,
            "parts": "" if plain else "1",
            "plain": "1" if plain else "",
            "account_url": f"{site_url}/account",
            "owner_address": sub_address(mailing_list, RouteKind.OWNER),
            "unsubscribe_url": list_headers.unsubscribe_url(site_url, PLACEHOLDER),
        },
    )
    zone = time_zone(mailing_list.time_zone)
    before, _, after = filled.body.partition(MARK)
    text = "\n\n".join(_thread_text(some, language, zone, site_url) for some in threads)
    body = "".join(_thread_html(some, language, zone, site_url) for some in threads)
    page = mail_page.page(language, filled.subject, f"{_top(before)}{body}{_bottom(after)}")
    return Contents(filled.subject, before + text, after.lstrip("\n"), page)


def entry_of(post: Post, languages: tuple[str, ...], site_url: str) -> Entry:
    """A post in the table of contents.

    Args:
        languages: of its own text where there are several, else empty.
    """
    return Entry(
        post.thread_id,
        post.thread.subject,
        post.id,
        post.author_name or post.author.name or "—",
        post.date,
        languages or (post.language,),
        redact_own_tokens(post.excerpt, site_url),
    )


def translated_entry(found: Translated, language: str, site_url: str) -> Entry:
    """A translation in the table of contents, named as one.

    Args:
        language: of who reads it.
    """
    return replace(
        entry_of(found.post, (found.version.language,), site_url),
        excerpt=redact_own_tokens(translated.excerpt_of(found), site_url),
        mark=translated.mark_of(found, language, site_url),
    )


def counted(forms: tuple[str, str], number: int) -> str:
    """A number of things, in words of one language."""
    return forms[0] if number == 1 else forms[1] % number


def _thread_text(entries: Sequence[Entry], language: str, zone: tzinfo, site_url: str) -> str:
    # Not indented: the lines are wrapped as flowed text, which has no hanging indents.
    lines = [
        f"* {' '.join(entries[0].thread.split()) or _NO_SUBJECT[language]}",
        f"{site_url}/threads/{entries[0].thread_id}",
    ]
    for entry in entries:
        excerpt = " ".join(entry.excerpt.split())
        lines += ["", f"- {_byline(entry, language, zone)}"]
        lines += [excerpt] if excerpt else []
        lines.append(f"{site_url}/posts/{entry.post_id}")
    return "\n".join(lines)


def _thread_html(entries: Sequence[Entry], language: str, zone: tzinfo, site_url: str) -> str:
    subject = html.escape(entries[0].thread or _NO_SUBJECT[language])
    address = html.escape(f"{site_url}/threads/{entries[0].thread_id}")
    pieces = [
        '<h2 style="font-size:18px;line-height:1.3;margin:24px 0 8px">'
        f'<a href="{address}" style="{_LINK}">{subject}</a></h2>\n'
    ]
    for entry in entries:
        address = html.escape(f"{site_url}/posts/{entry.post_id}")
        known = [code for code in entry.languages if code not in ("und", "mul")]
        tag = f' lang="{html.escape(known[0])}"' if len(known) == 1 else ""
        pieces.append(
            '<div style="margin:0 0 12px;padding:0 0 0 12px;border-left:3px solid #ccc">'
            f'<p style="margin:0"><a href="{address}" style="{_LINK}">'
            f"{html.escape(_byline(entry, language, zone))}</a></p>"
            f'<p style="margin:0"{tag}>{html.escape(entry.excerpt)}</p></div>\n'
        )
    return "".join(pieces)


def _byline(entry: Entry, language: str, zone: tzinfo) -> str:
    day = format_skeleton("yMMMd", entry.date, tzinfo=zone, locale=language)
    hour = format_skeleton("Hm", entry.date, tzinfo=zone, locale=language)
    names = Locale(language).languages
    known = [str(names.get(code, code)) for code in entry.languages if code not in ("und", "mul")]
    parts = (entry.author, f"{day}, {hour}", ", ".join(known), entry.mark)
    return " · ".join(part for part in parts if part)


def _top(before: str) -> str:
    """The head of the page: the title with its link, then what stands below it."""
    head, *rest = [part.split("\n") for part in before.strip().split("\n\n")]
    title = (
        '<h1 style="font-size:22px;line-height:1.3;margin:0 0 8px">'
        f'<a href="{html.escape(head[-1])}" style="{_LINK}">{html.escape(head[0])}</a></h1>\n'
    )
    return title + "".join(
        f'<p style="margin:0 0 12px">{html.escape(" ".join(lines))}</p>\n' for lines in rest
    )


def _bottom(after: str) -> str:
    lines = [line for line in after.splitlines() if line.strip("_ ")]
    return (
        f'<hr style="{mail_page.RULE}">'
        f'<p style="{mail_page.SMALL}">{mail_page.with_links(lines)}</p>\n'
    )
