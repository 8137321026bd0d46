"""Whose fault a refusal is, told on a real socket."""

from __future__ import annotations

import email
import mailbox
import socket
import threading
from pathlib import Path

import pytest

from mailbridge.outcomes import Broken, Deferred, Refused, Sent
from mailbridge.smtp_transport import SmtpTransport
from mailbridge.transport import MaildirTransport, MemoryTransport, open_transport
from tests.mailbridge.conftest import RunningSmarthost

FROM, TO = "ancrage-bounces+abc@lists.example.org", "awa@example.org"
MESSAGE = b"Subject: x\r\n\r\n.dot\r\nBonjour\r\n"


def test_a_message_is_handed_over_on_a_kept_connection(smarthost: RunningSmarthost) -> None:
    transport = SmtpTransport(smarthost.url)
    for _ in range(3):
        assert isinstance(transport.send(FROM, TO, MESSAGE), Sent)
    assert isinstance(transport.send("", TO, MESSAGE), Sent)
    transport.close()
    assert smarthost.host.mails[0] == (FROM, TO, MESSAGE)
    assert smarthost.host.mails[3][0] in ("", "<>")


@pytest.mark.parametrize(
    ("reply", "kind"), [("450 4.2.1 busy", Deferred), ("550 5.1.1 no such user", Refused)]
)
def test_a_refused_recipient_is_the_recipients_fault(
    smarthost: RunningSmarthost, reply: str, kind: type
) -> None:
    smarthost.host.at_rcpt = lambda address: reply
    transport = SmtpTransport(smarthost.url)
    outcome = transport.send(FROM, TO, MESSAGE)
    assert isinstance(outcome, kind)
    assert outcome.reply == reply
    smarthost.host.at_rcpt = lambda address: None
    assert isinstance(transport.send(FROM, TO, MESSAGE), Sent)
    transport.close()


@pytest.mark.parametrize(
    ("reply", "kind"), [("451 4.3.0 later", Deferred), ("554 5.7.1 spam", Refused)]
)
def test_a_refusal_after_the_dot_is_told_by_its_code(
    smarthost: RunningSmarthost, reply: str, kind: type
) -> None:
    smarthost.host.at_data = reply
    transport = SmtpTransport(smarthost.url)
    assert isinstance(transport.send(FROM, TO, MESSAGE), kind)
    transport.close()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("550 5.7.1 not you", Broken), ("451 4.7.1 slowly", Deferred), ("552 5.3.4 big", Refused)],
)
def test_a_refusal_at_mail_is_the_smarthosts_fault(
    smarthost: RunningSmarthost, reply: str, kind: type
) -> None:
    smarthost.host.at_mail = reply
    transport = SmtpTransport(smarthost.url)
    assert isinstance(transport.send(FROM, TO, MESSAGE), kind)
    transport.close()


def test_nobody_listening_is_the_smarthosts_fault() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    outcome = SmtpTransport(f"smtp://127.0.0.1:{port}").send(FROM, TO, MESSAGE)
    assert isinstance(outcome, Broken)


def test_a_password_without_auth_at_the_other_side_is_the_smarthosts_fault(
    smarthost: RunningSmarthost,
) -> None:
    url = smarthost.url.replace("smtp://", "smtp://user:pass@")
    outcome = SmtpTransport(url).send(FROM, TO, MESSAGE)
    assert isinstance(outcome, Broken)
    assert "pass" not in outcome.reply
    starttls = smarthost.url.replace("smtp://", "smtp+starttls://")
    assert isinstance(SmtpTransport(starttls).send(FROM, TO, MESSAGE), Broken)


def _scripted(*connections: list[bytes]) -> int:
    """A server that answers each line with the next of its script, then hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            for script in connections:
                client, _ = server.accept()
                with client, client.makefile("rb") as lines:
                    for reply in script:
                        client.sendall(reply)
                        line = lines.readline()
                        if reply.startswith(b"354"):
                            while line not in (b".\r\n", b""):
                                line = lines.readline()

    threading.Thread(target=serve, daemon=True).start()
    port: int = server.getsockname()[1]
    return port


OK = b"250 ok\r\n"


def test_a_connection_that_went_to_sleep_is_made_anew() -> None:
    whole = [b"220 x\r\n", OK, OK, OK, b"354 go\r\n", OK]
    transport = SmtpTransport(f"smtp://127.0.0.1:{_scripted(whole, whole)}")
    assert isinstance(transport.send(FROM, TO, MESSAGE), Sent)
    assert isinstance(transport.send(FROM, TO, MESSAGE), Sent)
    transport.close()


def test_a_connection_lost_after_the_dot_is_tried_later_and_not_at_once() -> None:
    whole = [b"220 x\r\n", OK, OK, OK, b"354 go\r\n"]
    transport = SmtpTransport(f"smtp://127.0.0.1:{_scripted(whole, whole)}")
    assert isinstance(transport.send(FROM, TO, MESSAGE), Deferred)
    transport.close()


def test_an_unwelcoming_greeting_is_the_smarthosts_fault() -> None:
    transport = SmtpTransport(f"smtp://127.0.0.1:{_scripted([b'554 go away' + bytes([13, 10])])}")
    outcome = transport.send(FROM, TO, MESSAGE)
    assert isinstance(outcome, Broken)
    assert outcome.reply.startswith("554")


def test_a_maildir_gets_the_message_with_its_envelope(tmp_path: Path) -> None:
    transport = open_transport(f"file:{tmp_path / 'out' / 'box'}")
    assert isinstance(transport.send(FROM, TO, MESSAGE), Sent)
    transport.close()
    (kept,) = mailbox.Maildir(tmp_path / "out" / "box", create=False)
    assert (kept["Return-Path"], kept["Delivered-To"]) == (f"<{FROM}>", TO)
    assert kept.get_payload() == ".dot\nBonjour\n"


def test_a_directory_that_cannot_be_made_is_the_smarthosts_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(MaildirTransport(tmp_path / "file" / "box").send(FROM, TO, MESSAGE), Broken)


def test_memory_keeps_what_it_is_given() -> None:
    transport = MemoryTransport()
    transport.send(FROM, TO, MESSAGE)
    transport.close()
    assert email.message_from_bytes(transport.sent[0][2])["Subject"] == "x"
