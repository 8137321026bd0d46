"""DKIM signatures of what leaves, checked by dkimpy, which knows nothing of our code."""

from __future__ import annotations

import email
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.extensions import db
from forum.operations import digests
from forum.operations.notices import NoticeKind, notify
from forum.search import open_index
from forum.settings import Settings
from mailbridge import notices
from mailbridge.outcomes import Sent
from mailbridge.outgoing import Builder
from mailbridge.signing import BodyHash, Signer, relaxed
from mailbridge.signing_keys import (
    KeyFiles,
    KeyProblem,
    KeyRing,
    message_of,
    record_value,
    ring_of,
    zone_strings,
)
from mailbridge.smtp_transport import SmtpTransport
from mailbridge.transport import MemoryTransport
from mailbridge.worker import Worker
from tests.factories import START, Make
from tests.mailbridge.conftest import RunningSmarthost
from tests.mailbridge.signing import holds, install_key, key_of, public_record
from tests.mailbridge.test_outgoing import MAILS, OUTBOX, Outbox, notice

ONE_CLICK = (b"list-unsubscribe", b"list-unsubscribe-post")
RECORD = public_record(key_of(2048))


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    install_key(tmp_path)
    return KeyRing(KeyFiles(tmp_path), "lists.example.org")


@pytest.fixture
def outbox(session: Session, settings: Settings, make: Make) -> Outbox:
    install_key(settings.data_dir)
    return Outbox(session, settings, make, make.mailing_list())


def signature_of(message: bytes) -> dict[str, str]:
    """The tags of the topmost signature."""
    value = email.message_from_bytes(message)["DKIM-Signature"]
    pairs = (tag.partition("=") for tag in re.sub(r"\s+", "", value).split(";"))
    return {name: text for name, _, text in pairs}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in OUTBOX.glob("*.eml")))
def test_every_golden_mail_holds_once_signed(ring: KeyRing, name: str) -> None:
    raw = (OUTBOX / name).read_bytes()
    head, _, body = raw.partition(b"\r\n\r\n")
    message = message_of(head + b"\r\n", body, ring)
    assert message.endswith(raw)
    assert holds(message, RECORD)
    assert not holds(message, public_record(key_of(1024)))


@pytest.mark.parametrize("name", MAILS)
def test_each_copy_is_signed_with_its_own_token(
    outbox: Outbox, settings: Settings, make: Make, name: str
) -> None:
    post = outbox.post(MAILS[name])
    builder = Builder(settings)
    load = partial(MAILS.__getitem__, name)
    people = [make.subscriber(outbox.where, language="fr") for _ in range(3)]
    copies = [builder.build(post, load, person) for person in people]
    assert all(holds(copy.message, RECORD) for copy in copies)
    tags = [signature_of(copy.message) for copy in copies]
    assert len({one["bh"] for one in tags}) == 3
    assert {(one["d"], one["s"], one["c"]) for one in tags} == {
        ("lists.example.org", "s1", "relaxed/relaxed")
    }
    signed = [one.lower() for one in tags[0]["h"].split(":")]
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id"} <= set(signed)
    assert (signed.count("from"), signed.count("subject")) == (2, 2)
    other = copies[1].message.replace(people[1].token.encode(), people[0].token.encode())
    assert not holds(other, RECORD)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"List-Unsubscribe: <http", b"List-Unsubscribe: <https"),
        lambda raw: raw.replace(b"One-Click", b"Two-Clicks"),
        lambda raw: b"From: evil@example.net\r\n" + raw,
        lambda raw: b"Subject: Bonjour\r\n" + raw,
        lambda raw: raw.replace(b"quarante", b"cinquante"),
        lambda raw: raw + b"more\r\n",
    ],
)
def test_a_change_on_the_way_breaks_the_signature(
    outbox: Outbox, change: Callable[[bytes], bytes]
) -> None:
    message = outbox.copy(MAILS["plain"]).message
    changed = change(message)
    assert changed != message
    assert holds(message, RECORD)
    assert not holds(changed, RECORD)


