"""The text inside attachments is found; hostile files harm nothing."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pypdf
import pytest
from sqlalchemy import select

from forum.config import search_index
from forum.domain import file_text
from forum.domain.file_text import NotReadableError, kind_of, text_of
from forum.domain.message import parse
from forum.domain.query import parse as parse_query
from forum.domain.values import Source
from forum.operations.attachment_text import read_apart
from forum.operations.curation_removing import remove
from forum.operations.publishing import publish
from forum.search.indexer import drain
from forum.storage.archive import Post
from forum.storage.attachment_text import AttachmentText, Outcome
from mailbridge.file_reader import FileReader
from tests.factories import START, Make

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
O = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"  # noqa: E741  (OpenDocument)


def zipped(name: str, content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def docx(text: str) -> bytes:
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p><w:p>'
    end = "<w:r><w:t>Fin</w:t></w:r></w:p></w:body></w:document>"
    return zipped("word/document.xml", body + end)


def odt(text: str) -> bytes:
    return zipped("content.xml", f'<o xmlns:t="{O}"><t:h>Titre</t:h><t:p>{text}<t:s/>Fin</t:p></o>')


def pdf(text: str) -> bytes:
    """A page with one line, as PDF 1.4 writes it (ISO 32000-1, 7.5)."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (table, len(made))
    )


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pdf", pdf("Une coopérative laitière")),
        ("docx", docx("Une coopérative laitière")),
        ("odt", odt("Une coopérative laitière")),
        ("txt", "Une coopérative laitière".encode("cp1252")),
        ("txt", "Une coopérative laitière".encode()),
    ],
)
def test_the_text_of_a_file_is_read(kind: str, content: bytes) -> None:
    assert "Une coopérative laitière" in text_of(kind, content)


def test_files_are_known_by_type_or_by_name() -> None:
    assert kind_of("x", "application/pdf") == "pdf"
    assert kind_of("Bilan 2009.PDF", "application/octet-stream") == "pdf"
    assert kind_of("photo.jpg", "image/jpeg") is None


BOMB = f'<!DOCTYPE d [<!ENTITY a "aa">]><w:document xmlns:w="{W}">&a;</w:document>'


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("docx", b"no zip"),
        ("docx", zipped("other.xml", "<a/>")),
        ("docx", zipped("word/document.xml", BOMB)),
        ("docx", zipped("word/document.xml", "<a><b></a>")),
        ("odt", zipped("content.xml", "\x00")),
        ("pdf", b"%PDF-1.4 and nothing else"),
        ("pdf", b""),
        ("txt", b"\x00\x01\x02"),
    ],
)
def test_what_cannot_be_read_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(NotReadableError):
        text_of(kind, content)


def test_a_file_is_read_no_further_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_text, "MOST_CHARACTERS", 50)
    assert len(text_of("docx", docx("mot " * 1_000))) == 50
    monkeypatch.setattr(file_text, "MOST_CHARACTERS", 10_000_000)
    monkeypatch.setattr(file_text, "MOST_UNZIPPED", 100_000)
    with pytest.raises(NotReadableError, match="too large"):
        text_of("docx", docx("mot " * 100_000))


def test_a_locked_pdf_is_not_read() -> None:
    writer = pypdf.PdfWriter(io.BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(NotReadableError, match="locked"):
        text_of("pdf", stream.getvalue())


@pytest.mark.slow
def test_a_file_is_read_in_a_process_of_its_own_for_so_long() -> None:
    assert read_apart("docx", docx("Une page"))[0] is Outcome.READ
    assert read_apart("txt", b"  \n") == (Outcome.EMPTY, "")
    assert read_apart("pdf", b"%PDF") == (Outcome.FAILED, "")
    assert read_apart("txt", b"mot", seconds=0.0) == (Outcome.FAILED, "")


def with_files(make: Make, *files: tuple[str, str, bytes]) -> Post:
    message = EmailMessage()
    message["From"] = "Awa Ndiaye <awa@example.org>"
    message["To"] = "ancrage@lists.example.org"
    message["Subject"] = "Compte rendu"
    message["Message-ID"] = "<files@example.org>"
    message["Date"] = "Mon, 01 Mar 2010 09:00:00 +0000"
    message.set_content("Voici le compte rendu de la rencontre de mars.\n")
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    submission = parse(message.as_bytes(), START)
    mailing_list = make.mailing_list("ancrage")
    return publish(make.session, mailing_list, submission, START, source=Source.EMAIL, mail=False)


def read_all(make: Make) -> None:
    """As the worker does."""
    reader = FileReader(make.session, lambda: START)
    while reader.read_one():
        pass
    while drain(make.session, search_index()):
        make.commit()
    make.commit()


def found(make: Make, text: str, list_id: int) -> list[int]:
    hits = search_index().find(parse_query(text), frozenset({list_id}))
    return [hit.post_id for hit in hits.hits]


@pytest.mark.slow
def test_the_worker_makes_files_searchable_and_removing_forgets_them(make: Make) -> None:
    post = with_files(
        make,
        ("statuts_cooperative.docx", "application/octet-stream", docx("Article premier: laiterie")),
        ("bilan.pdf", "application/pdf", pdf("Exercice comptable")),
        ("photo.jpg", "image/jpeg", b"\xff\xd8\xff"),
        ("casse.pdf", "application/pdf", b"%PDF-nothing"),
    )
    make.commit()
    read_all(make)
    outcomes = make.session.scalars(select(AttachmentText).order_by(AttachmentText.index)).all()
    assert [one.outcome for one in outcomes] == ["read", "read", "empty", "failed"]
    here = post.mailing_list_id
    for text in ("laiterie", "comptables", "statuts", '"article premier"'):
        assert found(make, text, here) == [post.id], text
    own = make.post(post.mailing_list, text="La laiterie du village est ouverte le matin.\n")
    make.commit()
    read_all(make)
    assert found(make, "laiterie", here) == [own.id, post.id]
    remove(make.session, post, START, reason="demande de son auteur")
    make.commit()
    read_all(make)
    assert found(make, "laiterie", here) == [own.id]
    assert make.session.scalars(select(AttachmentText)).all() == []
