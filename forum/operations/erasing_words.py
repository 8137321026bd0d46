"""An erased person in what others typed: titles, reasons, translations, the log and others.

A name of two words may be somebody else's: what moderators wrote is gone over in the lists and the
threads in which the person wrote, and what is about decisions everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session, undefer

from forum.domain.erasing import Eraser
from forum.domain.glossary import key
from forum.domain.markup import render_markdown
from forum.operations.curation import index_again
from forum.operations.translation import rendered
from forum.operations.versions import keep_html
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import CurationDecision, PostReport, RemovedMessage
from forum.storage.drafts import Draft
from forum.storage.glossary import GlossaryConcept, GlossaryTerm
from forum.storage.mail import HeldMessage, Notice, SendState
from forum.storage.mirror import MirrorLine
from forum.storage.rules import SenderFlag
from forum.storage.saved_searches import SavedSearch
from forum.storage.synthesis import SynthesisVersion
from forum.storage.thumbnails import PostThumbnail
from forum.storage.topics import Topic
from forum.storage.translations import PostTranslation
from forum.storage.versions import V

_AT_ONCE: Final = 500

_EVERYWHERE: Final[tuple[tuple[InstrumentedAttribute[Any], ...], ...]] = (
    (AuditEntry.target, AuditEntry.details),
    (CurationDecision.before,),
    (HeldMessage.decision_reason,),
    (RemovedMessage.reason,),
    (SenderFlag.reason,),
    (PostReport.reason,),
    (SavedSearch.text,),
)


def forget_words(session: Session, author_id: int, eraser: Eraser, now: datetime) -> int:
    """Take a person out of all rows that people typed; gives how many changed."""
    threads = select(Post.thread_id).where(Post.author_id == author_id)
    lists = select(Post.mailing_list_id).where(Post.author_id == author_id)
    changed = sum(_go_over(session, columns, eraser) for columns in _EVERYWHERE)
    changed += _go_over(session, (Draft.subject, Draft.text), eraser, everywhere=False)
    waits = Notice.state != SendState.SENDING
    changed += _go_over(session, (Notice.params,), eraser, waits)
    changed += _go_over(session, (Thread.subject, Thread.titles), eraser, Thread.id.in_(threads))
    changed += _go_over(
        session, (Topic.titles, Topic.products), eraser, Topic.mailing_list_id.in_(lists)
    )
    changed += _of_glossaries(session, lists, eraser)
    written = select(SynthesisVersion).where(SynthesisVersion.thread_id.in_(threads))
    changed += _of_versions(session, written, eraser, lambda one: render_markdown(one.text))
    changed += _of_translations(session, threads, eraser, now)
    changed += _of_lines(session, lists, eraser)
    session.flush()
    return changed


def forget_pictures(session: Session, author_id: int) -> None:
    """Forget what was made of a person's files: it is made again from what stays of them."""
    own = select(Post.id).where(Post.author_id == author_id)
    session.execute(delete(PostThumbnail).where(PostThumbnail.post_id.in_(own)))


def _go_over(
    session: Session,
    columns: Iterable[InstrumentedAttribute[Any]],
    eraser: Eraser,
    *conditions: ColumnElement[bool],
    everywhere: bool = True,
) -> int:
    columns = tuple(columns)
    query = select(columns[0].class_).where(*conditions).options(*map(undefer, columns))
    changed = 0
    for row in session.scalars(query.execution_options(yield_per=_AT_ONCE)):
        for column in columns:
            before = getattr(row, column.key)
            after = _without(before, eraser, everywhere)
            if after != before:
                setattr(row, column.key, after)
                changed += 1
    return changed


def _without(value: Any, eraser: Eraser, everywhere: bool) -> Any:
    """A text, or all texts in a value of JSON, without them."""
    match value:
        case str():
            return eraser.text(value, everywhere=everywhere)
        case dict():
            return {name: _without(one, eraser, everywhere) for name, one in value.items()}
        case list():
            return [_without(one, eraser, everywhere) for one in value]
    return value


def _of_glossaries(session: Session, lists: Select[Any], eraser: Eraser) -> int:
    here = GlossaryConcept.mailing_list_id.in_(lists)
    changed = _go_over(session, (GlossaryConcept.note,), eraser, here)
    concepts = select(GlossaryConcept.id).where(here)
    terms = select(GlossaryTerm).where(GlossaryTerm.concept_id.in_(concepts))
    for term in session.scalars(terms).all():
        text = eraser.text(term.text, everywhere=True)
        if text != term.text:
            term.text, term.key = text, key(text, term.language)
            changed += 1
    return changed


def _of_translations(session: Session, threads: Select[Any], eraser: Eraser, now: datetime) -> int:
    """Those of posts in the person's threads, and those whose translator is known no more.

    The account is gone by now: what it translated in other threads may bear its name.
    """
    there = Post.thread_id.in_(threads) | PostTranslation.account_id.is_(None)
    written = select(PostTranslation).join(Post, Post.id == PostTranslation.post_id).where(there)
    found: set[int] = set()

    def render(one: PostTranslation) -> str:
        found.add(one.post_id)
        return rendered(one.text, one.language)

    changed = _of_versions(session, written, eraser, render)
    index_again(session, sorted(found), now)
    return changed


def _of_versions(
    session: Session, written: Select[V], eraser: Eraser, render: Callable[[V], str]
) -> int:
    changed = 0
    for version in session.scalars(written).all():
        text = eraser.text(version.text, everywhere=True)
        if text != version.text:
            version.text = text
            keep_html(version, render(version))
            changed += 1
    return changed


def _of_lines(session: Session, lists: Select[Any], eraser: Eraser) -> int:
    """What was learned of an outside list: a line that names somebody is none of the list's."""
    changed = 0
    for line in session.scalars(select(MirrorLine).where(MirrorLine.mailing_list_id.in_(lists))):
        said = f"{line.shown}\n{line.key}"
        authors = _without(line.authors, eraser, True)
        if eraser.text(said, everywhere=True) != said:
            session.delete(line)
        elif authors != line.authors:
            line.authors = authors
        else:
            continue
        changed += 1
    return changed
