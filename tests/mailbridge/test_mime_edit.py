"""A footer is added to what people read; everything else stays byte for byte."""

from __future__ import annotations

import base64
import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.mime_edit import Footer, text_content, with_footer

ATOM = b"0123456789abcdef" * 3
URL = "https://forum.example.org/unsubscribe/" + ATOM.decode()
FOOTER = Footer(f"____\nSe désabonner : {URL}\n", f"<p>Se désabonner : {URL}</p>", ATOM)
PDF = base64.encodebytes(bytes(range(256)) * 9).replace(b"\n", b"\r\n")


def edited(raw: bytes) -> EmailMessage:
    content = with_footer(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), FOOTER, str)
    assert ATOM in content.body or b"base64" in raw
    whole = content.fields + b"\r\n" + content.body
    assert all(len(line) <= 998 for line in whole.split(b"\r\n"))
    message = email.message_from_bytes(whole, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("charset", "encoding", "body"),
    [
        ("us-ascii", "7bit", b"Bonjour"),
        ("utf-8", "8bit", "Été à Séville".encode()),
        ("iso-8859-1", "8bit", "Été : 10 €".encode("cp1252")),
        ("iso-8859-15", "quoted-printable", b"=C9t=E9 : 10 =A4"),
        ("utf-8", "base64", base64.b64encode("Été ñandú".encode())),
        ("iso-2022-jp", "7bit", "夏".encode("iso-2022-jp")),
        ("no-such-charset", "8bit", "Été".encode()),
    ],
)
def test_a_plain_text_of_any_encoding_gets_its_footer(
    charset: str, encoding: str, body: bytes
) -> None:
    raw = (
        f"Subject: x\nContent-Type: text/plain; charset={charset}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n"
    ).encode() + body
    message = edited(raw)
    assert not message.is_multipart()
    text = text_of(message)
    assert text.rstrip().endswith(f"Se désabonner : {URL}")
    first = text.split("\n")[0]
    assert first in ("Bonjour", "Été à Séville", "Été : 10 €", "Été ñandú", "夏", "Été")


def test_a_mail_without_any_mime_header_is_plain_text() -> None:
    message = edited(b"Subject: x\nFrom: awa@example.org\n\nBonjour\n")
    assert text_of(message).startswith("Bonjour\n\n____\n")


def test_flowed_text_stays_flowed() -> None:
    message = edited(
        b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\nBon \njour\n"
    )
    assert message.get_param("format") == "flowed"
    assert message.get_param("delsp") == "yes"
    assert "Bon \njour\n\n____" in text_of(message)


ALTERNATIVE = (
    b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=out\n\n"
    b"--out\nContent-Type: multipart/alternative; boundary=in\n\n"
    b"--in\nContent-Type: text/plain; charset=utf-8\n\nBonjour\n"
    b"--in\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>Bonjour</p></body></html>\n"
    b"--in--\n"
    b"--out\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n"
    b"Content-Disposition: attachment; filename=a.pdf\n\n" + PDF + b"--out--\n"
)


def test_both_forms_of_an_alternative_get_it_and_the_attachment_stays() -> None:
    message = edited(ALTERNATIVE)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    assert text_of(message).count(URL) == 1
    html = text_of(message, "html")
    assert html.index(URL) < html.index("</body>")
    attachment = next(message.iter_attachments())
    assert attachment.get_content() == bytes(range(256)) * 9
    content = with_footer(ALTERNATIVE.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), FOOTER, str)
    assert PDF in content.body


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256; boundary=s',
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=s',
    ],
)
def test_sealed_messages_stay_whole_beside_the_footer(content_type: str) -> None:
    sealed = (
        b"--s\r\nContent-Type: text/plain\r\n\r\nBonjour =\r\n"
        b"--s\r\nContent-Type: application/pgp-signature\r\n\r\nabc\r\n--s--\r\n"
    )
    raw = f"MIME-Version: 1.0\nContent-Type: {content_type}\n\n".encode() + sealed
    content = with_footer(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), FOOTER, str)
    assert sealed in content.body
    message = edited(raw)
    assert message.get_content_type() == "multipart/mixed"
    parts = [part.get_content_type() for part in message.iter_parts()]
    assert parts == [content_type.split(";")[0], "text/plain"]


def test_a_mail_without_text_becomes_the_first_part() -> None:
    message = edited(b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n")
    assert [part.get_content_type() for part in message.iter_parts()] == ["image/png", "text/plain"]


def test_a_text_attachment_is_not_written_into() -> None:
    raw = (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nfile\n"
        b"--b--\n"
    )
    message = edited(raw)
    assert message.get_content_type() == "multipart/mixed"
    assert b"\r\n\r\nfile\r\n--b--" in message.as_bytes(policy=email.policy.SMTP)


def test_the_atom_is_never_broken_by_an_encoding() -> None:
    for padding in range(80):
        content = text_content("é" + "x" * padding + ATOM.decode() + "\n", "plain", ATOM)
        assert ATOM in content.body
        assert all(len(line) <= 76 for line in content.body.split(b"\r\n"))
        message = email.message_from_bytes(
            content.fields + b"\r\n" + content.body, policy=email.policy.default
        )
        assert isinstance(message, EmailMessage)
        assert text_of(message) == "é" + "x" * padding + ATOM.decode() + "\n"


def test_what_must_not_go_on_is_taken_out_of_the_text() -> None:
    content = with_footer(
        b"Subject: x\r\n\r\n> secret words\r\n", FOOTER, lambda text: text.replace("secret", "…")
    )
    assert b"secret" not in content.body


@given(st.binary(max_size=800))
def test_any_bytes_get_a_footer(raw: bytes) -> None:
    content = with_footer(b"Content-Type: text/plain\r\n\r\n" + raw, FOOTER, str)
    assert ATOM in content.body


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_multipart_gets_a_footer(one: bytes, two: bytes) -> None:
    head = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    body = b"--b\r\n%s\r\n--b\r\n%s\r\n--b--\r\n" % (one, two)
    assert ATOM in with_footer(head + body, FOOTER, str).body
