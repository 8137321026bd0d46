"""A digest gives back the messages it was made of, whoever made it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.digest_split import MAX_MESSAGES, split
from forum.domain.message import parse
from forum.domain.values import Submission
from tests.factories import START, mail
from tests.flows.outside_digest import digest
from tests.flows.outside_fields import Identity
from tests.flows.outside_habits import DigestForm, Habits, Software
from tests.flows.outside_mail import distributed

OWN = Identity("terres@listes.example.net", "Terres")
FORMS = [
    Habits(software, digest=form, has_prefix=prefix)
    for software in (Software.MAILMAN2, Software.MAILMAN3, Software.SYMPA)
    for form in (DigestForm.PLAIN, DigestForm.MIME)
    for prefix in (False, True)
]
NAMES = [f"{one.software}-{one.digest}-{'prefix' if one.has_prefix else 'bare'}" for one in FORMS]
TEXTS = (
    "Bonjour à toutes,\n\nLes semences de l'été sont prêtes.\n\nImane\n",
    "De acuerdo.\n\n> Bonjour à toutes,\n> Les semences\n\n--\nPilar\n",
    "A ruled line of one's own:\n\n" + "-" * 30 + "\n\nand the text goes on.\n",
    "In the middle\n" + "-" * 30 + "\nFrom: nobody\nDate: never\n\nstill the same text\n",
)


def written(number: int, text: str) -> bytes:
    answers = {"in_reply_to": f"d{number - 1}@example.net"} if number else {}
    return mail(
        author="Imane Zeroual <imane@example.net>",
        subject="Re: Événements et semences de l'été"
        if number
        else "Événements et semences de l'été",
        text=text,
        message_id=f"d{number}@example.net",
        date=START + timedelta(hours=number),
        **answers,
    )


def in_two_forms(raw: bytes) -> bytes:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    message.add_alternative("<p>La même chose</p>", subtype="html")
    return message.as_bytes()


def digest_of(raws: list[bytes], habits: Habits) -> bytes:
    posted = [distributed(raw, OWN, habits, number) for number, raw in enumerate(raws, 1)]
    return digest(posted, OWN, habits, 3)


def parsed(raw: bytes) -> Submission:
    return parse(raw, datetime(2026, 1, 1, tzinfo=UTC))


def same(piece: bytes, original: bytes) -> None:
    found, meant = parsed(piece), parsed(original)
    assert found.message_id == meant.message_id
    assert found.author == meant.author
    assert found.date == meant.date
    # Equal author, Date, subject but for its prefix, and text.
    assert found.content_digest == meant.content_digest
    assert found.recipients == meant.recipients


@pytest.mark.parametrize("habits", FORMS, ids=NAMES)
def test_each_message_comes_back_as_it_was_written(habits: Habits) -> None:
    raws = [written(number, text) for number, text in enumerate(TEXTS)]
    raws.append(in_two_forms(written(9, "En deux formes, la même chose.\n")))
    pieces = split(digest_of(raws, habits))
    assert len(pieces) == len(raws)
    for piece, raw in zip(pieces, raws, strict=True):
        same(piece.raw, raw)
        assert piece.is_whole == (habits.digest is DigestForm.MIME)
        if piece.is_whole:
            assert parsed(piece.raw).in_reply_to == parsed(raw).in_reply_to


@pytest.mark.parametrize("form", [DigestForm.PLAIN, DigestForm.MIME])
def test_a_digest_of_one_message_is_split_too(form: DigestForm) -> None:
    habits = Habits(Software.MAILMAN2, digest=form)
    assert len(split(digest_of([written(0, TEXTS[0])], habits))) == 1


LINES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=80),
    st.sampled_from(
        [
            "", "-" * 30, "-" * 70, "From: A <a@example.org>",
            "Date: Mon, 1 Mar 2010 09:00:00 +0000",
            "Subject: Digest Footer", "End of Terres Digest, Vol 7, Issue 3", "*" * 36, "> cité",
            "-------------- next part --------------", "Message-ID: <x@example.org>",
        ]
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(LINES, min_size=1, max_size=12), min_size=1, max_size=4),
       st.sampled_from([DigestForm.PLAIN, DigestForm.MIME]))  # fmt: skip
def test_whatever_is_written_comes_back(bodies: list[list[str]], form: DigestForm) -> None:
    # RFC 1153 cannot hold blank ends, nor more than one kind of line end.
    texts = ["Début\n" + "\n".join(lines) + "\nFin\n" for lines in bodies]
    raws = [written(number, "\n".join(text.splitlines())) for number, text in enumerate(texts)]
    habits = Habits(Software.MAILMAN2, digest=form)
    pieces = split(digest_of(raws, habits))
    assert len(pieces) == len(raws)
    for piece, raw in zip(pieces, raws, strict=True):
        same(piece.raw, raw)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 10_000))
def test_no_bytes_are_too_strange(noise: bytes, at: int) -> None:
    for habits in FORMS[:2]:
        raw = digest_of([written(0, TEXTS[0]), written(1, TEXTS[1])], habits)
        cut = raw[: at % len(raw)] + noise + raw[at % len(raw) :]
        assert len(split(cut)) <= 3
    split(noise)


@pytest.mark.parametrize(
    "raw",
    [
        written(0, TEXTS[0]),
        written(0, "Bonjour\n\n" + "-" * 70 + "\n\nUn trait, et rien qui suive.\n"),
        written(0, "\n".join(["-" * 70, "", "From: a@example.org", "Subject: x", "", "y", ""])),
        in_two_forms(written(0, TEXTS[0])),
        b"",
    ],
)
def test_what_is_no_digest_is_not_split(raw: bytes) -> None:
    assert split(raw) == ()


def test_a_message_whose_identity_is_not_shown_keeps_what_is() -> None:
    habits = Habits(Software.MAILMAN2, digest=DigestForm.PLAIN)
    raw = digest_of([written(0, TEXTS[0])], habits)
    text = email.message_from_bytes(raw, policy=email.policy.default).get_content()
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("Message-ID"))
    (piece,) = split(mail(text=bare))
    found = parsed(piece.raw)
    assert found.message_id is None
    assert found.author.address == "imane@example.net"
    assert found.content_digest == parsed(written(0, TEXTS[0])).content_digest


def test_the_number_of_messages_is_bounded() -> None:
    habits = Habits(Software.SYMPA, digest=DigestForm.PLAIN)
    one = distributed(written(0, "Oui.\n"), OWN, habits, 1)
    for form in (DigestForm.PLAIN, DigestForm.MIME):
        raw = digest([one] * (MAX_MESSAGES + 5), OWN, replace(habits, digest=form), 3)
        assert len(split(raw)) == MAX_MESSAGES
