"""An erased person leaves what others typed, what was read in files, and pieces of archives."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.glossary import Concept, Term
from forum.operations.attachment_text import WaitingFile, keep_text
from forum.operations.curation_authors import report
from forum.operations.curation_threads import retitle
from forum.operations.erasing import without_erased
from forum.operations.glossary import add_concept
from forum.operations.moderation import Verb, decide
from forum.operations.quarantine import put_aside, quarantined_bytes
from forum.operations.synthesis import write_synthesis
from forum.operations.topics import TopicFields, add_topic
from forum.storage.archive import Post
from forum.storage.attachment_text import AttachmentText, Outcome
from forum.storage.audit import AuditEntry
from forum.storage.imports import QuarantinedMessage
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage
from forum.storage.mirror import MirrorLine
from forum.storage.saved_searches import SavedSearch
from forum.storage.synthesis import current_versions
from forum.storage.thumbnails import PostThumbnail
from forum.storage.topics import topics_of
from tests.erased import erase_whole, everything
from tests.factories import START, Make

AWA, NAME = "awa@example.org", "Awa Ndiaye"
PIECE = f"From x\nFrom: {NAME} <{AWA}>\n\nBonjour.\n".encode()


@pytest.fixture
def where(make: Make) -> MailingList:
    """A list on which she wrote, and where others wrote of her."""
    session, found = make.session, make.mailing_list()
    post = make.post(found, author=f"{NAME} <{AWA}>", text="Des marchés à Dakar.\n")
    marta = make.moderator(found, "marta@example.net", name="Marta")
    retitle(session, post.thread, f"Le marché, par {NAME}", START, marta)
    write_synthesis(session, post.thread, "fr", f"{NAME} propose, {AWA} répond.", START, marta)
    titles = dict.fromkeys(("fr", "en", "es"), f"Avec {NAME}")
    add_topic(session, found, TopicFields("eau", titles, date(2010, 3, 1), date(2010, 3, 2), {}),
              START, marta)  # fmt: skip
    concept = Concept((Term("fr", "méthode"), Term("en", "method")), f"Voir {NAME}.")
    add_concept(session, found, concept, START, marta)
    report(session, post, make.account("luc@example.net"), f"{NAME} donne son adresse", START)
    session.add(
        SavedSearch(
            account_id=marta.id, text=f'from:"{NAME}"', told="daily", token="t", seen_to=0,
            told_at=START, created_at=START,
        )
    )  # fmt: skip
    for number, shown in enumerate((f"-- {NAME}", "Liste Ancrage")):
        session.add(
            MirrorLine(
                mailing_list_id=found.id, place="foot", key=shown.lower(), shown=shown,
                authors=[AWA, "zoe@example.net"], first_number=number,
            )
        )  # fmt: skip
    put_piece(session, found, PIECE)
    keep_file(session, post, f"Rapport de {NAME}")
    session.add(PostThumbnail(post_id=post.id, index=0, width=1, height=1, webp=b"x"))
    make.commit()
    return found


def put_piece(session: Session, where: MailingList, raw: bytes) -> QuarantinedMessage:
    return put_aside(
        session, where, raw, START, file="a.mbox", ordinal=0, offset=0, arrived_at=START,
        reason="crash", detail=f"ValueError: {AWA}",
    )  # fmt: skip


def keep_file(session: Session, post: Post, text: str) -> None:
    text = without_erased(session, post.id, text)
    file = WaitingFile(post.id, 0, "a.pdf", "application/pdf", 10)
    keep_text(session, file, Outcome.READ, text, START)


def erase_all(session: Session) -> int:
    return erase_whole(session, AWA, START)


def test_nothing_that_others_typed_names_her_any_more(session: Session, where: MailingList) -> None:
    assert "ndiaye" in everything(session).lower()
    erase_all(session)
    after = everything(session).lower()
    assert "ndiaye" not in after
    assert AWA not in after
    (topic,) = topics_of(session, where.id)
    assert topic.titles["fr"] == "Avec […]"
    post = session.scalars(select(Post)).one()
    assert post.thread.subject == "Le marché, par […]"
    synthesis = current_versions(session, post.thread_id)["fr"]
    assert "[…] propose" in synthesis.html
    assert session.scalars(select(SavedSearch.text)).one() == 'from:"[…]"'
    assert [line.shown for line in session.scalars(select(MirrorLine))] == ["Liste Ancrage"]


def test_what_comes_in_afterwards_loses_her_too(session: Session, where: MailingList) -> None:
    erase_all(session)
    row = put_piece(session, where, PIECE.replace(b"Bonjour", b"Bonsoir"))
    assert b"Bonsoir" in quarantined_bytes(row)
    keep_file(session, session.scalars(select(Post)).one(), f"Annexe de {NAME}")
    assert session.scalars(select(AttachmentText.text)).one() == "Annexe de […]"
    assert "ndiaye" not in everything(session).lower()


def test_the_same_piece_again_is_kept_once(session: Session, where: MailingList) -> None:
    erase_all(session)
    put_piece(session, where, PIECE)
    assert len(session.scalars(select(QuarantinedMessage)).all()) == 1


def test_small_pictures_of_her_files_are_made_again(session: Session, where: MailingList) -> None:
    erase_all(session)
    assert session.scalars(select(PostThumbnail)).all() == []


def test_it_is_recorded_what_was_gone_over_and_not_whom(
    session: Session, where: MailingList
) -> None:
    number = erase_all(session)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "erased")).one()
    assert entry.target == f"person {number}"
    changed = entry.details["changed"]
    assert {name: changed[name] for name in ("messages", "files", "pieces")} == {
        "messages": 1, "files": 1, "pieces": 1,
    }  # fmt: skip
    assert changed["rows"] >= 8


def test_another_person_of_that_name_keeps_it_elsewhere(
    session: Session, make: Make, where: MailingList
) -> None:
    other = make.mailing_list("autre")
    post = make.post(other, author=f"{NAME} <awa@example.net>", message_id="x@example.net")
    retitle(session, post.thread, f"Le livre d’{NAME}", START)
    make.commit()
    erase_all(session)
    assert NAME in session.get_one(Post, post.id).thread.subject


def test_a_name_of_one_word_leaves_what_answers_it(session: Session, make: Make) -> None:
    ancrage = make.mailing_list()
    make.post(ancrage, author=f"Awa <{AWA}>", text="Un marché à Dakar.\n\nAwa\n")
    make.post(
        ancrage, author="Zoé <zoe@example.net>", to=f"{ancrage.address}, {AWA}",
        text="D’accord avec Awa.\n\nLe 3 mars, Awa a écrit :\n> Un marché à Dakar.\n",
    )  # fmt: skip
    make.commit()
    erase_all(session)
    first, second = session.scalars(select(Post).order_by(Post.id)).all()
    assert "Awa" not in first.html
    assert second.html.count("Awa") == 1
    assert "D’accord avec Awa." in second.html


def test_what_was_decided_on_her_mail_says_no_name(
    session: Session, make: Make, where: MailingList
) -> None:
    held = HeldMessage(
        mailing_list_id=where.id, raw_id=session.scalars(select(Post.raw_id)).one(),
        author_id=session.scalars(select(Post.author_id)).one(), author_email=AWA,
        author_name=NAME, subject="x", content_digest="d", source="email", reasons=[],
        held_at=START,
    )  # fmt: skip
    session.add(held)
    session.flush()
    decide(session, held, Verb.REJECT, START, reason=f"Merci, {NAME}.")
    make.commit()
    erase_all(session)
    assert held.decision_reason == "Merci, […]."
