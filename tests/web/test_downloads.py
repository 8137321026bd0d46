"""Stored bytes and attachments."""

from __future__ import annotations

import mailbox
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.leaving import Selection, stored_messages
from forum.operations.publishing import publish
from forum.operations.tokens import issue_api_token
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.tokens import TokenScope
from mailbridge.archive.writers import write_mbox
from tests.factories import START, Make, mail
from tests.web.signing import sign_in


def with_file(make: Make, ancrage: MailingList, content: bytes, kind: str, name: str) -> Post:
    message = EmailMessage()
    message["From"] = "Awa Ndiaye <awa@example.org>"
    message["To"] = ancrage.address
    message["Subject"] = "Le compte rendu"
    message["Message-ID"] = "<file@example.org>"
    message.set_content("Bonjour, voici le compte rendu de la réunion de mardi.\n")
    maintype, subtype = kind.split("/")
    message.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    submission = parse(message.as_bytes(), START)
    post = publish(make.session, ancrage, submission, START, source=Source.EMAIL, mail=False)
    make.commit()
    return post


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """A public list with one member who reads with an account."""
    ancrage = make.mailing_list("ancrage")
    make.subscriber(ancrage, "member@example.net")
    return ancrage


def test_raw_gives_the_bytes_as_they_came(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    raw = mail(message_id="raw@example.org") + b"\xff\x00 no charset at all\r\n"
    submission = parse(raw, START)
    post = publish(make.session, ancrage, submission, START, source=Source.EMAIL, mail=False)
    member = make.account("member@example.net")
    token = issue_api_token(make.session, member, TokenScope.READ, START)
    make.commit()
    response = client.get(f"/posts/{post.id}/raw", headers={"Authorization": f"Bearer {token}"})
    assert response.data == raw
    assert response.mimetype == "message/rfc822"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    bad = client.get(f"/posts/{post.id}/raw", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401


@pytest.mark.parametrize(
    ("name", "plain"),
    [("plan d’accès.bin", "plan dacces.bin"), ("報告.pdf", ".pdf"), ("a;b.pdf", "a;b.pdf")],
)
def test_a_file_keeps_its_name_in_headers_that_are_ascii(
    client: FlaskClient, make: Make, ancrage: MailingList, name: str, plain: str
) -> None:
    post = with_file(make, ancrage, b"content", "application/octet-stream", name)
    response = client.get(f"/posts/{post.id}/attachments/0/file")
    header = response.headers["Content-Disposition"]
    assert header.isascii() and header.isprintable()
    how, options = parse_options_header(header)
    assert (how, options["filename"]) == ("attachment", name)
    assert parse_options_header(header.partition("filename*")[0])[1]["filename"] == plain


@pytest.mark.slow
def test_an_mbox_holds_every_message_once_in_order(
    client: FlaskClient, make: Make, ancrage: MailingList, tmp_path: Path
) -> None:
    subjects = [f"Sujet {number}" for number in range(230)]
    for number, subject in enumerate(subjects):
        make.post(
            ancrage,
            subject=subject,
            # Many of one moment: the pages of the query must not lose any of them.
            date=START + timedelta(days=number // 150),
            text=f"From the field, number {number}.\n\nFrom now on we meet on Tuesdays.\n",
        )
    sign_in(client, make.account("member@example.net"))
    make.commit()
    response = client.get("/lists/ancrage/archive.mbox")
    assert response.is_streamed
    file = tmp_path / "archive.mbox"
    file.write_bytes(response.data)
    archive = mailbox.mbox(file)
    found = [message["Subject"] for message in archive]
    archive.close()
    assert len(found) == len(subjects)
    assert set(found[:150]) == set(subjects[:150])
    assert set(found) == set(subjects)
    assert b"\n>From now on" in file.read_bytes()


def test_a_list_is_the_same_file_on_the_web_and_by_the_command(
    client: FlaskClient, make: Make, ancrage: MailingList, tmp_path: Path
) -> None:
    for number in range(7):
        make.post(ancrage, text=f"Numéro {number}.\n", date=START)
    sign_in(client, make.account("member@example.net"))
    make.commit()
    with (tmp_path / "exported.mbox").open("wb") as stream:
        write_mbox(stream, stored_messages(make.session, Selection(ancrage.id)))
    exported = (tmp_path / "exported.mbox").read_bytes()
    assert client.get("/lists/ancrage/archive.mbox").data == exported


def test_a_thread_is_one_mbox(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    first = make.post(ancrage, message_id="a@example.org")
    make.post(ancrage, in_reply_to="a@example.org", text="Tout à fait d'accord avec vous.\n")
    make.post(ancrage, subject="Autre chose")
    sign_in(client, make.account("member@example.net"))
    make.commit()
    response = client.get(f"/threads/{first.thread_id}/messages.mbox")
    assert response.data.count(b"\nSubject:") == 2


def test_attachments_are_for_everybody_who_reads(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    post = with_file(make, ancrage, b"%PDF-1.4 ...", "application/pdf", "compte rendu n° 3.pdf")
    page = client.get(f"/threads/{post.thread_id}").text
    assert f"/posts/{post.id}/attachments/0/compte%20rendu%20n%C2%B0%203.pdf" in page
    response = client.get(f"/posts/{post.id}/attachments/0/compte%20rendu%20n%C2%B0%203.pdf")
    assert (response.data, response.mimetype) == (b"%PDF-1.4 ...", "application/pdf")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"/posts/{post.id}/attachments/1/x.pdf").status_code == 404
    assert client.get(f"/posts/{post.id}/attachments/99999999999/x.pdf").status_code == 404


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml"])
def test_files_that_browsers_would_run_are_only_bytes(
    client: FlaskClient, make: Make, ancrage: MailingList, kind: str
) -> None:
    post = with_file(make, ancrage, b"<script>alert(1)</script>", kind, "page.html")
    response = client.get(f"/posts/{post.id}/attachments/0/page.html")
    assert response.mimetype == "application/octet-stream"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_images_may_be_shown(client: FlaskClient, make: Make, ancrage: MailingList) -> None:
    post = with_file(make, ancrage, b"\x89PNG\r\n\x1a\n", "image/png", "carte.png")
    response = client.get(f"/posts/{post.id}/attachments/0/carte.png")
    assert response.headers["Content-Disposition"].startswith("inline")


VCARD = "BEGIN:VCARD\nN:Peña;Luz\nEMAIL:luz@example.net\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (VCARD.encode(), "text/vcard", "luz.vcf"),
        (VCARD.encode(), "application/octet-stream", "luz.csv"),
        (VCARD.encode("latin-1"), "application/vnd.ms-excel", "luz"),
        (VCARD.encode("utf-16"), "text/plain", "luz.txt"),
        (VCARD.encode("utf-16-le"), "application/octet-stream", "luz.bin"),
        (VCARD.encode("utf-16-be"), "application/octet-stream", "luz.bin"),
        (VCARD.encode("utf-32"), "text/csv", "luz.csv"),
        (VCARD.encode() + b"\x00\xff\x01", "application/octet-stream", "luz.csv"),
    ],
)
def test_a_file_with_addresses_in_it_is_for_who_signs_in(
    client: FlaskClient, make: Make, ancrage: MailingList, content: bytes, kind: str, name: str
) -> None:
    post = with_file(make, ancrage, content, kind, name)
    address = f"/posts/{post.id}/attachments/0/{name}"
    assert client.get(address).status_code == 403
    sign_in(client, make.account("member@example.net"))
    make.commit()
    assert client.get(address).data == content
