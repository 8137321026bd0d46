"""A list as a folder of HTML pages: read without a server, with a small search of its own.

Addresses are masked, as for anonymous readers, because such a folder is soon put on a web server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.masking import mask_addresses_text
from forum.domain.message import attachment_content
from forum.domain.readable_file import shows_addresses
from forum.i18n import language_name
from forum.operations.leaving import Selection, post_ids
from forum.operations.raw import load_raw
from forum.storage.archive import Post, RawMessage
from forum.storage.base import reading
from forum.storage.browsing import ThreadRow, thread_row
from forum.storage.lists import MailingList
from forum.storage.post_documents import iso, translations_of_posts
from forum.storage.post_rows import PostRow, posts_where
from forum.storage.translations import TranslationRow
from mailbridge.archive.copy_folder import CopyFolder
from mailbridge.archive.page_search import SCRIPT, Kin, search_lines
from mailbridge.archive.syntheses import synthesis_documents, synthesis_html

_ACTIVE: Final = (".html", ".htm", ".xhtml", ".svg", ".xml", ".js", ".mjs")
_UNSAFE: Final = re.compile(r"[^\w.()+ -]")

STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }
article { border-top: 1px solid #999; padding: .5rem 0; overflow-wrap: anywhere; }
blockquote { border-left: 3px solid #999; margin: .5rem 0; padding-left: .75rem; }
header p, .small { color: #444; font-size: .9rem; } li { margin: .3rem 0; }
img { max-width: 100%; } input { font: inherit; width: 100%; padding: .3rem; }
@media (prefers-color-scheme: dark) {
  body { background: #111; color: #eee; } a { color: #9cf; } header p, .small { color: #bbb; }
}
"""


def write_html(
    folder: Path, session: Session, mailing_list: MailingList, selection: Selection
) -> int:
    """Write the posts of a selection as pages; gives their number.

    Raises:
        OSError: the folder cannot be written to.
    """
    copy = CopyFolder(folder)
    title = mailing_list.title(mailing_list.language)
    language = mailing_list.language
    wanted: set[int] = set()
    thread_ids: dict[int, None] = {}
    for some in post_ids(session, selection):
        wanted |= set(some)
        with reading():
            found = session.execute(select(Post.thread_id).where(Post.id.in_(some)))
            thread_ids.update(dict.fromkeys(found.scalars()))
            session.rollback()
    with force_locale(language):
        copy.path("style.css").write_text(STYLE, encoding="utf-8")
        copy.path("search.js").write_text(SCRIPT, encoding="utf-8")
        threads: list[ThreadRow] = []
        kin = Kin()
        with copy.path("posts.js").open("w", encoding="utf-8") as data:
            data.write("window.POSTS = [\n")
            for thread_id in thread_ids:
                row, posts = _thread(session, thread_id, wanted)
                if row is None:
                    continue
                threads.append(row)
                _write_thread(copy, session, title, language, row, posts)
                data.writelines(search_lines(row, posts, kin))
            data.write("];\n")
        copy.path("kin.js").write_text(kin.script(), encoding="utf-8")
        _write_lists(copy, title, language, threads)
    copy.finish()
    return len(wanted)


def _thread(
    session: Session, thread_id: int, wanted: set[int]
) -> tuple[ThreadRow | None, list[PostRow]]:
    with reading():
        row = thread_row(session, thread_id)
        found = posts_where(
            session, Post.thread_id == thread_id, members_html=False, order=(Post.position,)
        )
        session.rollback()
    return row, [post for post in found if post.id in wanted]


def _write_thread(
    copy: CopyFolder,
    session: Session,
    title: str,
    language: str,
    row: ThreadRow,
    posts: Sequence[PostRow],
) -> None:
    body = [f'<p><a href="../index.html">{escape(title)}</a></p>']
    body.append(f"<h1>{_shown(row.subject) or escape(gettext('(no subject)'))}</h1>")
    versions = synthesis_documents(session, [row.id]).get(row.id, ())
    body += synthesis_html(versions, {post.id for post in posts})
    with reading():
        translations = translations_of_posts(session, posts, masked=True)
        session.rollback()
    for post in posts:
        files = _write_attachments(copy, session, post)
        body.append(_article(post, files, translations.get(post.id, ())))
    page = _page(row.subject, language, body, up="../")
    copy.path(f"threads/{row.id}.html").write_text(page, encoding="utf-8")


