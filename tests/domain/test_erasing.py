"""A person taken out of text and bytes."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest

from forum.domain.erasing import NAMELESS, Eraser, address_mark, name_mark, pseudonym
from forum.domain.message import parse
from forum.domain.redacting import redacted, redacted_piece
from tests.factories import START, mail

KEY = b"a key of the tests"
GONE = pseudonym(7)
ERASER = Eraser(
    KEY,
    {
        address_mark(KEY, "awa@example.org"): 7,
        name_mark(KEY, "Awa Ndiaye"): 7,
        name_mark(KEY, "Ndiaye Awa"): 7,
    },
    frozenset({2}),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Le 3 mars 2010, Awa Ndiaye a écrit :\n", f"Le 3 mars 2010, {NAMELESS} a écrit :\n"),
        ("> De : AWA NDIAYE\n", f"> De : {NAMELESS}\n"),
        ("On Monday Awa\n> Ndiaye wrote:\n", f"On Monday {NAMELESS} wrote:\n"),
        ("El lunes, Ndiaye, Awa escribió:\n", f"El lunes, {NAMELESS} escribió:\n"),
        ("Écrire à Awa@Example.org.\n", f"Écrire à {GONE}.\n"),
        ("Merci à Awa Ndiaye de Dakar.\n", "Merci à Awa Ndiaye de Dakar.\n"),
        ("Bonjour Awa,\n", "Bonjour Awa,\n"),
        ("awa@example.org.uk et xawa@example.org\n", "awa@example.org.uk et xawa@example.org\n"),
    ],
)
def test_addresses_go_everywhere_and_names_where_it_is_said_who_wrote(
    text: str, expected: str
) -> None:
    assert ERASER.text(text, everywhere=False) == expected


def test_where_an_address_stands_the_name_goes_too() -> None:
    raw = mail(author="Zoé <zoe@example.net>", text="Merci à Awa Ndiaye (awa@example.org).\n")
    assert parse(redacted(raw, ERASER), START).text.strip() == f"Merci à {NAMELESS} ({GONE})."


def test_an_author_loses_name_and_address_and_keeps_what_they_wrote() -> None:
    raw = mail(
        text="Des étés à Dakar, et des marchés.\n-- \nAwa Ndiaye\n", message_id="a@example.org",
        Cc="Zoé Díaz <zoe@example.net>, =?utf-8?q?Awa_Ndiaye?= <AWA@example.org>",
    )  # fmt: skip
    new = redacted(raw, ERASER)
    found = parse(new, START)
    assert (found.author.name, found.author.address) == ("", GONE)
    assert "Des étés à Dakar" in found.text
    assert (found.message_id, found.subject) == ("a@example.org", "Monnaies locales")
    assert [(box.name, box.address) for box in found.recipients[1:]] == [
        ("Zoé Díaz", "zoe@example.net"), ("", GONE),
    ]  # fmt: skip
    whole = email.message_from_bytes(new, policy=email.policy.default)
    for text in (str(whole), found.text):
        assert "awa@" not in text.lower()
        assert "ndiaye" not in text.lower()


def test_every_encoding_is_looked_into_and_other_parts_stay() -> None:
    message = EmailMessage()
    message["From"] = "Zoé <zoe@example.net>"
    message["Subject"] = "Réponse à Awa Ndiaye"
    message.set_content("Le 3 mars, Awa Ndiaye <awa@example.org> a écrit :\n> été\n", cte="base64")
    message.add_alternative(
        "<p>Awa&nbsp;: <b>awa@example.org</b></p>", subtype="html", cte="quoted-printable"
    )
    message.add_attachment(b"\x00\x01binary", maintype="image", subtype="png", filename="a.png")
    new = email.message_from_bytes(
        redacted(message.as_bytes(), ERASER), policy=email.policy.default
    )
    assert new["Subject"] == f"Réponse à {NAMELESS}"
    shown = [part.get_content() for part in new.walk() if part.get_content_maintype() == "text"]
    assert all("awa@" not in one and GONE in one for one in shown)
    assert [part.get_content() for part in new.iter_attachments()] == [b"\x00\x01binary"]


def test_bytes_in_which_nobody_was_erased_stay_as_they_are() -> None:
    raw = mail(author="Awa Ndiaye <another@example.net>", text="Bonjour, Awa.\n")
    assert redacted(raw, ERASER) == raw


def test_redacting_twice_is_redacting_once() -> None:
    once = redacted(mail(), ERASER)
    assert redacted(once, ERASER) == once


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"From: =?x?q?awa@example.org?=\n\n\xe9",
        b"Content-Type: text/plain; charset=nix\n\nawa@example.org \xff",
    ],
)
def test_broken_bytes_do_not_stop_it(raw: bytes) -> None:
    assert b"awa@example.org" not in redacted(raw, ERASER)


LUC = Eraser(
    KEY,
    {address_mark(KEY, "luc@example.org"): 7, name_mark(KEY, "Luc"): 7},
    frozenset({1}),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Le 3 mars 2010, Luc a écrit :\n> Oui\n",
            f"Le 3 mars 2010, {NAMELESS} a écrit :\n> Oui\n",
        ),
        ("> De : Luc\n", f"> De : {NAMELESS}\n"),
        ("Luc écrivait :\n", f"{NAMELESS} écrivait :\n"),
        ("El lunes, Luc escribió:\n", f"El lunes, {NAMELESS} escribió:\n"),
        ("Le 3 mars, Luc Martin a écrit :\n", "Le 3 mars, Luc Martin a écrit :\n"),
        ("Le 3 mars, Jean Luc a écrit :\n", "Le 3 mars, Jean Luc a écrit :\n"),
        ("Merci à Luc de Dakar.\n", "Merci à Luc de Dakar.\n"),
        ("le luc a écrit :\n", "le luc a écrit :\n"),
    ],
)
def test_a_name_of_one_word_goes_where_it_is_said_who_wrote_in_mail_that_knows_them(
    text: str, expected: str
) -> None:
    assert LUC.text(text, everywhere=True) == expected
    assert LUC.text(text, everywhere=False) == text


def test_ones_own_mail_loses_the_signature_of_one_word_and_others_keep_theirs() -> None:
    text = "Demain à dix heures, avec Luc ou sans lui.\n\n-- \nLuc\n"
    own = parse(redacted(mail(author="Luc <luc@example.org>", text=text), LUC), START)
    assert own.author.name == ""
    assert own.text.count("Luc") == 1
    assert own.text.rstrip().endswith(NAMELESS)
    other = mail(author="Luc <luc@example.net>", text=text, to="luc@example.org")
    assert parse(redacted(other, LUC), START).text.count("Luc") == 2


def test_a_file_that_is_called_after_them_is_called_otherwise() -> None:
    message = EmailMessage()
    message["From"] = "Awa Ndiaye <awa@example.org>"
    message.set_content("Voici.\n")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf",
                           filename="Été Awa Ndiaye.pdf")  # fmt: skip
    new = redacted(message.as_bytes(), ERASER)
    assert parse(new, START).attachments[0].filename == f"Été {NAMELESS}.pdf"
    assert b"Ndiaye" not in new


def test_what_is_no_message_loses_them_too() -> None:
    raw = b"From awa\n\xff\xfe Content-Type: x; =?\nAwa Ndiaye <awa@example.org>\n"
    assert b"Ndiaye" not in redacted_piece(raw, ERASER)
    assert redacted_piece(b"\xff nothing", ERASER) == b"\xff nothing"