def test_white_space_and_folding_on_the_way_do_no_harm(outbox: Outbox) -> None:
    message = outbox.copy(MAILS["plain"]).message
    head, _, body = message.partition(b"\r\n\r\n")
    head = head.replace(b"Precedence: list\r\n", b"").replace(b"Reply-To: ", b"Reply-To:\r\n   ")
    assert holds(head + b"\r\nX-Spam: no\r\n\r\n" + body + b"\r\n\r\n", RECORD)


@pytest.mark.parametrize("kind", ["login", "welcome", "held-author"])
def test_notices_are_signed(
    session: Session, settings: Settings, outbox: Outbox, kind: str
) -> None:
    where = None if kind == "login" else outbox.where
    copy = notices.build(notice(session, kind, "fr", where), settings)
    assert copy.message.startswith(b"DKIM-Signature: ")
    assert holds(copy.message, RECORD)


def test_all_that_a_worker_sends_is_signed_from_the_moment_there_is_a_key(
    app: Flask, session: Session, settings: Settings, make: Make
) -> None:
    where = make.mailing_list()
    make.subscriber(where, "each@example.net")
    make.subscriber(where, "daily@example.net", delivery="daily")
    make.subscriber(where, "plain@example.net", delivery="daily").digest_format = "plain"
    transport = MemoryTransport()
    own = Session(db.engine, expire_on_commit=False)
    worker = Worker(own, settings, transport, open_index(settings, db.engine))
    make.post(where, mail_out=True)
    make.commit()
    worker.drain()
    unsigned = [raw for _, _, raw in transport.sent]
    install_key(settings.data_dir)
    transport.sent.clear()
    make.post(where, mail_out=True, subject="Paniers", text="Les paniers sont prêts.\n")
    notify(session, NoticeKind.LOGIN, "awa@example.org", "fr", START, link="x", hours="1")
    digests.queue_digests(session, utcnow(), everything=True)
    make.commit()
    worker.drain()
    own.close()
    assert unsigned
    assert not any(raw.startswith(b"DKIM-Signature") for raw in unsigned)
    assert {recipient for _, recipient, _ in transport.sent} == {
        "each@example.net", "daily@example.net", "plain@example.net", "awa@example.org",
    }  # fmt: skip
    assert all(holds(raw, RECORD) for _, _, raw in transport.sent)


ATTACHED = (
    b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="m"\n\n--m\n\n.\n..text\n--m\n'
    b"Content-Type: text/csv; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    b'Content-Disposition: attachment; filename="a.csv"\n\n.\n\xc3\xa9t\xc3\xa9;1 \t\n\n--m--'
)


@pytest.mark.parametrize("raw", [*MAILS.values(), ATTACHED])
def test_a_signature_holds_where_the_mail_arrives(
    outbox: Outbox, smarthost: RunningSmarthost, raw: bytes
) -> None:
    copy = outbox.copy(raw)
    transport = SmtpTransport(smarthost.url)
    assert isinstance(transport.send(copy.reverse_path, copy.recipient, copy.message), Sent)
    transport.close()
    ((_, _, arrived),) = smarthost.host.mails
    assert holds(arrived, RECORD)


def _field(name: bytes, value: bytes) -> bytes:
    """A field, folded at its spaces as mail programs do."""
    words = value.split(b" ")
    lines = [b" ".join(words[at : at + 8]) for at in range(0, len(words), 8)]
    return name + b": " + b"\r\n ".join(one or b"x" for one in lines) + b"\r\n"


_words = st.lists(st.binary(min_size=1, max_size=12).map(lambda b: re.sub(rb"[^!-~]", b"v", b)))
_bodies = st.lists(
    st.one_of(
        st.binary(max_size=40).map(lambda b: b.replace(b"\r", b"r").replace(b"\n", b"n")),
        st.sampled_from([b"", b" ", b"\t x  y ", b".", b"-- ", b"\xc3\xa9t\xc3\xa9", b"MARK"]),
    )
)


