"""What is composed comes back as it was written."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.compose import compose, normalised
from forum.domain.message import attachment_content, parse
from forum.domain.values import Draft, Mailbox, TextFormat, UploadedFile

NOW = datetime(2024, 5, 17, 12, 30, tzinfo=UTC)
READABLE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff")
TEXTS = st.text(st.one_of(READABLE, st.sampled_from("\n\t=.> -*_`#é")), max_size=400)
IDS = st.from_regex(r"[a-z0-9.+$/!-]{1,60}@[a-z0-9-]{1,40}\.example", fullmatch=True)


def draft(**changes: object) -> Draft:
    values: dict[str, object] = {
        "author": Mailbox("Élodie Marchand", "elodie@example.org"),
        "subject": "Chemins à ouvrir",
        "text": "Bonjour à *tous*\n\n> une citation\n\n-- \nÉlodie",
        "message_id": "20240517.1@forum.example.net",
        "date": NOW,
        "list_address": "chemins@lists.example.net",
        "list_name": "Chemins",
        "language": "fr",
    }
    return Draft(**{**values, **changes})


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_the_text_comes_back_exactly(text: str) -> None:
    submission = parse(compose(draft(text=text), "<p>…</p>"), NOW)
    if text.strip():
        assert submission.text.rstrip() == normalised(text).rstrip()
        assert submission.text_format is TextFormat.MARKDOWN
    assert submission.repairs == ()


@settings(max_examples=200, deadline=None)
@given(
    subject=st.text(READABLE, max_size=200),
    name=st.text(READABLE, max_size=100),
    references=st.lists(IDS, max_size=40, unique=True),
)
def test_subject_author_and_ids_come_back(subject: str, name: str, references: list[str]) -> None:
    raw = compose(
        draft(
            subject=subject,
            author=Mailbox(name, "a.b@example.org"),
            references=tuple(references),
            in_reply_to=references[-1] if references else None,
        ),
        "",
    )
    submission = parse(raw, NOW)
    assert submission.subject == " ".join(subject.split())
    assert submission.references == tuple(references)
    assert submission.in_reply_to == tuple(references[-1:])
    assert submission.message_id == "20240517.1@forum.example.net"
    assert submission.author.address == "a.b@example.org"
    assert (submission.date, submission.declared_language) == (NOW, "fr")
    assert submission.flags == ()


@settings(max_examples=100, deadline=None)
@given(
    files=st.lists(st.tuples(st.text(READABLE, max_size=120), st.binary(max_size=500)), max_size=4)
)
def test_attached_files_come_back(files: list[tuple[str, bytes]]) -> None:
    uploads = tuple(UploadedFile(name, "image/png", content) for name, content in files)
    raw = compose(draft(attachments=uploads), "<p>x</p>")
    submission = parse(raw, NOW)
    assert [a.content_type for a in submission.attachments] == ["image/png"] * len(files)
    for n, (_, content) in enumerate(files):
        attachment, received = attachment_content(raw, n)
        assert received == content
        assert attachment == submission.attachments[n]


@pytest.mark.parametrize(
    "name", ["Compte rendu – été 2024.pdf", 'le "plan".odt', "x" * 100 + ".txt", "日本語.png"]
)
def test_a_file_keeps_its_name(name: str) -> None:
    raw = compose(draft(attachments=(UploadedFile(name, "application/pdf", b"%PDF"),)), "")
    assert parse(raw, NOW).attachments[0].filename == name.replace('"', " ").replace(
        "le  plan .odt", "le plan .odt"
    )


@settings(max_examples=200, deadline=None)
@given(value=st.text(st.sampled_from('ab:\r\n\x00\x0b\x0c\x1c\x85\u2028 <>@=?"\\é'), max_size=60))
def test_no_value_starts_a_header_of_its_own(value: str) -> None:
    evil = value + "\r\nBcc: victim@example.com\r\n\r\nbody"
    raw = compose(
        draft(
            subject=evil,
            author=Mailbox(evil, evil),
            message_id=evil,
            in_reply_to=evil,
            references=(evil,),
            list_name=evil,
            list_address=evil,
            language=evil,
            attachments=(UploadedFile(evil, evil, b"x"),),
        ),
        "",
    )
    known = {
        "from", "to", "subject", "date", "user-agent", "mime-version", "content-type",
        "message-id", "in-reply-to", "references", "content-language",
    }  # fmt: skip
    message = email.message_from_bytes(raw)
    assert {name.lower() for name in message} <= known
    assert len(message.keys()) == len(set(message.keys()))
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\r" not in head.replace(b"\r\n", b"") and b"\n" not in head.replace(b"\r\n", b"")


def test_long_references_are_folded_as_they_are() -> None:
    ids = tuple(f"{n}.{'x' * 80}@example.org" for n in range(30))
    raw = compose(draft(references=ids), "")
    assert b"=?" not in raw.partition(b"References:")[2].partition(b"Content-Language")[0]
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))


def test_any_mail_program_reads_it() -> None:
    raw = compose(draft(), "<p>Bonjour à <em>tous</em></p>")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["subject"] == "Chemins à ouvrir"
    assert message["from"].addresses[0].display_name == "Élodie Marchand"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    written = plain.get_content().replace("\r\n", "\n")
    assert written.startswith("Bonjour à *tous*\n\n> une citation")
    assert "<p>Bonjour à <em>tous</em></p>" in html.get_content()
    assert message["message-id"] == "<20240517.1@forum.example.net>"
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_equal_drafts_give_equal_bytes() -> None:
    assert compose(draft(), "<p>x</p>") == compose(draft(), "<p>x</p>")
