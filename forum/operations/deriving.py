"""A post derived again from its stored bytes: what is shown changes, what people decided stays.

Three steps, so that no transaction waits for a long text: what a post is derived from is read, the
rest is computed without the database, and only what differs is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import indent
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.domain import subject
from forum.domain.message import parse
from forum.domain.mirroring import Outside
from forum.domain.preparing import Shown, show
from forum.domain.values import Role, Submission
from forum.operations.accounts import ensure_author
from forum.operations.raw import load_raw, newest_raw
from forum.operations.translated import language_answered, quotable_text
from forum.storage.archive import Post, PostAttachment, PostSegment
from forum.storage.mail import IndexQueue
from forum.storage.mirror import outside_of
from forum.storage.thumbnails import PostThumbnail

UNDONE: Final = "undone"
"""Stands before the repairs of a post (`Post.repairs`) that a moderator took back."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a post is derived from."""

    raw: bytes
    arrived_at: datetime
    with_repairs: bool
    parent_text: str | None
    inherited: tuple[str, ...]
    """Languages that a text follows which is too short to tell."""
    outside: Outside | None = None
    """The list that its list mirrors, or mirrored once."""
    corrected: bytes | None = None
    """The message with which its author replaced the text; None where they did not."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What the bytes of a post say, as the program reads them now."""

    submission: Submission
    shown: Shown
    with_repairs: bool
    dated: bool
    """Whether the message tells its time; else it is that of its arrival, which stays."""


def basis_of(session: Session, row: Post, *, with_repairs: bool | None = None) -> Basis | None:
    """Read what a post is derived from; None where its bytes were removed for good.

    Args:
        with_repairs: Whether wrongly decoded text is repaired; None follows the moderators.
    """
    if row.raw is None:
        return None
    parent = session.get(Post, row.parent_id) if row.parent_id else None
    inherited = [language_answered(session, parent, row.references)] if parent is not None else []
    inherited += newest_language(session, row.author_id, row.date, but=row.id)
    newest = newest_raw(session, row)
    return Basis(
        raw=load_raw(row.raw),
        corrected=load_raw(newest) if newest is not None and newest is not row.raw else None,
        arrived_at=row.arrived_at,
        with_repairs=UNDONE not in row.repairs if with_repairs is None else with_repairs,
        parent_text=(
            quotable_text(session, parent, row.references) if parent is not None else None
        ),
        inherited=tuple(inherited),
        outside=outside_of(session, row.mailing_list),
    )


def text_of(row: Post) -> str:
    """The text of a post, all its parts, as mails have it: what it quotes stands behind `>`."""
    pieces: list[str] = []
    for segment in row.segments:
        quotes = segment.role == Role.QUOTATION
        pieces.append(indent(segment.text, "> ", lambda _: True) if quotes else segment.text)
        # Who is said to have written it stands right above.
        pieces.append("\n" if segment.role == Role.ATTRIBUTION else "\n\n")
    return "".join(pieces).rstrip("\n")


def newest_language(
    session: Session, author_id: int, before: datetime | None = None, but: int = 0
) -> list[str]:
    """The language of an author's newest post, if there is one.

    Args:
        before: No later than this.
        but: A post that is not asked for.
    """
    query = select(Post.language).where(Post.author_id == author_id, Post.id != but)
    if before is not None:
        query = query.where(Post.date <= before)
    found = session.scalar(query.order_by(Post.date.desc(), Post.id.desc()).limit(1))
    return [found] if found else []


def derive(basis: Basis) -> Derived:
    """Read the bytes again: pure, and the one step that may take long."""
    submission = parse(
        basis.raw, basis.arrived_at, repairs=basis.with_repairs, outside=basis.outside
    )
    if basis.corrected is not None:
        # The text alone is new: place, author, date and files are those of the first message.
        newest = parse(basis.corrected, basis.arrived_at)
        submission = replace(submission, text=newest.text, text_format=newest.text_format)
    shown = show(
        submission.text,
        submission.text_format,
        submission.declared_language,
        basis.parent_text,
        basis.inherited,
        basis.outside,
    )
    dated = submission.date != basis.arrived_at
    return Derived(submission, shown, basis.with_repairs, dated)


