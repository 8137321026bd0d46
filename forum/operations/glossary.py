"""A list's glossary: concepts added, changed and removed, one by one or from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from forum.domain.glossary import MOST_FORMS, Concept, Term
from forum.domain.glossary_files import MOST_CONCEPTS
from forum.domain.values import LANGUAGES
from forum.operations.curation import keep_decision, unused_number
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.glossary import (
    GlossaryConcept,
    GlossaryTerm,
    concepts_of_list,
    count_concepts,
)
from forum.storage.lists import MailingList
from forum.storage.people import Account


class TooManyError(ValueError):
    """The glossary is full."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the concepts of a file."""

    added: int
    changed: int
    """Those that had one of the terms already, and got others."""
    known: int


def add_concept(
    session: Session,
    mailing_list: MailingList,
    concept: Concept,
    now: datetime,
    account: Account | None = None,
) -> GlossaryConcept:
    """Add a concept.

    Raises:
        TooManyError: there are as many as there may be.
    """
    if count_concepts(session, mailing_list.id) >= MOST_CONCEPTS:
        raise TooManyError
    row = _add(session, mailing_list.id, concept, now)
    _keep_one(session, mailing_list, now, account, "glossary-add", row.id, None, concept)
    return row


def change_concept(
    session: Session,
    mailing_list: MailingList,
    row: GlossaryConcept,
    concept: Concept,
    now: datetime,
    account: Account | None = None,
) -> None:
    """Replace the terms and the note of a concept."""
    before = _concept(row)
    _write(session, row, concept, now)
    _keep_one(session, mailing_list, now, account, "glossary-edit", row.id, before, concept)


def remove_concept(
    session: Session,
    mailing_list: MailingList,
    row: GlossaryConcept,
    now: datetime,
    account: Account | None = None,
) -> None:
    """Take a concept away."""
    before = _concept(row)
    _keep_one(session, mailing_list, now, account, "glossary-remove", row.id, before, None)
    session.delete(row)
    session.flush()


def import_concepts(
    session: Session,
    mailing_list: MailingList,
    concepts: Sequence[Concept],
    now: datetime,
    account: Account | None = None,
) -> Imported:
    """Take in the concepts of a file.

    One whose first term in some language is the first term of a concept that is there already is
    that concept, and adds its forms to it; so reading a file twice changes nothing.

    Raises:
        TooManyError: there would be more concepts than there may be; nothing is changed.
    """
    new, changed = _compared(concepts_of_list(session, mailing_list.id), concepts)
    there = len(concepts) - len(new) - sum(number for _, number in changed.values())
    if count_concepts(session, mailing_list.id) + len(new) > MOST_CONCEPTS:
        raise TooManyError
    before: dict[int, Concept | None] = {}
    for concept_id, (joined, _number) in changed.items():
        row = session.get_one(GlossaryConcept, concept_id)
        before[concept_id] = _concept(row)
        _write(session, row, joined, now)
    for concept in new:
        before[_add(session, mailing_list.id, concept, now).id] = None
    told = {"added": len(new), "changed": len(changed), "known": there}
    if before:
        _keep(session, mailing_list, now, account, "glossary-import", before, **told)
    return Imported(**told)


def _compared(
    standing: Iterable[Concept], concepts: Iterable[Concept]
) -> tuple[list[Concept], dict[int, tuple[Concept, int]]]:
    """What is new of some concepts, and what others become by how many of them."""
    known = {_mark(term): one for one in standing for term in _firsts(one)}
    new: list[Concept] = []
    changed: dict[int, tuple[Concept, int]] = {}
    for concept in concepts:
        like = next((known[_mark(t)] for t in _firsts(concept) if _mark(t) in known), None)
        if like is None:
            new.append(concept)
            continue
        like, number = changed.get(like.id, (like, 0))
        joined = _joined(like, concept)
        if joined != like:
            changed[like.id] = joined, number + 1
    return new, changed


def undo_glossary(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Let the concepts of a decision be as they were before it, in the glossary or out of it."""
    for number, state in decision.before["concepts"].items():
        row = session.get(GlossaryConcept, int(number))
        if state is None:
            if row is not None:
                session.delete(row)
            continue
        if row is None:
            list_id = decision.entry.mailing_list_id
            row = GlossaryConcept(id=int(number), mailing_list_id=list_id, note="", changed_at=now)
            session.add(row)
        terms = tuple(Term(language, text) for language, text in state["terms"])
        _write(session, row, Concept(terms, state["note"]), now)
    session.flush()


def _firsts(concept: Concept) -> Iterable[Term]:
    for language in LANGUAGES:
        first = next((term for term in concept.terms if term.language == language), None)
        if first is not None:
            yield first


def _mark(term: Term) -> str:
    return term.key


def _joined(old: Concept, new: Concept) -> Concept:
    """A concept with the forms and the note that another one adds."""
    terms = list(dict.fromkeys((*old.terms, *new.terms)))
    kept = []
    for language in LANGUAGES:
        kept += [term for term in terms if term.language == language][:MOST_FORMS]
    if set(kept) == set(old.terms):
        kept = list(old.terms)
    return Concept(tuple(kept), old.note or new.note, old.id)


def _add(session: Session, list_id: int, concept: Concept, now: datetime) -> GlossaryConcept:
    number = unused_number(session, GlossaryConcept.id, Aspect.CONCEPT)
    row = GlossaryConcept(id=number, mailing_list_id=list_id, note="", changed_at=now)
    session.add(row)
    session.flush()
    _write(session, row, concept, now)
    return row


def _write(session: Session, row: GlossaryConcept, concept: Concept, now: datetime) -> None:
    session.execute(delete(GlossaryTerm).where(GlossaryTerm.concept_id == row.id))
    row.note, row.changed_at = concept.note, now
    session.add_all(
        GlossaryTerm(
            concept_id=row.id,
            position=position,
            language=term.language,
            text=term.text,
            key=term.key,
        )
        for position, term in enumerate(concept.terms)
    )
    session.flush()
    session.expire(row, ["terms"])


def _concept(row: GlossaryConcept) -> Concept:
    return Concept(tuple(Term(term.language, term.text) for term in row.terms), row.note, row.id)


def _state(concept: Concept | None) -> dict[str, Any] | None:
    if concept is None:
        return None
    return {"terms": [[term.language, term.text] for term in concept.terms], "note": concept.note}


def _keep_one(
    session: Session,
    mailing_list: MailingList,
    now: datetime,
    account: Account | None,
    action: str,
    number: int,
    before: Concept | None,
    after: Concept | None,
) -> None:
    _keep(
        session, mailing_list, now, account, action, {number: before},
        concept=number, was=_state(before), now_is=_state(after),
    )  # fmt: skip


def _keep(
    session: Session,
    mailing_list: MailingList,
    now: datetime,
    account: Account | None,
    action: str,
    before: Mapping[int, Concept | None],
    **details: Any,
) -> None:
    keep_decision(
        session, action, f"list {mailing_list.slug}", now, account, mailing_list,
        touched={Aspect.CONCEPT: before},
        before={"concepts": {str(number): _state(one) for number, one in before.items()}},
        **details,
    )  # fmt: skip
