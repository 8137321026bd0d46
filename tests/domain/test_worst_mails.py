"""No single mail costs more than a few seconds or a few hundred megabytes, whatever it holds."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from forum.domain.headers import Headers
from forum.domain.message import parse

NOW = datetime(2024, 5, 18, 8, 0, tzinfo=UTC)
SIZE = 25_000_000
HEAD = b"From: a@example.org\nSubject: x\nDate: Fri, 17 May 2024 12:29:58 +0200\n"


def filled(unit: bytes, size: int = SIZE) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def multipart(kind: bytes, part: bytes, times: int) -> bytes:
    head = HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n"
    return head + (b"--b\n" + part + b"\n") * times


WORST = {
    "short lines": HEAD + b"\n" + filled(b"a\n"),
    "empty lines": filled(b"\r\n"),
    "carriage returns": filled(b"\r"),
    "headers": filled(b"a: b\n"),
    "one header": b"Subject: " + filled(b"x"),
    "folds": HEAD + b"Subject: a" + filled(b"\n "),
    "no headers": filled(b"no header here\n"),
    "encoded words": b"Subject: " + filled(b"=?utf-8?q?a?= ", 1_000_000) + b"\n\n",
    "open encoded words": b"Subject: " + filled(b"=?utf-8?q?", 1_000_000) + b"\n\n",
    "addresses": b"To: " + filled(b'"a" <b@c>,', 1_000_000) + b"\n\n",
    "parentheses": b"From: " + filled(b"(", 1_000_000) + b"\nDate: " + filled(b"(") + b"\n\n",
    "parameters": b"Content-Type: text/plain; " + filled(b"a*1=b ", 1_000_000) + b"\n\n",
    "boundaries": HEAD + b"Content-Type: multipart/mixed; boundary=a\n\n" + filled(b"--a\n\n"),
    "false boundaries": HEAD + b"Content-Type: multipart/mixed; boundary=a\n\n" + filled(b"--ab\n"),
    "nested multiparts": HEAD + filled(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"),
    "nested HTML": HEAD + b"Content-Type: text/html\n\n" + filled(b"<div>"),
    "nested quotations": HEAD + b"Content-Type: text/html\n\n" + filled(b"<blockquote>a"),
    "HTML comments": HEAD + b"Content-Type: text/html\n\n" + filled(b"<!--"),
    "footers": HEAD + b"\n" + filled(b"----------\na\n"),
    "enriched": HEAD + b"Content-Type: text/enriched\n\n" + filled(b"<param>"),
    "uuencoded": HEAD + b"\n" + filled(b"begin 644 a\nM\n`\nend\n"),
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\n\n" + filled(b"> \n>> \n"),
    "mojibake": HEAD + b"\n" + filled("Ã© Ž\n".encode()),
    "HTML parts": multipart(
        b"mixed", b"Content-Type: text/html\n\n" + filled(b"<p>x", 24_000), 999
    ),
    "unlabelled parts": multipart(b"mixed", b"\n" + filled(b"\xe9a", 24_000), 999),
    "empty alternatives": multipart(b"alternative", b"\n" + filled(b"\n", 24_000), 1_000),
    "forwards": multipart(b"digest", b"\n" + HEAD + b"\n" + filled(b"hello\n", 24_000), 1_000),
    "an attachment": HEAD + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    + filled(b"QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_the_worst_mails_are_read_in_time(name: str) -> None:
    raw = WORST[name]
    began = time.process_time()
    submission = parse(raw, NOW)
    Headers.of(raw)
    assert time.process_time() - began < 5
    assert len(submission.text) <= 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["short lines", "empty lines", "uuencoded", "an attachment"])
def test_the_worst_mails_are_read_in_bounds(name: str) -> None:
    tracemalloc.start()
    try:
        parse(WORST[name], NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 400_000_000
