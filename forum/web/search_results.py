"""The posts of a search as its page and the API show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup

from forum.domain.masking import mask_addresses_text
from forum.domain.subject import parse_subject
from forum.domain.values import LANGUAGES, MULTIPLE, UNDETERMINED, Role, Segment
from forum.extensions import db
from forum.search import Hit, Marks, SearchHits, marks
from forum.storage.found_rows import found_files, found_rows, found_segments
from forum.storage.translations import translation_rows
from forum.storage.visibility import Reader
from forum.web.filters import badges, moments
from forum.web.search_wider import Asked

_NOTHING: Final = Markup("")
_MARK: Final = "<mark>"


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A hit as it is shown."""

    post_id: int
    thread_id: int
    list_slug: str
    subject: str
    marked_subject: Markup
    author: str
    date: datetime
    when: Markup
    """The date as pages show it."""
    language: str
    languages: tuple[str, ...]
    badges: Markup
    """Those languages as pages show them."""
    snippet: Markup
    snippet_language: str
    """Empty where it is in several or not known."""
    translated: str
    """The language of the translation that shows what was found, where the post does not."""
    score: float
    in_thread: int
    file: Markup = _NOTHING
    """The name of the attachment that shows what was found, where the post itself does not."""
    file_text: Markup = _NOTHING
    """The place in its text; empty where its name alone was found."""


_Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the posts of one page are shown with."""

    marks: Marks
    hide: _Hide
    own: Mapping[int, Sequence[Segment]]
    translations: Mapping[int, Sequence[Segment]]
    slugs: Mapping[int, str]
    names: Mapping[int, tuple[str, ...]]
    """What stands before the subjects of each list."""


def found_posts(reader: Reader, hits: SearchHits, wanted: Asked) -> list[FoundPost]:
    """The hits as they are shown, in their order, in a fixed number of queries."""
    ids = [hit.post_id for hit in hits.hits]
    if not ids:
        return []
    lists, marked = wanted.lists, marks(wanted.wide)
    known = found_rows(db.session(), ids, {one.id for one in lists})
    page = _Shown(
        marked,
        mask_addresses_text if reader.is_anonymous else str,
        found_segments(db.session(), ids, marked.roles),
        _translations([row.id for row in known.values() if row.translated_into]),
        {one.id: one.slug for one in lists},
        {one.id: one.subject_names for one in lists},
    )
    # What the index finds may be gone since it last looked.
    rows = [(hit, known[hit.post_id]) for hit in hits.hits if hit.post_id in known]
    whens = moments(row.date for _, row in rows)
    found, unseen = [], []
    for (hit, row), when in zip(rows, whens, strict=True):
        post, shows = _found_post(hit, row, when, page)
        found.append(post)
        if not shows:
            unseen.append(row.id)
    return _with_files(found, unseen, page) if marked.beginnings else found


def _translations(post_ids: Sequence[int]) -> dict[int, list[Segment]]:
    """What people wrote of posts in other languages, by post."""
    rows = translation_rows(db.session(), post_ids, LANGUAGES, masked=False)
    return {
        post_id: [Segment(Role.REPLY, one.text, one.language) for one in translations]
        for post_id, translations in rows.items()
    }


def _found_post(hit: Hit, row: Any, when: Markup, page: _Shown) -> tuple[FoundPost, bool]:
    """A post, and whether what is shown of it holds what was searched for."""
    own = page.own.get(row.id, ())
    base = parse_subject(row.subject, list_prefixes=page.names[row.mailing_list_id]).base
    subject = page.hide(base or row.thread_subject)
    marked = page.marks.highlight(subject, row.language)
    texts = [*own, *page.translations.get(row.id, ())]
    shown = page.marks.passage(texts, hide=page.hide)
    languages = _languages(row.language, own)
    translated = texts[shown.place].language if shown.place >= len(own) and shown.found else ""
    only = languages[0] if len(languages) == 1 and languages[0] != UNDETERMINED else ""
    post = FoundPost(
        post_id=row.id,
        thread_id=row.thread_id,
        list_slug=page.slugs[row.mailing_list_id],
        subject=subject,
        marked_subject=marked,
        author=page.hide(row.author or ""),
        date=row.date,
        when=when,
        language=row.language,
        languages=languages,
        badges=badges(languages),
        snippet=shown.text,
        snippet_language=translated or only,
        translated=translated,
        score=hit.score,
        in_thread=hit.in_thread,
    )
    return post, shown.found or _MARK in marked


def _languages(language: str, own: Iterable[Segment]) -> tuple[str, ...]:
    """The languages of a post: for one in several, those of its own text in their order."""
    if language != MULTIPLE:
        return (language,)
    spoken = dict.fromkeys(s.language for s in own if s.role == Role.REPLY)
    return tuple(code for code in spoken if code != UNDETERMINED) or (language,)


def _with_files(found: list[FoundPost], unseen: Sequence[int], page: _Shown) -> list[FoundPost]:
    """The same, where what was found stands in an attachment with the place in it."""
    if not unseen:
        return found
    files = found_files(db.session(), unseen)
    return [_with_file(post, files.get(post.post_id, ()), page) for post in found]


def _with_file(post: FoundPost, files: Iterable[tuple[str, str]], page: _Shown) -> FoundPost:
    for name, text in files:
        marked = page.marks.highlight(page.hide(name), UNDETERMINED)
        inside = page.marks.passage([Segment(Role.REPLY, text, UNDETERMINED)], hide=page.hide)
        if inside.found:
            return replace(post, file=marked, file_text=inside.text)
        if _MARK in marked:
            return replace(post, file=marked)
    return post