@given(
    words=_words,
    lines=_bodies,
    ends=st.booleans(),
    value=st.text("0123456789abcdef", min_size=4, max_size=4),
)
def test_any_mail_holds(words: list[bytes], lines: list[bytes], ends: bool, value: str) -> None:
    head = b"".join(
        (
            _field(b"From", b"a@example.org " + b" ".join(words)),
            _field(b"Subject", b" ".join(words) * 3),
            _field(
                b"References", b" ".join(b"<%d@example.org>" % n for n in range(len(words) * 9))
            ),
            b"List-Unsubscribe: <https://example.org/unsubscribe/" + b"x" * 600 + b">\r\n",
        )
    )
    body = b"\r\n".join(lines) + b"\r\n" * ends
    signer = Signer("example.org", "s1", key_of(1024))
    digest = BodyHash(body, b"MARK").of(value.encode())
    message = signer.dkim(head, digest) + head + b"\r\n" + body.replace(b"MARK", value.encode())
    # RFC 5321, section 4.1.1.4: a last line without an end gets one on the way.
    arrived = message if message.endswith(b"\r\n") else message + b"\r\n"
    assert holds(arrived, public_record(key_of(1024)))


def test_lines_of_a_signature_are_short(ring: KeyRing) -> None:
    message = message_of(b"From: a@example.org\r\n", b"x\r\n", ring)
    head = message.split(b"From: ")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_a_field_in_relaxed_form_is_one_line() -> None:
    field = relaxed(b"SUBJECT : a\t b \r\n  c  \r\n")
    assert (field.name, field.line) == (b"subject", b"subject:a b c")


def test_without_a_key_mail_leaves_unsigned(tmp_path: Path) -> None:
    ring = KeyRing(KeyFiles(tmp_path), "lists.example.org")
    assert (
        message_of(b"From: a@example.org\r\n", b"x\r\n", ring)
        == b"From: a@example.org\r\n\r\nx\r\n"
    )


def test_a_running_worker_takes_the_new_key_and_the_old_one_stays(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path)
    ring = ring_of(tmp_path, "lists.example.org")
    assert ring.signer() is None
    files.create("one")
    files.use("one")
    first = ring.signer()
    assert first is not None
    assert first is ring.signer()
    files.create("two")
    assert ring.signer() is first
    files.use("two")
    second = ring.signer()
    assert second is not None
    assert (first.selector, second.selector) == ("one", "two")
    assert files.selectors() == ["one", "two"]
    with pytest.raises(KeyProblem):
        files.remove("two")
    files.remove("one")
    assert files.selectors() == ["two"]


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path / "var")
    before = os.umask(0)
    try:
        files.create("one")
        files.use("one")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in files.directory.iterdir()}
    assert modes == {"one.pem": 0o600, "signing": 0o600}
    assert files.directory.stat().st_mode & 0o777 == 0o700
    assert files.load("one").key_size == 2048


def test_a_broken_key_stops_no_mail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    install_key(tmp_path)
    (tmp_path / "dkim" / "s1.pem").write_text("no key")
    ring = KeyRing(KeyFiles(tmp_path), "lists.example.org")
    for _ in range(3):
        assert not message_of(b"From: a@example.org\r\n", b"x\r\n", ring).startswith(b"DKIM")
    assert [record.message for record in caplog.records] == [
        "mail leaves unsigned: the file of the key s1 holds no key"
    ]


@pytest.mark.parametrize("selector", ["", "A", "../x", "a.b", "a b", "-a", "x" * 64])
def test_a_selector_is_one_label(tmp_path: Path, selector: str) -> None:
    with pytest.raises(KeyProblem):
        KeyFiles(tmp_path).create(selector)


def test_a_record_is_what_the_verifier_wants_and_fits_a_zone() -> None:
    value = record_value(key_of(2048))
    assert value.encode() == RECORD
    strings = re.findall(r'"([^"]*)"', zone_strings(value))
    assert "".join(strings) == value
    assert max(map(len, strings)) <= 255


def test_a_site_signs_for_its_own_domain(settings: Settings, tmp_path: Path) -> None:
    install_key(tmp_path)
    where = replace(settings, data_dir=tmp_path, mail_domain="other.example.net")
    signer = ring_of(where.data_dir, where.mail_domain).signer()
    assert signer is not None
    assert signer.domain == "other.example.net"
