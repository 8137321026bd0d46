"""Decisions on topics and glossaries are taken back as those on threads are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.domain.curation import Refusal
from forum.domain.glossary import Concept, Term
from forum.operations.curation import Refused
from forum.operations.curation_undoing import undo
from forum.operations.glossary import (
    add_concept,
    change_concept,
    import_concepts,
    remove_concept,
)
from forum.operations.topics import TopicFields, add_topic, change_topic, remove_topic
from forum.storage.audit import AuditEntry
from forum.storage.glossary import GlossaryConcept, concepts_of_list
from forum.storage.lists import MailingList
from forum.storage.topics import Topic, topics_of
from tests.factories import START, Make
from tests.web.signing import sign_in

TITLES = {"fr": "L’eau", "en": "Water", "es": "El agua"}
EAU = TopicFields("eau", TITLES, date(2010, 3, 1), date(2010, 3, 31), {"fr": "Un cahier"})
SHARED = Concept((Term("fr", "biens communs"), Term("en", "commons")), "")
WIDER = Concept((*SHARED.terms, Term("es", "bienes comunes")), "Voir le cahier.")
LATER = START + timedelta(days=1)


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list()


def last(make: Make) -> int:
    """The number of the latest decision."""
    return make.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).first() or 0


def tags(make: Make, mailing_list: MailingList) -> list[str]:
    return [row.tag for row in topics_of(make.session, mailing_list.id)]


def forms(make: Make, mailing_list: MailingList) -> list[tuple[Term, ...]]:
    return [one.terms for one in concepts_of_list(make.session, mailing_list.id)]


def test_a_topic_is_as_it_was_before_it_was_changed(make: Make, ancrage: MailingList) -> None:
    row = add_topic(make.session, ancrage, EAU, START)
    new = replace(EAU, tag="rivière", ends_on=date(2010, 5, 1), products={}, remind_days=3)
    change_topic(make.session, ancrage, row, new, START)
    entry = make.session.get_one(AuditEntry, last(make))
    assert (entry.details["was"]["tag"], entry.details["now_is"]["tag"]) == ("eau", "rivière")
    undo(make.session, entry.id, LATER)
    assert (row.tag, row.ends_on, row.products, row.remind_days) == (
        "eau", EAU.ends_on, {"fr": "Un cahier"}, 7,
    )  # fmt: skip


def test_a_topic_that_was_removed_stands_again_and_one_that_was_announced_goes(
    make: Make, ancrage: MailingList
) -> None:
    row = add_topic(make.session, ancrage, EAU, START)
    announced, number = last(make), row.id
    row.reminded_at = START
    remove_topic(make.session, ancrage, row, START)
    undo(make.session, last(make), LATER)
    again = make.session.get_one(Topic, number)
    assert (again.tag, again.titles) == ("eau", TITLES)
    undo(make.session, announced, LATER)
    assert tags(make, ancrage) == []


def test_a_later_decision_on_the_same_topic_stands_in_the_way_and_is_named(
    make: Make, ancrage: MailingList
) -> None:
    row = add_topic(make.session, ancrage, EAU, START)
    announced = last(make)
    change_topic(make.session, ancrage, row, replace(EAU, remind_days=3), START)
    with pytest.raises(Refused) as refused:
        undo(make.session, announced, LATER)
    assert (refused.value.refusal, refused.value.number) == (Refusal.LATER_DECISION, last(make))


def test_a_tag_that_another_topic_has_now_is_not_given_back(
    make: Make, ancrage: MailingList
) -> None:
    remove_topic(make.session, ancrage, add_topic(make.session, ancrage, EAU, START), START)
    removed = last(make)
    add_topic(make.session, ancrage, EAU, START)
    with pytest.raises(Refused) as refused:
        undo(make.session, removed, LATER)
    assert (refused.value.refusal, refused.value.number) == (Refusal.LATER_DECISION, last(make))


def test_the_number_of_what_was_removed_is_not_given_to_another(
    make: Make, ancrage: MailingList
) -> None:
    topic = add_topic(make.session, ancrage, EAU, START)
    concept = add_concept(make.session, ancrage, SHARED, START)
    remove_topic(make.session, ancrage, topic, START)
    gone = last(make)
    remove_concept(make.session, ancrage, concept, START)
    other = add_topic(make.session, ancrage, replace(EAU, tag="route"), START)
    assert add_concept(make.session, ancrage, WIDER, START).id > concept.id
    assert other.id > topic.id
    undo(make.session, gone, LATER)
    assert sorted(tags(make, ancrage)) == ["eau", "route"]


def test_what_was_done_to_a_concept_is_undone(make: Make, ancrage: MailingList) -> None:
    row = add_concept(make.session, ancrage, SHARED, START)
    added, number = last(make), row.id
    change_concept(make.session, ancrage, row, WIDER, START)
    changed = last(make)
    remove_concept(make.session, ancrage, row, START)
    removed = last(make)
    with pytest.raises(Refused) as refused:
        undo(make.session, changed, LATER)
    assert refused.value.number == removed
    undo(make.session, removed, LATER)
    assert forms(make, ancrage) == [WIDER.terms]
    assert make.session.get_one(GlossaryConcept, number).note == "Voir le cahier."
    undo(make.session, changed, LATER)
    assert forms(make, ancrage) == [SHARED.terms]
    undo(make.session, added, LATER)
    assert forms(make, ancrage) == []


def test_a_file_that_was_taken_in_is_taken_out_again(make: Make, ancrage: MailingList) -> None:
    add_concept(make.session, ancrage, SHARED, START)
    other = Concept((Term("fr", "école"), Term("en", "school")), "")
    import_concepts(make.session, ancrage, [WIDER, other], START)
    assert len(forms(make, ancrage)) == 2
    undo(make.session, last(make), LATER)
    assert forms(make, ancrage) == [SHARED.terms]


def test_moderators_read_what_changed_and_take_it_back(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    sign_in(client, make.moderator(ancrage, "m@example.net"))
    row = add_topic(make.session, ancrage, EAU, START)
    change_topic(make.session, ancrage, row, replace(EAU, tag="rivière"), START)
    changed = last(make)
    change_concept(
        make.session, ancrage, add_concept(make.session, ancrage, SHARED, START), WIDER, START
    )
    import_concepts(make.session, ancrage, [Concept((Term("fr", "ville"),), "")], START)
    make.commit()
    assert "/moderation/audit/ancrage" in client.get("/lists/ancrage/topics").text
    assert "/moderation/audit/ancrage" in client.get("/lists/ancrage/glossary").text
    page = client.get("/moderation/audit/ancrage").text
    assert "The topic [rivière] is changed: eau → rivière." in page
    assert "The glossary has a new concept: biens communs / commons." in page
    assert "A concept of the glossary is changed: – → Voir le cahier.; – → bienes comunes." in page
    assert "New concepts: 1; changed: 0." in page
    answer = client.post("/moderation/audit/ancrage", data={"undo": changed})
    assert answer.status_code == 303
    make.session.expire_all()
    assert tags(make, ancrage) == ["eau"]
    other = make.mailing_list("autre")
    sign_in(client, make.moderator(other, "o@example.net"))
    make.commit()
    last_one = last(make)
    assert client.post("/moderation/audit/autre", data={"undo": last_one}).status_code == 404
