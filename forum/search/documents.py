"""What the index is told of posts, read from the database in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from forum.domain.masking import mask_addresses_text
from forum.domain.subject import parse_subject
from forum.domain.values import LANGUAGES, Role, Segment
from forum.search.protocol import IndexDocument
from forum.storage.archive import Post, PostAttachment, PostSegment, PostState, Thread
from forum.storage.attachment_text import AttachmentText
from forum.storage.lists import MailingList, names_before_subjects
from forum.storage.translations import translation_rows

READ_AT_ONCE: Final = 200
"""Posts in memory at a time."""

_Rows = dict[int, list[Row[Any]]]


def documents(session: Session, post_ids: Sequence[int]) -> Iterator[IndexDocument]:
    """The posts among these that are shown, as documents, in the order of the ids."""
    for start in range(0, len(post_ids), READ_AT_ONCE):
        some = sorted(post_ids[start : start + READ_AT_ONCE])
        segments = _by_post(session.execute(_segments(), {"ids": some}))
        attachments = _by_post(session.execute(_attachments(), {"ids": some}))
        texts = _by_post(session.execute(_texts(), {"ids": some}))
        rows = session.execute(_posts(), {"ids": some}).all()
        translated = _translations(session, [row.id for row in rows if row.translated_into])
        for row in rows:
            yield _document(
                row,
                segments.get(row.id, ()),
                attachments.get(row.id, ()),
                tuple(one.text for one in texts.get(row.id, ())),
                translated.get(row.id, ()),
            )


@cache
def _posts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Post.id,
            Post.thread_id,
            Post.mailing_list_id,
            MailingList.slug,
            MailingList.subject_prefix,
            Post.date,
            Post.subject,
            Post.author_name,
            Post.language,
            Post.translated_into,
            Thread.tags,
            Post.position,
            Thread.subject.label("thread_subject"),
            Thread.titles,
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(MailingList, MailingList.id == Post.mailing_list_id)
        .where(Post.id.in_(bindparam("ids", expanding=True)), Post.state == PostState.VISIBLE)
        .order_by(Post.id)
    )


@cache
def _segments() -> Select[*tuple[Any, ...]]:
    return (
        select(PostSegment.post_id, PostSegment.role, PostSegment.text, PostSegment.language)
        .where(PostSegment.post_id.in_(bindparam("ids", expanding=True)))
        .order_by(PostSegment.post_id, PostSegment.position)
    )


@cache
def _attachments() -> Select[*tuple[Any, ...]]:
    return (
        select(PostAttachment.post_id, PostAttachment.filename)
        .where(PostAttachment.post_id.in_(bindparam("ids", expanding=True)))
        .order_by(PostAttachment.post_id, PostAttachment.index)
    )


@cache
def _texts() -> Select[*tuple[Any, ...]]:
    return (
        select(AttachmentText.post_id, AttachmentText.text)
        .where(
            AttachmentText.post_id.in_(bindparam("ids", expanding=True)), AttachmentText.text != ""
        )
        .order_by(AttachmentText.post_id, AttachmentText.index)
    )


def _translations(session: Session, post_ids: list[int]) -> dict[int, tuple[Segment, ...]]:
    """What stands of these posts in other languages, by post."""
    rows = translation_rows(session, post_ids, LANGUAGES, masked=False)
    return {
        post_id: tuple(
            Segment(Role.REPLY, mask_addresses_text(one.text), one.language) for one in found
        )
        for post_id, found in rows.items()
    }


def _by_post(rows: Iterable[Row[Any]]) -> _Rows:
    found: _Rows = {}
    for row in rows:
        found.setdefault(row.post_id, []).append(row)
    return found


def _document(
    row: Row[Any],
    segment_rows: Iterable[Row[Any]],
    attachment_rows: Iterable[Row[Any]],
    attachment_texts: tuple[str, ...],
    translations: tuple[Segment, ...],
) -> IndexDocument:
    # Addresses are shown to nobody who is not signed in: to look for one must not tell either.
    segments = tuple(
        Segment(Role(one.role), mask_addresses_text(one.text), one.language) for one in segment_rows
    )
    return IndexDocument(
        post_id=row.id,
        thread_id=row.thread_id,
        list_id=row.mailing_list_id,
        list_slug=row.slug,
        date=row.date,
        subject=_subject(row),
        author=mask_addresses_text(row.author_name),
        languages=_languages(segments, row.language),
        tags=tuple(tag for tag in row.tags.split(",") if tag),
        attachment_names=tuple(one.filename for one in attachment_rows),
        segments=segments,
        attachment_texts=tuple(map(mask_addresses_text, attachment_texts)),
        translations=translations,
        titles=_titles(row) if row.position == 0 else (),
    )


def _subject(row: Row[Any]) -> str:
    # The list's own name stands before all of its subjects: who looks for it would find them all.
    names = names_before_subjects(row.slug, row.subject_prefix)
    return mask_addresses_text(parse_subject(row.subject, list_prefixes=names).base)


def _titles(row: Row[Any]) -> tuple[str, ...]:
    """What a thread is called in other words than its first post says."""
    named = dict.fromkeys((row.thread_subject, *row.titles.values()))
    return tuple(title for title in named if title and title not in row.subject)


def _languages(segments: Iterable[Segment], language: str) -> tuple[str, ...]:
    own = (segment.language for segment in segments if segment.role == Role.REPLY)
    known = tuple(dict.fromkeys(code for code in own if code != "und"))
    return known or (language,)
