"""What is written on the web is a message like any other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import attachment_content, parse
from forum.domain.values import UploadedFile
from forum.operations.posting import Held, Posted
from forum.operations.raw import load_raw
from forum.operations.writing import withdraw_unsent, write_post
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, Notice, SendState
from forum.storage.people import Account
from tests.factories import START, Make

TEXT = "Voici **trois propositions** pour la rencontre :\n\n- les monnaies\n- les semences\n"


@pytest.fixture
def mailing_list(make: Make) -> MailingList:
    found = make.mailing_list()
    make.subscriber(found, "camille@example.org")
    make.subscriber(found, "pilar@example.net", "es")
    return found


@pytest.fixture
def account(make: Make, mailing_list: MailingList) -> Account:
    return make.account("camille@example.org")


def write(session: Session, mailing_list: MailingList, account: Account, **options: object) -> Post:
    fields: dict[str, object] = {
        "subject_line": "Propositions",
        "text": TEXT,
        "now": START,
        "max_bytes": 1_000_000,
    }
    answer = write_post(session, mailing_list, account, **(fields | options))
    assert isinstance(answer, Posted), answer
    return session.get_one(Post, answer.post_id)


def test_markdown_is_kept_as_written_and_shown_as_html(
    session: Session, mailing_list: MailingList, account: Account
) -> None:
    row = write(session, mailing_list, account)
    assert "<strong>trois propositions</strong>" in row.html and "<li>" in row.html
    assert row.raw is not None
    assert parse(load_raw(row.raw), START).text.rstrip() == TEXT.rstrip()
    assert (row.source, row.language, row.author_id) == ("web", "fr", account.author_id)


def test_an_answer_on_the_web_carries_the_chain_of_its_thread(
    session: Session, mailing_list: MailingList, account: Account, make: Make
) -> None:
    first = make.post(mailing_list, author="Awa <awa@example.org>", message_id="a@example.org")
    second = make.post(
        mailing_list,
        author="Pilar <pilar@example.net>",
        message_id="b@example.net",
        in_reply_to="a@example.org",
        text="Gracias por la propuesta, estamos de acuerdo con todo.\n",
    )
    row = write(session, mailing_list, account, subject_line="", parent=second)
    assert row.references == ["a@example.org", "b@example.net"]
    assert (row.parent_id, row.thread_id) == (second.id, first.thread_id)
    assert row.subject == "Re: Monnaies locales"


def test_a_declared_language_is_kept_for_a_short_text(
    session: Session, mailing_list: MailingList, account: Account
) -> None:
    assert write(session, mailing_list, account, text="OK", language="es").language == "es"


def test_a_file_comes_along_byte_for_byte(
    session: Session, mailing_list: MailingList, account: Account
) -> None:
    content = bytes(range(256)) * 5
    upload = UploadedFile("décompte d’avril.csv", "text/csv", content)
    row = write(session, mailing_list, account, attachments=[upload])
    (kept,) = row.attachments
    assert (kept.filename, kept.size) == ("décompte d’avril.csv", len(content))
    assert row.raw is not None
    assert attachment_content(load_raw(row.raw), 0)[1] == content


def test_the_mailing_waits_and_can_be_taken_back(
    session: Session, mailing_list: MailingList, account: Account
) -> None:
    row = write(session, mailing_list, account, delay=timedelta(seconds=30))
    delivery = session.scalars(select(Delivery)).one()
    assert delivery.due_at == START + timedelta(seconds=30)
    assert withdraw_unsent(session, row, account, START + timedelta(seconds=5))
    assert (delivery.state, row.state, row.thread.post_count) == ("cancelled", "hidden", 0)


def test_what_has_begun_to_leave_cannot_be_taken_back(
    session: Session, mailing_list: MailingList, account: Account
) -> None:
    row = write(session, mailing_list, account)
    session.scalars(select(Delivery)).one().state = SendState.SENT
    assert not withdraw_unsent(session, row, account, START)
    assert row.state == "visible"


def test_nobody_takes_back_what_another_wrote(
    session: Session, mailing_list: MailingList, account: Account, make: Make
) -> None:
    row = write(session, mailing_list, account)
    assert not withdraw_unsent(session, row, make.account("other@example.org"), START)


def test_moderators_are_mailed_at_once_what_is_held_with_the_way_to_decide_by_reply(
    session: Session, make: Make, mailing_list: MailingList, account: Account
) -> None:
    mailing_list.posting = "moderated"
    make.moderator(mailing_list, "marta@example.net", language="es")
    answer = write_post(
        session, mailing_list, account,
        subject_line="Propositions", text=TEXT, now=START, max_bytes=1_000_000,
    )  # fmt: skip
    assert isinstance(answer, Held)
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.recipient, told.language) == (
        "held-moderator", "marta@example.net", "es",
    )  # fmt: skip
    assert told.params["held_id"] == str(answer.held_id)
    assert told.params["author"] == "Camille Roy <camille@example.org>"
    assert told.params["reasons"] == "moderated-list"
    assert len(told.params["decision_token"]) > 30
