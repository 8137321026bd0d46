"""The glossaries of the lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, ForeignKey, Select, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.domain.glossary import Concept, Term
from forum.storage.base import Base, Key, Short
from forum.storage.browsing import read_columns

_AT_ONCE: Final = 500


class GlossaryConcept(Base):
    """One concept of a list's glossary."""

    __tablename__ = "glossary_concept"

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(
        ForeignKey("mailing_list.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str]
    changed_at: Mapped[datetime]

    terms: Mapped[list[GlossaryTerm]] = relationship(
        order_by="GlossaryTerm.position", cascade="all, delete-orphan", passive_deletes=True
    )


class GlossaryTerm(Base):
    """One form of a concept in one language."""

    __tablename__ = "glossary_term"
    __table_args__ = (UniqueConstraint("concept_id", "language", "text"),)

    id: Mapped[Key]
    concept_id: Mapped[int] = mapped_column(ForeignKey("glossary_concept.id", ondelete="CASCADE"))
    position: Mapped[int]
    """0-based, among all terms of the concept."""
    language: Mapped[Short]
    text: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    """What it is looked up by (`forum.domain.glossary.key`)."""


def has_glossary(session: Session, list_id: int) -> bool:
    """Whether a list has any concept."""
    return read_columns(session, _any_concept(), mailing_list=list_id).first() is not None


@cache
def _any_concept() -> Select[int]:
    # Asked on every page of a list and of a thread.
    wanted = GlossaryConcept.mailing_list_id == bindparam("mailing_list")
    return select(GlossaryConcept.id).where(wanted).limit(1)


def count_concepts(session: Session, list_id: int) -> int:
    """How many concepts a list has."""
    return (
        session.scalar(
            select(func.count(GlossaryConcept.id)).where(GlossaryConcept.mailing_list_id == list_id)
        )
        or 0
    )


def concepts_of_list(session: Session, list_id: int) -> list[Concept]:
    """A list's glossary, in the order of its terms."""
    found = _concepts(session, GlossaryConcept.mailing_list_id == list_id)
    return sorted(found, key=lambda one: (one.terms[0].key.partition(":")[2], one.id))


def concept_row(session: Session, list_id: int, concept_id: int) -> GlossaryConcept | None:
    """A concept of a list."""
    return session.scalar(
        select(GlossaryConcept).where(
            GlossaryConcept.id == concept_id, GlossaryConcept.mailing_list_id == list_id
        )
    )


def concepts_by_key(
    session: Session, list_ids: Iterable[int], keys: Collection[str]
) -> dict[str, list[Concept]]:
    """The concepts of these lists that have a term with one of these keys, by key."""
    rows = session.execute(
        select(GlossaryTerm.key, GlossaryTerm.concept_id)
        .join(GlossaryConcept, GlossaryConcept.id == GlossaryTerm.concept_id)
        .where(
            GlossaryTerm.key.in_(sorted(keys)[:_AT_ONCE]),
            GlossaryConcept.mailing_list_id.in_(sorted(list_ids)),
        )
        .order_by(GlossaryTerm.concept_id)
        .distinct()
    ).all()
    if not rows:
        return {}
    wanted = GlossaryConcept.id.in_({row.concept_id for row in rows})
    concepts = {one.id: one for one in _concepts(session, wanted)}
    found: dict[str, list[Concept]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(concepts[row.concept_id])
    return found


def _concepts(session: Session, where: ColumnElement[bool]) -> list[Concept]:
    rows = session.execute(
        select(GlossaryConcept.id, GlossaryConcept.note, GlossaryTerm.language, GlossaryTerm.text)
        .join(GlossaryTerm, GlossaryTerm.concept_id == GlossaryConcept.id)
        .where(where)
        .order_by(GlossaryConcept.id, GlossaryTerm.position)
    )
    notes: dict[int, str] = {}
    terms: dict[int, list[Term]] = {}
    for row in rows:
        notes[row.id] = row.note
        terms.setdefault(row.id, []).append(Term(row.language, row.text))
    return [Concept(tuple(of_one), notes[key], key) for key, of_one in terms.items()]
