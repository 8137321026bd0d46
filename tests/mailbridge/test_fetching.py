"""Mail fetched from a mailbox: all of it, once, whatever the server does."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.fetch_source import ImapSource, SourceError, parse_source
from forum.operations.fetching import fetch_from, fetching_of, stop_fetching
from forum.operations.sealing import UnsealError, seal, unseal
from forum.settings import Settings
from forum.storage.fetching import Fetching
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming
from mailbridge import checks_fetching, fetch_imap, fetching
from mailbridge.fetch_imap import FetchError, ImapMailbox, modified_utf7
from mailbridge.fetching import Fetcher, reverse_path_of
from tests.factories import START, Make, mail
from tests.mailbridge.imap_server import PASSWORD, ImapServer, running
from tests.mailbridge.working import Clock

BRIDGE = "pont@lists.example.org"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with running(ImapServer()) as server:
        yield server


@pytest.fixture
def mirrored(make: Make) -> MailingList:
    found = make.mailing_list(
        mode="mirrored", upstream_address="ancrage@example.net", bridge_address=BRIDGE
    )
    make.commit()
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


Look = Callable[..., Fetching]


def work(session: Session, settings: Settings, clock: Clock) -> int:
    """What the worker does, on a session of its own as there."""
    session.commit()
    with Session(session.get_bind(), expire_on_commit=False) as own:
        number = Fetcher(own, settings, clock).run_due()
    session.expire_all()
    return number


@pytest.fixture
def look(session: Session, settings: Settings, mirrored: MailingList, clock: Clock) -> Look:
    """Have the worker look a minute later; with a mailbox named it is set first."""

    def look(source: str | None = None, password: str | None = PASSWORD) -> Fetching:
        if source is not None:
            key = settings.resolved_secret_key()
            fetch_from(session, mirrored, source, password, key, clock.now)
            session.commit()
        clock.now += timedelta(seconds=settings.fetch_seconds)
        work(session, settings, clock)
        row = fetching_of(session, mirrored.id)
        assert row is not None
        return row

    return look


def written(number: int, **fields: str) -> bytes:
    return mail(
        message_id=f"n{number}@example.net",
        subject=f"Semences {number}",
        text=f"Voici la proposition numéro {number} pour la rencontre de printemps.\n",
        Return_Path="<ancrage-bounces@example.net>",
        List_Id="<ancrage.example.net>",
        **fields,
    )


def came(session: Session) -> list[str]:
    return list(session.scalars(select(Incoming.subject).order_by(Incoming.id)))


def test_all_that_lies_in_a_mailbox_is_taken_once(
    session: Session, server: ImapServer, look: Look
) -> None:
    server.add(written(1), written(2))
    row = look(server.url)
    assert (row.error, row.taken, row.last_uid) == ("", 2, 2)
    assert row.uid_validity == 3857529045
    server.add(written(3))
    assert look().taken == 3
    assert look().taken == 3
    assert came(session) == ["Semences 1", "Semences 2", "Semences 3"]
    assert server.fetched == [1, 2, 3]
    first = session.scalars(select(Incoming).order_by(Incoming.id)).first()
    assert first is not None
    assert (first.forward_path, first.reverse_path) == (BRIDGE, "ancrage-bounces@example.net")
    assert first.peer == "localhost imap"


def test_nothing_changes_on_the_server(server: ImapServer, look: Look) -> None:
    server.add(written(1))
    look(server.url)
    assert not server.seen
    assert {line.split()[0] for line in server.commands} == {
        "CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID", "LOGOUT",
    }  # fmt: skip


def test_a_look_is_due_again_after_the_pause_of_the_settings(
    session: Session, server: ImapServer, look: Look, clock: Clock, settings: Settings
) -> None:
    due = look(server.url).due_at
    assert due == clock.now + timedelta(seconds=60)
    clock.now += timedelta(seconds=59)
    server.add(written(1))
    assert work(session, settings, clock) == 0
    clock.now += timedelta(seconds=1)
    assert work(session, settings, clock) == 1


def test_new_numbers_are_read_anew_and_what_is_known_changes_nothing(
    session: Session, server: ImapServer, look: Look
) -> None:
    server.add(written(1), written(2))
    look(server.url)
    server.uid_validity, server.messages = 7, {41: server.messages[2], 42: written(3)}
    row = look()
    assert (row.uid_validity, row.last_uid, row.error) == (7, 42, "")
    assert came(session) == ["Semences 1", "Semences 2", "Semences 3"]


def test_a_connection_lost_in_a_message_costs_nothing(
    session: Session, server: ImapServer, look: Look
) -> None:
    server.add(written(1), written(2), written(3))
    server.breaks_at = 2
    row = look(server.url)
    assert (row.taken, row.last_uid, row.failures) == (1, 1, 1)
    assert row.error
    server.breaks_at = None
    row = look()
    assert (row.taken, row.last_uid, row.failures, row.error) == (
        1,
        1,
        1,
        row.error,
    )  # Not yet due.
    row = look()
    assert (row.taken, row.last_uid, row.failures, row.error) == (3, 3, 0, "")
    assert came(session) == ["Semences 1", "Semences 2", "Semences 3"]


def test_a_server_that_is_gone_is_tried_less_and_less_often(
    server: ImapServer, look: Look, clock: Clock
) -> None:
    gone = server.url.replace(str(server.port), "1")
    pauses = []
    row = look(gone)
    for _ in range(7):
        pauses.append((row.due_at - clock.now).total_seconds())
        clock.now = row.due_at - timedelta(seconds=60)
        row = look()
    assert pauses == [120, 240, 480, 900, 900, 900, 900]
    assert "refused" in row.error.lower()


def test_a_wrong_password_is_told_and_never_shown(server: ImapServer, look: Look) -> None:
    row = look(server.url, "falsch")
    assert "wrong password" in row.error
    assert "falsch" not in row.error
    assert "falsch" not in row.sealed_password


def test_a_password_is_stored_encrypted_and_opened_with_the_sites_key_alone() -> None:
    sealed = seal("un secret", "key")
    assert "secret" not in sealed
    assert unseal(sealed, "key") == "un secret"
    with pytest.raises(UnsealError):
        unseal(sealed, "another key")


def test_another_mailbox_begins_anew_and_the_same_goes_on(
    session: Session, server: ImapServer, look: Look, mirrored: MailingList
) -> None:
    server.add(written(1))
    look(server.url)
    assert look(server.url, None).last_uid == 1
    server.mailbox, server.uid_validity = "Autres", 9
    assert look(server.url).uid_validity == 9
    assert stop_fetching(session, mirrored)
    assert not stop_fetching(session, mirrored)


def test_a_message_larger_than_the_site_takes_stays_where_it_is(
    session: Session, server: ImapServer, look: Look, settings: Settings
) -> None:
    server.add(written(1), written(2) + b"x" * settings.max_message_bytes, written(3))
    row = look(server.url)
    assert (row.taken, row.skipped, row.last_uid) == (2, 1, 3)
    assert server.fetched == [1, 3]


def test_many_messages_are_taken_in_several_looks(
    session: Session, server: ImapServer, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BATCH", 2)
    monkeypatch.setattr(fetching, "WINDOW", 3)
    for number in range(1, 8):
        server.add(written(number))
    server.messages[50] = written(8)
    row = look(server.url)
    assert (row.taken, row.last_uid) == (8, 50)
    assert server.commands.count("LOGOUT") > 2
    assert came(session) == [f"Semences {number}" for number in range(1, 9)]


def test_a_server_that_says_no_next_number_is_read_too(
    session: Session, server: ImapServer, look: Look
) -> None:
    server.says_uid_next = False
    server.add(written(1), written(2))
    look(server.url)
    # The newest number again and again, as `*` gives it.
    assert look().taken == 2
    assert server.fetched == [1, 2]


def test_a_message_that_goes_while_it_is_asked_for_is_passed_over(
    session: Session, server: ImapServer, look: Look
) -> None:
    server.add(written(1), written(2))

    class Expunging(dict):
        def get(self, uid: int, default: object = None) -> object:
            # Listed by its size, gone when its text is wanted.
            found = super().get(uid, default)
            if uid == 1:
                self.pop(1, None)
            return found

    server.messages = Expunging(server.messages)
    row = look(server.url)
    assert (row.taken, row.last_uid, row.error) == (1, 2, "")


def test_a_server_that_hangs_is_left_after_a_while(
    server: ImapServer, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_imap.ImapMailbox.__init__, "__defaults__", (0.3,))
    server.hangs_at = "EXAMINE"
    assert look(server.url).failures == 1


def test_a_server_that_announces_more_than_can_be_is_not_believed(
    server: ImapServer, look: Look
) -> None:
    server.add(written(1))
    server.announces = 10**11
    row = look(server.url)
    assert (row.taken, row.error) == (0, "the server sends more than was asked for")


def test_one_bad_mailbox_does_not_keep_the_others_waiting(
    session: Session, server: ImapServer, look: Look, make: Make, settings: Settings, clock: Clock
) -> None:
    other = make.mailing_list("autre", mode="mirrored", upstream_address="autre@example.net",
                              bridge_address="autre-pont@lists.example.org")  # fmt: skip
    key = settings.resolved_secret_key()
    fetch_from(session, other, "imap://u@localhost:1/INBOX", "x", key, START - timedelta(1))
    session.commit()
    server.add(written(1))
    assert look(server.url).taken == 1
    bad = fetching_of(session, other.id)
    assert bad is not None and bad.error


def test_a_mailbox_that_another_worker_has_in_hand_is_left_to_it(
    session: Session, server: ImapServer, look: Look, mirrored: MailingList, clock: Clock
) -> None:
    server.add(written(1))
    look(server.url)
    row = fetching_of(session, mirrored.id)
    assert row is not None
    server.add(written(2))
    row.claimed_until = clock.now + timedelta(seconds=180)
    session.commit()
    assert look().taken == 1
    clock.now += timedelta(seconds=180)
    assert look().taken == 2


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (directory / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, directory / "key.pem")
    return context, path


@pytest.mark.parametrize("begins_with_tls", [True, False])
def test_a_certificate_is_checked(
    begins_with_tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, path = certificate(tmp_path, "localhost")
    server = ImapServer(tls=context) if begins_with_tls else ImapServer(
        starts_tls=context, capabilities="IMAP4rev1 STARTTLS AUTH=PLAIN"
    )  # fmt: skip
    with running(server):
        source = parse_source(server.url)
        assert isinstance(source, ImapSource)
        with pytest.raises(FetchError, match="certificate is not good"):
            ImapMailbox(source, PASSWORD)
        assert "AUTHENTICATE" not in server.commands
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with ImapMailbox(source, PASSWORD) as box:
            assert box.open().uid_validity == 3857529045
        with pytest.raises(FetchError, match="certificate is not good"):
            ImapMailbox(ImapSource(source.scheme, source.user, "127.0.0.1", source.port), PASSWORD)


def test_a_password_never_travels_unencrypted_but_on_this_machine() -> None:
    with running(ImapServer()) as server:
        # For the resolver the same machine, for us a name like any other.
        far = ImapSource("imap", server.user, "127.1", server.port)
        assert not far.is_local
        with pytest.raises(FetchError, match="no encryption"):
            ImapMailbox(far, PASSWORD)
        assert server.commands == ["CAPABILITY", "LOGOUT"]


def test_where_plain_is_not_offered_login_is_used() -> None:
    with running(ImapServer(capabilities="IMAP4rev1")) as server:
        source = parse_source(server.url)
        assert isinstance(source, ImapSource)
        with pytest.raises(FetchError):
            ImapMailbox(source, "ascii alone")
        assert "LOGIN" in server.commands


@pytest.mark.parametrize(
    "text",
    [
        "", "pop3://a@b/", "imaps://", "imaps://host/INBOX", "imaps://a:b@host/INBOX",
        "imaps://a@[x/INBOX", "imaps://a@host:99999/", "imaps://a@host/?x", "maildir:var/mail",
        "imaps://a@host/\n", "imaps://a@host:0/", "file:///x", "maildir:", "imaps://a@h st/",
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text)
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "imaps://pont%40example.org@mail.example.org/INBOX",
        "imap://u@[::1]:1143/Listes/%C3%89t%C3%A9",
        "maildir:/var/mail/pont",
    ],
)
def test_an_address_comes_out_as_it_went_in(text: str) -> None:
    assert str(parse_source(text)) == text


def test_the_name_of_a_mailbox_is_written_in_its_own_utf_7() -> None:
    # RFC 3501, section 5.1.3, has the first.
    assert modified_utf7("~peter/mail/台北/日本語") == "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert modified_utf7('Été & "co"') == '&AMk-t&AOk- &- \\"co\\"'


@pytest.mark.parametrize(
    ("head", "path"),
    [
        (b"Return-Path: <a@example.net>\nFrom: b@example.net\n", "a@example.net"),
        (b"Return-Path: <>\nFrom: b@example.net\n", None),
        (b"Sender: s@example.net\nFrom: b@example.net\n", "s@example.net"),
        (b"From: B <b@example.net>\n", "b@example.net"),
        (b"Subject: x\n", None),
    ],
)
def test_the_return_path_is_what_the_mail_server_wrote(head: bytes, path: str | None) -> None:
    assert reverse_path_of(head + b"\nx\n") == path


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "box" / part).mkdir(parents=True)
    return tmp_path / "box"


def state(maildir: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(maildir)): path.read_bytes()
        for path in maildir.rglob("*")
        if path.is_file()
    }


def test_a_maildir_is_read_and_left_as_it_is(session: Session, look: Look, maildir: Path) -> None:
    (maildir / "new" / "1.a.host").write_bytes(written(1))
    (maildir / "cur" / "2.b.host:2,S").write_bytes(written(2))
    (maildir / "tmp" / "3.c.host").write_bytes(written(3))
    (maildir / "new" / ".hidden").write_bytes(written(4))
    (maildir / "new" / "directory").mkdir()
    (maildir / "new" / "link").symlink_to(maildir / "tmp" / "3.c.host")
    before = state(maildir)
    assert look(f"maildir:{maildir}").taken == 2
    assert state(maildir) == before
    assert sorted(came(session)) == ["Semences 1", "Semences 2"]


def test_a_file_that_was_taken_is_known_under_its_new_name(
    session: Session, look: Look, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BATCH", 2)
    for number in range(1, 6):
        path = maildir / "new" / f"{number}.a.host"
        path.write_bytes(written(number))
        os.utime(path, (number, number))
    look(f"maildir:{maildir}")
    for number in (1, 2):
        (maildir / "new" / f"{number}.a.host").rename(maildir / "cur" / f"{number}.a.host:2,FS")
    (maildir / "new" / "3.a.host").unlink()
    assert look().taken == 5
    assert came(session) == [f"Semences {number}" for number in range(1, 6)]


def test_a_large_file_of_a_maildir_stays(look: Look, maildir: Path, settings: Settings) -> None:
    (maildir / "new" / "1.a").write_bytes(written(1) + b"x" * settings.max_message_bytes)
    assert look(f"maildir:{maildir}").skipped == 1
    assert look().skipped == 1


def test_a_maildir_that_is_not_there_is_told(look: Look, tmp_path: Path) -> None:
    row = look(f"maildir:{tmp_path / 'nowhere'}")
    assert row.error == "there is no Maildir with new and cur at this path"


def test_a_list_that_is_deleted_takes_its_mailbox_with_it(
    session: Session, look: Look, maildir: Path, mirrored: MailingList
) -> None:
    (maildir / "new" / "1.a").write_bytes(b"")
    look(f"maildir:{maildir}")
    session.execute(Incoming.__table__.delete())
    session.delete(mirrored)
    session.flush()
    assert session.scalars(select(Fetching)).all() == []


def test_the_doctor_tells_of_each_mailbox(
    session: Session, server: ImapServer, look: Look, clock: Clock
) -> None:
    every = timedelta(seconds=60)

    def told() -> str:
        (finding,) = checks_fetching.fetching(session, clock.now, every)
        return finding.line()

    server.add(written(1))
    look(server.url)
    assert told() == "ok       fetching ancrage: 1 messages taken"
    server.hangs_at, server.breaks_at = "", 2
    server.add(written(2))
    look()
    assert told().startswith(f"failure  fetching ancrage: {server.url}: ")
    assert "last read: 2010-03-01 09:01 UTC" in told()
    server.breaks_at = None
    look()
    look()
    clock.now += timedelta(hours=1)
    assert "Start 'passerelle worker'" in told()