def _article(
    post: PostRow, files: Iterable[tuple[str, str]], translations: Iterable[TranslationRow]
) -> str:
    lang = f' lang="{escape(post.language)}"' if post.language not in ("und", "mul") else ""
    parts = [
        f'<article id="p{post.id}"><header><p><strong>{_shown(post.author)}</strong> '
        f'<time datetime="{post.date:%Y-%m-%dT%H:%M:%SZ}">{post.date:%Y-%m-%d %H:%M}</time>'
    ]
    if post.parent is not None:
        answered = gettext("answers %(name)s", name=mask_addresses_text(post.parent.author))
        parts.append(f' <a href="#p{post.parent.id}">{escape(answered)}</a>')
    parts.append(f"</p></header><div{lang}>{post.html}</div>")
    parts += [_translation(one) for one in translations]
    links = [f"<li>{_linked(path, name)}</li>" for path, name in files]
    if links:
        parts.append(f"<ul>{''.join(links)}</ul>")
    return "".join(parts) + "</article>"


def _translation(one: TranslationRow) -> str:
    """What somebody translated of a post, folded below it."""
    language = language_name(one.language)
    said = gettext(
        "In %(language)s, translated by %(name)s", language=language, name=one.translator
    )
    if not one.translator:
        said = gettext("In %(language)s", language=language)
    at = f'<time datetime="{iso(one.written_at)}">{one.written_at:%Y-%m-%d}</time>'
    return (
        f"<details><summary>{_shown(said)}, {at}</summary>"
        f'<div lang="{one.language}">{one.html}</div></details>'
    )


def _linked(path: str, name: str) -> str:
    if path:
        return f'<a href="../{escape(path)}">{escape(name)}</a>'
    kept = gettext("%(name)s: not part of this copy, because mail addresses stand in it", name=name)
    return escape(kept)


def _write_attachments(
    copy: CopyFolder, session: Session, post: PostRow
) -> Iterator[tuple[str, str]]:
    """Put the attachments of a post into files; gives their paths and names.

    What the site refuses to anonymous readers has no path.
    """
    if not post.attachments:
        return
    with reading():
        stored = session.execute(
            select(RawMessage.compressed, RawMessage.size)
            .join(Post, Post.raw_id == RawMessage.id)
            .where(Post.id == post.id)
        ).first()
        session.rollback()
    if stored is None:
        return
    raw = load_raw(RawMessage(compressed=stored.compressed, size=stored.size))
    for part in post.attachments:
        try:
            _, content = attachment_content(raw, part.index)
        except LookupError:
            continue
        shown = mask_addresses_text(part.filename)
        if shows_addresses(content, part.content_type, part.filename):
            yield "", shown
            continue
        name = f"{part.index}-{_UNSAFE.sub('_', shown)[-100:]}"
        # What could run in a browser is only shown.
        name += ".txt" if name.lower().endswith(_ACTIVE) else ""
        path = f"attachments/{post.id}/{name}"
        copy.path(path).write_bytes(content)
        yield path, shown


def _write_lists(copy: CopyFolder, title: str, language: str, threads: Sequence[ThreadRow]) -> None:
    """A page with the search and the years, and one for each year."""
    years: dict[int, list[ThreadRow]] = {}
    for row in sorted(threads, key=lambda row: row.started_at, reverse=True):
        years.setdefault(row.started_at.year, []).append(row)
    label, nothing = escape(gettext("Search")), escape(gettext("Nothing found."))
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p><label>{label} <input id="q" type="search" autocomplete="off"></label></p>',
        f'<div role="status"><p id="none" hidden>{nothing}</p></div>',
        '<ul id="found" aria-live="polite"></ul><ul>',
    ]
    for year, rows in years.items():
        body.append(f'<li><a href="{year}.html">{year}</a> ({len(rows)})</li>')
        lines = [
            f'<li><a href="threads/{row.id}.html">{_shown(row.subject) or "…"}</a> '
            f'<span class="small">{_shown(row.starter)}, {row.started_at:%Y-%m-%d}, '
            f"{row.post_count}</span></li>"
            for row in rows
        ]
        head = f'<p><a href="index.html">{escape(title)}</a></p><h1>{year}</h1><ul>'
        page = _page(f"{title} {year}", language, [head, *lines, "</ul>"])
        copy.path(f"{year}.html").write_text(page, encoding="utf-8")
    scripts = (f'<script src="{name}.js"></script>' for name in ("posts", "kin", "search"))
    body.append(f"</ul>{''.join(scripts)}")
    copy.path("index.html").write_text(_page(title, language, body), encoding="utf-8")


def _page(title: str, language: str, body: Iterable[str], up: str = "") -> str:
    content = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Mail is strangers' writing: the copy loads and runs nothing but its own files.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'self' file:; script-src 'self' file:; img-src 'self' file: data:\">"
        f'<link rel="stylesheet" href="{up}style.css"><title>{_shown(title)}</title></head>'
        f"<body><main>\n{content}\n</main></body></html>\n"
    )


def _shown(text: str) -> str:
    return escape(mask_addresses_text(text))
