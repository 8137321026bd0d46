"""What every page of a thread asks besides its posts, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from forum.storage.archive import Post, Thread
from forum.storage.browsing import read_columns
from forum.storage.glossary import GlossaryConcept
from forum.storage.post_rows import page_of
from forum.storage.synthesis import SynthesisVersion


@dataclass(frozen=True, slots=True)
class ThreadFacts:
    """What there is of a thread."""

    pages: int
    """At least one."""
    has_synthesis: bool
    """Whether anybody ever wrote one; it may have been taken back."""
    has_glossary: bool
    """Whether its list has any concept."""


def facts_of(session: Session, thread: Thread) -> ThreadFacts:
    """The facts of a thread that the reader may see."""
    values = {"thread": thread.id, "mailing_list": thread.mailing_list_id}
    row = read_columns(session, _facts(), **values).one()
    return ThreadFacts(page_of(row[0] or 0), bool(row[1]), bool(row[2]))


@cache
def _facts() -> Select[*tuple[Any, ...]]:
    thread: Any = bindparam("thread")
    last = select(func.max(Post.position)).where(Post.thread_id == thread).scalar_subquery()
    of_list = GlossaryConcept.mailing_list_id == bindparam("mailing_list")
    return select(
        last, exists().where(SynthesisVersion.thread_id == thread), exists().where(of_list)
    )
