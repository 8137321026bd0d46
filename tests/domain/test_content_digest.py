"""Copies of one message are equal by their digest; different messages are not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forum.domain.digest import content_digest, without_footer
from forum.domain.message import parse

NOW = datetime(2024, 5, 18, 8, 0, tzinfo=UTC)
DATE = datetime(2024, 5, 17, 10, 29, 58, tzinfo=UTC)
TEXT = "Bonjour à tous,\n\nle sentier est ouvert.\n\nFrom here it goes up.\n-- \nJean\n"
FOOTER = "_______________________________________________\nListe chemins\nhttps://example.net/l\n"
HEAD = (
    "From: Jean <jean@example.org>\nSubject: {subject}\nDate: {date}\n"
    "Message-ID: <m1@example.org>\n"
)


def mail(
    text: str = TEXT, subject: str = "Sentier", extra: str = "", charset: str = "utf-8",
    date: str = "Fri, 17 May 2024 12:29:58 +0200",
) -> bytes:  # fmt: skip
    head = HEAD.format(subject=subject, date=date) + extra
    return (head + f"Content-Type: text/plain; charset={charset}\n\n" + text).encode(charset)


def digest(raw: bytes) -> str:
    return parse(raw, NOW).content_digest


MIXED = (
    HEAD.format(subject="[chemins] Sentier", date="Fri, 17 May 2024 10:29:58 +0000")
    + 'Content-Type: multipart/mixed; boundary="b"\n\n'
    + "--b\nContent-Type: text/plain; charset=utf-8\n\n"
    + TEXT + "\n--b\nContent-Type: text/plain; charset=utf-8\n\n" + FOOTER + "\n--b--\n"
).encode()  # fmt: skip


@pytest.mark.parametrize(
    "copy",
    [
        mail(extra="Received: by a; Fri, 17 May 2024 12:31:00 +0200\nX-Loop: chemins\n"),
        mail().replace(b"\n", b"\r\n"),
        mail(subject="[chemins] Sentier"),
        mail(subject="Sentier ", text=TEXT + "\n\n\n"),
        mail(text=TEXT + FOOTER),
        mail(text=TEXT + "\n----------\nPour vous désabonner : https://example.net/u\n"),
        mail(text=TEXT.replace("\nFrom", "\n>From")),
        mail(charset="iso-8859-1"),
        mail(text=TEXT.replace("à tous,\n\nle", "à\ntous,\n\n le")),
        mail(date="Fri, 17 May 2024 10:29:58 GMT"),
        mail(extra="Message-ID: <other@example.net>\n"),
        MIXED,
    ],
    ids=[
        "trace fields", "line ends", "list prefix", "white space", "footer", "other footer",
        "mbox quoting", "charset", "wrapping", "zone", "another id", "footer as a part",
    ],
)  # fmt: skip
def test_a_copy_is_known(copy: bytes) -> None:
    assert digest(copy) == digest(mail())


@pytest.mark.parametrize(
    "other",
    [
        mail(text=TEXT.replace("ouvert", "fermé")),
        mail(subject="Le sentier"),
        mail(date="Fri, 17 May 2024 12:29:59 +0200"),
        mail().replace(b"jean@", b"anne@"),
    ],
    ids=["text", "subject", "second", "author"],
)
def test_another_message_is_another(other: bytes) -> None:
    assert digest(other) != digest(mail())


def test_two_honest_thanks_differ_by_their_date() -> None:
    first = mail("merci", "Re: Sentier")
    second = mail("merci", "Re: Sentier", date="Fri, 17 May 2024 12:31:10 +0200")
    assert digest(first) != digest(second)


def test_without_a_date_the_id_tells_messages_apart_and_arrival_does_not() -> None:
    raw = mail("merci", date="")
    other = raw.replace(b"<m1@", b"<m2@")
    assert digest(raw) != digest(other)
    assert parse(raw, NOW).content_digest == parse(raw, DATE).content_digest


def test_without_words_the_attachment_tells_messages_apart() -> None:
    one = (HEAD.format(subject="Photo", date="Fri, 17 May 2024 12:29:58 +0200")
           + "Content-Type: image/png\n\nAAAA").encode()  # fmt: skip
    assert digest(one) != digest(one.replace(b"AAAA", b"BBBB"))
    assert digest(one) == digest(b"X-Trace: 1\n" + one)


def test_a_long_text_below_a_line_is_no_footer() -> None:
    text = "Avant\n----------\n" + "Une ligne\n" * 40
    assert without_footer(text) == text.rstrip()


def test_an_own_line_goes_from_both_copies_alike() -> None:
    own = "Texte\n==========\nJean, tél. 00\n"
    assert without_footer(own) == without_footer(own + FOOTER) == "Texte"


def test_values_are_kept_apart() -> None:
    assert content_digest("a", DATE, "b", "c") != content_digest("a", DATE, "bc", "")
