"""Whatever the bytes, parsing gives a submission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.addresses import mailboxes
from forum.domain.charset import decode
from forum.domain.dates import parse_date
from forum.domain.encoded_words import decode_value
from forum.domain.flowed import unflow
from forum.domain.headers import Headers, message_ids
from forum.domain.html_text import markdown_of
from forum.domain.message import attachment_content, parse
from forum.domain.mime import take_apart, walk
from forum.domain.mojibake import repair
from forum.domain.parameters import parameters_of
from forum.domain.values import Flag, Submission

NOW = datetime(2024, 5, 17, 12, 30, tzinfo=UTC)

PIECES = st.sampled_from(
    [
        b"From: ", b"To: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"References: ",
        b"Received: ; ", b"Content-Type: ", b"Content-Disposition: attachment; filename=",
        b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode",
        b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=\"b\"",
        b"multipart/related; boundary=b", b"multipart/digest; boundary=b", b"text/html",
        b"text/plain; charset=", b"message/rfc822", b"text/calendar", b"text/enriched",
        b"application/ms-tnef", b"utf-8", b"utf-7", b"utf-16", b"zlib", b"rot13", b"idna",
        b"format=flowed; delsp=yes", b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b"--b", b"--b--",
        b"\n--b\n", b"begin 644 a.png\n", b"M", b"\nend\n", b"=?utf-8?q?", b"=?utf-8?b?", b"?=",
        b"<a@b>", b"<>", b"<a@[b>", b"a@", b";", b":", b"(", b")", b"\"", b"\\", b",", b" ",
        b"Fri, 17 May 2024 12:00:00 +0000", b"99", b"+9999", b"*0*=", b"utf-8''%E9", b"\x00",
        b"<blockquote>", b"</p>", b"<a href=x>", b"&#0;", b"&#xd800;", b"\xe9", b"\xc3\xa9",
        b"\xff\xfe", b"\x1b$B", b"+2AA-", b"=E9", b"> ", b"-- ", b"__________\n", b"x",
    ]
)  # fmt: skip
MAILS = st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=60).map(b"".join))

LABELS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["utf-8", "utf-7", "utf-16", "hex", "punycode", "gb2312", "mbcs"]),
)
TAGS = st.sampled_from(
    [
        "<p>", "</p>", "<div>", "<blockquote>", "</blockquote>", "<script>", "x(1)", "<ul><li>",
        "<a href='javascript:x'>", "</a>", "<!--", "-->", "&lt;", "é", " ", "*", "<style>",
    ]
)  # fmt: skip


def check(submission: Submission, raw: bytes) -> None:
    """What every submission must be, so that each store and page can hold it."""
    assert Flag.UNREADABLE not in submission.flags
    assert submission.raw == raw
    assert submission.date.tzinfo is UTC
    assert datetime(1990, 1, 1, tzinfo=UTC) <= submission.date <= NOW + timedelta(days=1)
    texts = [
        submission.subject, submission.text, submission.author.name, submission.author.address,
        submission.message_id or "", *submission.references, *submission.in_reply_to,
        submission.thread_topic or "", submission.thread_index or "",
        *(a.filename for a in submission.attachments),
        *(a.content_id or "" for a in submission.attachments),
        *(f"{m.name}{m.address}" for m in submission.recipients),
    ]  # fmt: skip
    for text in texts:
        text.encode("utf-8")
        assert "\x00" not in text
    assert "\r" not in submission.text
    assert "\n" not in submission.subject + submission.author.name
    assert all(" " not in identifier for identifier in submission.references)
    assert [a.index for a in submission.attachments] == list(range(len(submission.attachments)))
    assert all(a.filename and "/" not in a.filename for a in submission.attachments)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(raw=MAILS)
def test_any_bytes_are_read(raw: bytes) -> None:
    submission = parse(raw, NOW)
    check(submission, raw)
    for attachment in submission.attachments:
        found, content = attachment_content(raw, attachment.index)
        assert found == attachment
        assert len(content) == attachment.size
    with pytest.raises(LookupError):
        attachment_content(raw, len(submission.attachments))
    assert walk(take_apart(raw).root)
    assert parse(raw, NOW) == submission


@settings(max_examples=500, deadline=None)
@given(value=MAILS)
def test_no_header_value_raises(value: bytes) -> None:
    text = decode_value(value)
    for mailbox in (*mailboxes(value), *mailboxes(text)):
        assert "\n" not in mailbox.name + mailbox.address
    message_ids(text)
    parse_date(text)
    parameters_of(value).value_as_type()
    headers = Headers.of(value)
    headers.get_all("subject")
    headers.parameters()


@settings(max_examples=400, deadline=None)
@given(raw=st.binary(max_size=300), label=LABELS)
def test_any_bytes_become_storable_text(raw: bytes, label: str | None) -> None:
    text, _ = repair(decode(raw, label).text)
    text.encode("utf-8")
    assert "\x00" not in text


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200))
def test_utf_8_is_read_as_written(text: str) -> None:
    assume_clean = text.removeprefix("\ufeff")
    if any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" for c in assume_clean):
        return
    decoded = decode(text.encode("utf-8"), "utf-8")
    assert decoded.text == assume_clean
    assert decoded.sure


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("a >\n-\t."), max_size=80), delete=st.booleans())
def test_unflowing_keeps_every_word(text: str, delete: bool) -> None:
    assert "".join(unflow(text, delete).replace(">", "").split()) == "".join(
        text.replace(">", "").split()
    )


@settings(max_examples=200, deadline=None)
@given(html=st.lists(TAGS, max_size=40).map("".join))
def test_no_html_raises(html: str) -> None:
    markdown_of(html)
