"""Mail over real sockets: what is taken, what is refused and in which words."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.mail import Incoming, IncomingState
from mailbridge.listener import SECOND_LIST, TEMPORARY
from mailbridge.smtp_protocols import BARE_LINE_END
from tests.factories import Make
from tests.factories import mail as unix_mail
from tests.mailbridge.conftest import Running

AWA = "awa@example.org"
LIST = "ancrage@lists.example.org"
OTHER = "autre@lists.example.org"


@pytest.fixture
def lists(make: Make) -> None:
    for slug in ("ancrage", "autre"):
        make.subscriber(make.mailing_list(slug), AWA)
    make.commit()


def mail(**fields: str) -> bytes:
    """As it goes over the wire."""
    return unix_mail(**fields).replace(b"\n", b"\r\n")


def dialogue(port: int, *lines: bytes) -> bytes:
    """Send lines as they are; gives all that was answered."""
    answered = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        stream = client.makefile("rb")
        answered += stream.readline()
        for line in lines:
            client.sendall(line)
            while True:
                reply = stream.readline()
                answered += reply
                if reply[3:4] != b"-":
                    break
    return answered


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_a_members_mail_is_posted_by_both_protocols(
    protocol: str, listener: Running, lists: None, session: Session
) -> None:
    raw = mail(message_id="un@example.org")
    with getattr(listener, protocol)() as client:
        client.sendmail(AWA, [LIST], raw)
    posts = session.scalars(select(Post)).all()
    assert [post.message_id for post in posts] == ["un@example.org"]
    row = session.scalars(select(Incoming)).one()
    assert (row.state, row.forward_path, row.reverse_path) == ("posted", LIST, AWA)
    assert row.peer == f"127.0.0.1 {protocol}"
    assert load_raw(row.raw) == raw


def test_lmtp_answers_once_for_each_recipient(
    listener: Running, lists: None, session: Session
) -> None:
    answered = dialogue(
        listener.ports["lmtp"],
        b"LHLO client.example.org\r\n",
        b"MAIL FROM:<awa@example.org>\r\n",
        b"RCPT TO:<ancrage@lists.example.org>\r\n",
        b"RCPT TO:<autre@lists.example.org>\r\n",
        b"RCPT TO:<nobody@lists.example.org>\r\n",
        b"DATA\r\n",
        mail(message_id="a@example.org") + b".\r\n",
        b"NOOP\r\n",
    )
    after = answered.split(b"354")[1].splitlines()[1:]
    # Two recipients were accepted: two replies, and only then the one to NOOP (the last read).
    assert [line[:3] for line in after] == [b"250", b"250"]
    assert b"550 5.1.1" in answered
    assert len(session.scalars(select(Post)).all()) == 2


def test_lmtp_refuses_smtps_greeting_and_smtp_lmtps(listener: Running) -> None:
    assert b"500" in dialogue(listener.ports["lmtp"], b"EHLO client.example.org\r\n")
    assert b"500" in dialogue(listener.ports["smtp"], b"LHLO client.example.org\r\n")


def test_a_second_list_in_one_smtp_transaction_is_for_later(
    listener: Running, lists: None, session: Session
) -> None:
    with listener.smtp() as client:
        client.ehlo()
        client.mail(AWA)
        assert client.rcpt(LIST)[0] == 250
        assert client.rcpt("ancrage-owner@lists.example.org")[0] == 250
        code, reply = client.rcpt(OTHER)
        assert f"{code} {reply.decode()}" == SECOND_LIST
        client.rset()
        client.mail(AWA)
        assert client.rcpt(OTHER)[0] == 250


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_an_unknown_recipient_is_550(protocol: str, listener: Running, lists: None) -> None:
    with getattr(listener, protocol)() as client:
        client.ehlo_or_helo_if_needed()
        client.mail(AWA)
        code, reply = client.rcpt("inconnu@lists.example.org")
    assert (code, reply[:5]) == (550, b"5.1.1")


def test_the_limit_on_size_is_announced_and_named(
    app: Flask, settings: Settings, lists: None, start_listener: Callable[..., Running]
) -> None:
    limit = settings.max_message_bytes
    object.__setattr__(settings, "max_message_bytes", 5000)
    running = start_listener()
    with running.smtp() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "5000"
        code, reply = client.mail(AWA, ["SIZE=6000"])
        assert code == 552
        assert b"5000" in reply
    with running.smtp() as client:
        client.ehlo()
        client.mail(AWA)
        client.rcpt(LIST)
        code, reply = client.data(mail(text="mot " * 2000))
        assert code == 552
        assert b"5000" in reply
        assert client.noop()[0] == 250
    object.__setattr__(settings, "max_message_bytes", limit)


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\n\r\none\ntwo\r\n",
        b"Subject: x\r\n\r\none\rtwo\r\n",
        b"Subject: x\r\n\r\none\n.\r\n",
        b"Subject: x\r\n\r\none\r\r\n",
        b"Subject: x\r\n\r\none\n.\nMAIL FROM:<evil@example.net>\r\n",
        b"Subject: x\r\n\r\n" + b"x" * 70_000 + b"\r" + b"y" * 70_000 + b"\r\n",
    ],
)
def test_a_bare_cr_or_lf_is_refused_and_smuggles_nothing(
    content: bytes, listener: Running, lists: None, session: Session
) -> None:
    answered = dialogue(
        listener.ports["smtp"],
        b"EHLO client.example.org\r\n",
        b"MAIL FROM:<awa@example.org>\r\n",
        b"RCPT TO:<ancrage@lists.example.org>\r\n",
        b"DATA\r\n",
        content + b".\r\n",
        b"NOOP\r\n",
    )
    assert answered.count(BARE_LINE_END.encode()) == 1
    assert answered.rstrip().splitlines()[-1].startswith(b"250")
    assert session.scalars(select(Incoming)).all() == []


def test_lines_of_any_length_and_leading_dots_come_through(
    listener: Running, lists: None, session: Session
) -> None:
    raw = (
        mail(message_id="long@example.org") + b".dot\r\n..two\r\n" + b"x" * 300_000 + b"\r\nend\r\n"
    )
    with listener.smtp() as client:
        client.sendmail(AWA, [LIST], raw)
    row = session.scalars(select(Incoming)).one()
    assert load_raw(row.raw) == raw


def test_too_many_recipients_are_for_later(
    start_listener: Callable[..., Running], lists: None
) -> None:
    with start_listener(recipients=1).lmtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail(AWA)
        assert client.rcpt(LIST)[0] == 250
        assert client.rcpt(OTHER)[0] == 452
        assert client.rcpt(LIST)[0] == 250  # The same again is no other.


@pytest.mark.parametrize("limit", [{"connections": 2}, {"connections_per_peer": 2}])
def test_too_many_connections_are_sent_away_until_one_leaves(
    limit: dict[str, int], start_listener: Callable[..., Running], lists: None
) -> None:
    running = start_listener(**limit)
    first, second = running.smtp(), running.smtp()
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        running.smtp()
    assert refused.value.smtp_code == 421
    first.quit()
    for _ in range(1_000):
        try:
            third = running.smtp()
            break
        except smtplib.SMTPConnectError:
            continue
    third.quit()
    second.quit()


def test_an_idle_client_is_hung_up_on(start_listener: Callable[..., Running]) -> None:
    running = start_listener(idle_seconds=0.3)
    with socket.create_connection(("127.0.0.1", running.ports["smtp"]), timeout=10) as client:
        stream = client.makefile("rb")
        assert stream.readline().startswith(b"220")
        assert stream.readline() == b""


@pytest.fixture
def lose(session: Session) -> Iterator[Callable[[str], None]]:
    """Take a table away; it is back at the end, for the next test may have the same database."""
    lost: list[str] = []

    def take(table: str) -> None:
        session.execute(text(f"ALTER TABLE {table} RENAME TO lost_{table}"))
        session.commit()
        lost.append(table)

    yield take
    for table in lost:
        session.execute(text(f"ALTER TABLE lost_{table} RENAME TO {table}"))
    session.commit()


def test_a_lost_database_is_451_and_tells_nothing(
    listener: Running, lists: None, lose: Callable[[str], None]
) -> None:
    with listener.smtp() as client:
        client.ehlo()
        client.mail(AWA)
        assert client.rcpt(LIST)[0] == 250
        lose("incoming")
        code, reply = client.data(mail())
        assert f"{code} {reply.decode()}" == TEMPORARY
        lose("mailing_list")
        client.mail(AWA)
        code, reply = client.rcpt(LIST)
        assert f"{code} {reply.decode()}" == TEMPORARY


def test_an_exception_anywhere_in_the_protocol_is_451(listener: Running) -> None:
    # aiosmtpd's own address parser raises on some of these.
    lines = (b'MAIL FROM:<"@a>', b"MAIL FROM:<a@[b>", b'VRFY "', b"MAIL FROM:<", b"MAIL FROM:\xff")
    for line in lines:
        answered = dialogue(listener.ports["smtp"], b"EHLO c.example.org\r\n", line + b"\r\n")
        last = answered.splitlines()[-1]
        assert b"Error: (" not in last
        assert b"Traceback" not in answered


@pytest.mark.parametrize(
    "bad", [b"\0", b"\x01", b"\x1b", b"\x7f", b"\xff", b"\xc2\x85", b"\xed\xa0\x80"]
)
@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_an_address_that_is_no_text_is_refused_for_good(
    protocol: str, listener: Running, lists: None, session: Session, bad: bytes
) -> None:
    greeting = b"LHLO c.example.org\r\n" if protocol == "lmtp" else b"EHLO c.example.org\r\n"
    answered = dialogue(
        listener.ports[protocol],
        greeting,
        b"MAIL FROM:<a" + bad + b"wa@example.org>\r\n",
        b"MAIL FROM:<awa@example.org>\r\n",
        b"RCPT TO:<ancr" + bad + b"age@lists.example.org>\r\n",
        b"RCPT TO:<ancrage" + bad + b"@lists.example.org>\r\n",
        b"VRFY " + bad + b"\r\n",
    )
    told = answered.decode().splitlines()[-5:]
    assert [line[:9] for line in told[:4]] == ["553 5.1.7", "250 OK", "553 5.1.3", "553 5.1.3"]
    assert not told[4].startswith("451")


@pytest.mark.parametrize("address", ["postmaster", "POSTMASTER@lists.example.org"])
def test_the_postmaster_is_always_there(listener: Running, address: str) -> None:
    for line in (f"RCPT TO:<{address}>", f"RCPT TO:{address}"):
        answered = dialogue(
            listener.ports["smtp"],
            b"EHLO c.example.org\r\n",
            b"MAIL FROM:<awa@example.org>\r\n",
            line.encode() + b"\r\n",
        )
        assert answered.splitlines()[-1] == b"250 2.1.5 OK"


def test_a_refusal_is_heard_by_a_member_in_three_languages(
    app: Flask, settings: Settings, lists: None, listener: Running, session: Session
) -> None:
    # The listener has read the limit already; the list's rule is asked with a smaller one.
    object.__setattr__(settings, "max_message_bytes", 300)
    with listener.smtp() as client:
        client.ehlo()
        client.mail(AWA)
        client.rcpt(LIST)
        code, reply = client.data(mail(text="mot " * 200))
    assert code == 552
    assert b"volumineux" in reply
    assert b"too large" in reply
    assert b"demasiado grande" in reply
    with listener.smtp() as client:
        client.ehlo()
        client.mail("x@example.net")
        client.rcpt(LIST)
        code, reply = client.data(mail(text="mot " * 200, author="Stranger <x@example.net>"))
    assert code == 250
    states = session.scalars(select(Incoming.state).order_by(Incoming.id)).all()
    assert states == [IncomingState.REJECTED, IncomingState.DISCARDED]