def differs(row: Post, derived: Derived) -> bool:
    """Whether anything of a post would change."""
    return (
        any(getattr(row, name) != value for name, value in _columns(row, derived).items())
        or _segments(row.segments) != _segments(derived.shown.segments)
        or _attachments(row.attachments) != _attachments(derived.submission.attachments)
    )


def write(session: Session, row: Post, derived: Derived, now: datetime) -> None:
    """Put what was derived in a post's rows; its threads are to be arranged anew afterwards."""
    before = _shown_subject(row, row.subject)
    values = _columns(row, derived)
    author = derived.submission.author
    # Addresses may have been joined in one person since: only another address is another author.
    if author.key not in row.people:
        row.author_id = ensure_author(session, author, row.date).author_id
    for name, value in values.items():
        setattr(row, name, value)
    if _segments(row.segments) != _segments(derived.shown.segments):
        row.segments = segment_rows(derived.shown)
    if _attachments(row.attachments) != _attachments(derived.submission.attachments):
        row.attachments = attachment_rows(derived.submission)
        session.execute(delete(PostThumbnail).where(PostThumbnail.post_id == row.id))
    # A subject that a moderator gave the thread stays.
    if row.position == 0 and row.thread.subject == before:
        row.thread.subject = _shown_subject(row, row.subject)
    session.add(IndexQueue(post_id=row.id, queued_at=now))
    session.flush()


def segment_rows(shown: Shown) -> list[PostSegment]:
    """The parts of a body, to be hung on a post."""
    return [
        PostSegment(position=position, role=part.role, language=part.language, text=part.text)
        for position, part in enumerate(shown.segments)
    ]


def attachment_rows(submission: Submission) -> list[PostAttachment]:
    """What is known of attachments, to be hung on a post."""
    return [
        PostAttachment(
            index=part.index,
            filename=part.filename,
            content_type=part.content_type,
            size=part.size,
            content_id=part.content_id,
            inline=part.inline,
        )
        for part in submission.attachments
    ]


def header_values(submission: Submission, names: tuple[str, ...]) -> dict[str, Any]:
    """The columns of a post that its header tells.

    Args:
        names: Of its list, which subjects may bear as a prefix.
    """
    parsed = subject.parse_subject(submission.subject, list_prefixes=names)
    return {
        "author_name": submission.author.name,
        "references": list(submission.parents),
        "people": sorted(submission.people),
        "thread_index": submission.thread_index,
        "subject": submission.subject,
        "base_subject": subject.base_subject(submission.subject, names),
        "is_reply": parsed.is_reply,
        "text_format": submission.text_format,
        "flags": [str(flag) for flag in submission.flags],
        "repairs": [f"{repair.part}:{repair.method}" for repair in submission.repairs],
    }


def shown_values(shown: Shown) -> dict[str, Any]:
    """The columns of a post that its body tells."""
    return {
        "language": shown.language,
        "html": shown.html,
        "public_html": shown.public_html,
        "excerpt": shown.excerpt,
    }


def _columns(row: Post, derived: Derived) -> dict[str, Any]:
    names = row.mailing_list.subject_names
    values = header_values(derived.submission, names) | shown_values(derived.shown)
    if row.author.name_is_corrected:
        values["author_name"] = row.author.name
    if derived.dated:
        values["date"] = derived.submission.date
    if not derived.with_repairs:
        # What there was to repair stays told, so that it can be repaired again.
        values["repairs"] = [UNDONE, *(one for one in row.repairs if one != UNDONE)]
    return values


def _shown_subject(row: Post, written: str) -> str:
    return subject.parse_subject(written, list_prefixes=row.mailing_list.subject_names).base


def _segments(parts: Any) -> list[tuple[str, str, str]]:
    return [(str(part.role), part.language, part.text) for part in parts]


def _attachments(parts: Any) -> list[tuple[Any, ...]]:
    names = ("index", "filename", "content_type", "size", "content_id", "inline")
    return [tuple(getattr(part, name) for name in names) for part in parts]
