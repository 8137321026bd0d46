"""The posts of a search as its page and the API show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from markupsafe import Markup

from forum.domain.masking import mask_addresses_text
from forum.domain.query import SearchQuery
from forum.domain.subject import parse_subject
from forum.domain.values import MULTIPLE, UNDETERMINED, Role, Segment
from forum.extensions import db
from forum.search import SearchHits, highlight, looked_through, marks_words, passage
from forum.storage.found_rows import found_files, found_rows, found_segments
from forum.storage.visibility import Reader
from forum.web.search_wider import Asked

_NOTHING: Final = Markup("")


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
    language: str
    languages: tuple[str, ...]
    snippet: Markup
    score: float
    in_thread: int
    file: Markup = _NOTHING
    """The name of the attachment that shows what was found, where the post itself does not."""
    file_text: Markup = _NOTHING
    """The place in its text; empty where its name alone was found."""


_Hide = Callable[[str], str]


def found_posts(reader: Reader, hits: SearchHits, wanted: Asked) -> list[FoundPost]:
    """The hits as they are shown, in their order, in a fixed number of queries."""
    ids = [hit.post_id for hit in hits.hits]
    if not ids:
        return []
    query, hide = wanted.wide, mask_addresses_text if reader.is_anonymous else str
    lists = {one.id: one for one in wanted.lists}
    slugs = {key: one.slug for key, one in lists.items()}
    rows = found_rows(db.session(), ids, slugs)
    segments = found_segments(db.session(), ids, looked_through(query))
    found, unseen = [], []
    for hit in hits.hits:
        row = rows.get(hit.post_id)
        if row is None:  # Gone since the index last looked.
            continue
        own = segments.get(hit.post_id, ())
        names = lists[row.mailing_list_id].subject_names
        base = parse_subject(row.subject, list_prefixes=names).base
        subject = hide(base or row.thread_subject)
        marked, shown = highlight(subject, row.language, query), passage(own, query, hide=hide)
        if not shown.found and "<mark>" not in marked:
            unseen.append(row.id)
        found.append(
            FoundPost(
                post_id=row.id,
                thread_id=row.thread_id,
                list_slug=slugs[row.mailing_list_id],
                subject=subject,
                marked_subject=marked,
                author=hide(row.author or ""),
                date=row.date,
                language=row.language,
                languages=_languages(row.language, own),
                snippet=shown.text,
                score=hit.score,
                in_thread=hit.in_thread,
            )
        )
    return _with_files(found, unseen, query, hide) if marks_words(query) else found


def _languages(language: str, own: Iterable[Segment]) -> tuple[str, ...]:
    """The languages of a post: for one in several, those of its own text in their order."""
    if language != MULTIPLE:
        return (language,)
    spoken = dict.fromkeys(s.language for s in own if s.role == Role.REPLY)
    return tuple(code for code in spoken if code != UNDETERMINED) or (language,)


def _with_files(
    found: list[FoundPost], unseen: Sequence[int], query: SearchQuery, hide: _Hide
) -> list[FoundPost]:
    """The same, where what was found stands in an attachment with the place in it."""
    files = found_files(db.session(), unseen) if unseen else {}
    return [_with_file(post, files.get(post.post_id, ()), query, hide) for post in found]


def _with_file(
    post: FoundPost, files: Iterable[tuple[str, str]], query: SearchQuery, hide: _Hide
) -> FoundPost:
    for name, text in files:
        marked = highlight(hide(name), UNDETERMINED, query)
        inside = passage([Segment(Role.REPLY, text, UNDETERMINED)], query, hide=hide)
        if inside.found:
            return replace(post, file=marked, file_text=inside.text)
        if "<mark>" in marked:
            return replace(post, file=marked)
    return post
