"""`passerelle doctor`: what it finds, and what it says of it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.config import search_index
from forum.operations.notices import NoticeKind, notify
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.mail import Delivery, IndexQueue, SendState
from forum.storage.sending import SmarthostFault
from mailbridge import checks_mail, checks_queues, checks_site
from mailbridge.dns_text import LookupFailed
from mailbridge.dns_zone import records
from mailbridge.findings import Finding, Level
from mailbridge.signing_keys import KeyFiles, record_value
from tests.commands.conftest import Run, run  # noqa: F401
from tests.conftest import settings_for
from tests.factories import Make
from tests.mailbridge.conftest import RunningSmarthost
from tests.mailbridge.signing import install_key, key_of, public_record

DOMAIN = "lists.example.org"
KEY = "s1._domainkey.lists.example.org"


@dataclass
class Dns:
    """Records by name; it can be out of reach."""

    texts: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    hosts: tuple[str, ...] = ("mx.example.org",)
    machines: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"mx.example.org": ("192.0.2.1",)}
    )
    names: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"192.0.2.1": ("mx.example.org",)}
    )
    silent: bool = False

    def txt(self, name: str) -> tuple[bytes, ...]:
        return self.texts.get(name, ())

    def exchangers(self, name: str) -> tuple[str, ...]:
        if self.silent:
            raise LookupFailed(f"LifetimeTimeout for {name}")
        return self.hosts

    def addresses(self, name: str) -> tuple[str, ...]:
        return self.machines.get(name, ())

    def names_of(self, address: str) -> tuple[str, ...]:
        return self.names.get(address, ())


def whole() -> Dns:
    """All that a site wants."""
    return Dns(
        {
            DOMAIN: (b"v=spf1 mx -all", b"other=1"),
            KEY: (public_record(key_of(2048)),),
            "_dmarc.example.org": (b"v=DMARC1; p=none",),
        }
    )


def worst(findings: Iterable[Finding]) -> tuple[Level, str]:
    """The worst of some findings; each tells what to do where something is."""
    order = [Level.OK, Level.WARNING, Level.FAILURE]
    found = list(findings)
    assert all(bool(one.advice) is (one.level != Level.OK) for one in found)
    one = max(found, key=lambda one: order.index(one.level))
    return one.level, one.text


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    """Settings of a site that signs, without its database."""
    install_key(tmp_path)
    return settings_for(tmp_path)


def test_a_whole_zone_is_well(kept: Settings) -> None:
    findings = list(checks_mail.dns(kept, whole()))
    assert worst(findings)[0] == Level.OK
    assert len(findings) == 5


@pytest.mark.parametrize(
    ("change", "level", "told"),
    [
        ({"hosts": (), "machines": {}}, Level.FAILURE, "nobody can write to the lists"),
        ({"hosts": (), "machines": {DOMAIN: ("192.0.2.1",)}}, Level.WARNING, "no MX record"),
        ({"machines": {}}, Level.FAILURE, "mx.example.org, which has no address"),
        ({"names": {}}, Level.WARNING, "points to no name"),
        ({"names": {"192.0.2.1": ("other.example.net",)}}, Level.WARNING, "points to no name"),
        ({"silent": True}, Level.WARNING, "no answer"),
    ],
)
def test_what_is_missing_in_the_dns_is_told(
    kept: Settings, change: dict[str, object], level: Level, told: str
) -> None:
    found = worst(checks_mail.dns(kept, replace(whole(), **change)))
    assert found[0] == level
    assert told in found[1]


@pytest.mark.parametrize(
    ("name", "texts", "level", "told"),
    [
        (DOMAIN, (), Level.WARNING, "no SPF record"),
        (DOMAIN, (b"v=spf1 mx", b"v=spf1 a"), Level.FAILURE, "2 SPF records"),
        (DOMAIN, (b"v=spf1 +all",), Level.WARNING, "lets everybody send"),
        (KEY, (), Level.FAILURE, "is not there"),
        (KEY, (public_record(key_of(1024)),), Level.FAILURE, "holds another key"),
        ("_dmarc.example.org", (), Level.WARNING, "no DMARC record"),
    ],
)
def test_wrong_records_are_told(
    kept: Settings, name: str, texts: tuple[bytes, ...], level: Level, told: str
) -> None:
    zone = whole()
    zone.texts[name] = texts
    found = worst(checks_mail.dns(kept, zone))
    assert found[0] == level
    assert told in found[1]


def test_a_key_that_waits_may_be_unpublished(kept: Settings) -> None:
    KeyFiles(kept.data_dir).create("s2")
    assert worst(checks_mail.dns(kept, whole()))[0] == Level.WARNING


def test_without_a_key_or_with_a_bad_one_signing_is_told(tmp_path: Path) -> None:
    kept = settings_for(tmp_path)
    assert checks_mail.keys(kept).level == Level.WARNING
    install_key(tmp_path)
    path = tmp_path / "dkim" / "s1.pem"
    path.chmod(0o600)
    assert checks_mail.keys(kept).level == Level.OK
    path.chmod(0o640)
    assert checks_mail.keys(kept).level == Level.FAILURE
    path.write_text("no key")
    assert "holds no key" in checks_mail.keys(kept).text


def test_the_records_are_a_zone_that_can_be_read(kept: Settings) -> None:
    KeyFiles(kept.data_dir).create("s2")
    lines = [record.line() for record in records(kept)]
    zone = dns.zone.from_text("\n".join(lines), origin="example.org.", check_origin=False)
    found = {
        f"{name.derelativize(zone.origin)}": b"".join(data.strings).decode()
        for name, _, data in zone.iterate_rdatas(dns.rdatatype.TXT)
        if str(name).startswith(("s", "_"))
    }
    files = KeyFiles(kept.data_dir)
    assert found == {
        "s1._domainkey.lists.example.org.": record_value(files.load("s1")),
        "s2._domainkey.lists.example.org.": record_value(files.load("s2")),
        "_dmarc.lists.example.org.": "v=DMARC1; p=none; rua=mailto:postmaster@lists.example.org",
    }
    assert lines[0] == "lists.example.org. 3600 IN MX 10 forum.example.org."


@pytest.mark.parametrize(
    ("smarthost", "policy"),
    [
        ("smtp://127.0.0.1:25", '"v=spf1 mx ~all"'),
        ("smtps://mail.example.net", '"v=spf1 mx a:mail.example.net ~all"'),
        ("smtp://192.0.2.7", '"v=spf1 mx ip4:192.0.2.7 ~all"'),
        ("smtp://[2001:db8::1]:25", '"v=spf1 mx ip6:2001:db8::1 ~all"'),
    ],
)
def test_the_sender_policy_names_who_sends(tmp_path: Path, smarthost: str, policy: str) -> None:
    found = records(settings_for(tmp_path, SMARTHOST=smarthost))
    assert found[1].value == policy


def test_a_smarthost_is_greeted_and_gets_no_mail(
    tmp_path: Path, smarthost: RunningSmarthost
) -> None:
    found = checks_mail.smarthost(settings_for(tmp_path, SMARTHOST=smarthost.url))
    assert found.level == Level.OK
    assert smarthost.host.mails == []


def test_a_smarthost_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        kept = settings_for(tmp_path, SMARTHOST=f"smtp://user:geheim@127.0.0.1:{port}")
        found = checks_mail.smarthost(kept)
    assert found.level == Level.FAILURE
    assert "geheim" not in found.line()


def test_a_maildir_is_no_way_out(tmp_path: Path) -> None:
    assert checks_mail.smarthost(settings_for(tmp_path)).level == Level.WARNING


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"SITE_URL": "http://127.0.0.1:8000"}, "works on this machine alone"),
        ({"SITE_URL": "http://forum.example.org"}, "without encryption"),
        ({"MAIL_DOMAIN": "localhost"}, "MAIL_DOMAIN is localhost"),
        ({"LMTP_LISTEN": "", "SMTP_LISTEN": ""}, "both empty"),
        ({"RATE_LIMITS": "off"}, "RATE_LIMITS is off"),
        ({"TRUSTED_AUTHSERV": "", "DNS": "off"}, "nobody checks"),
    ],
)
def test_settings_of_a_trial_are_told(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    sound = {
        "SITE_URL": "https://forum.example.org", "RATE_LIMITS": "on", "DNS": "on",
    }  # fmt: skip
    assert worst(checks_site.configuration(settings_for(tmp_path, **sound)))[0] == Level.OK
    found = list(checks_site.configuration(settings_for(tmp_path, **{**sound, **changes})))
    assert [one.level for one in found] == [Level.WARNING, Level.OK]
    assert told in found[0].text


def test_a_key_that_others_can_read_is_a_failure(settings: Settings) -> None:
    assert checks_site.secret_key(settings).level == Level.OK
    settings.secret_key_file.chmod(0o644)
    assert checks_site.secret_key(settings).level == Level.FAILURE
    settings.secret_key_file.unlink()
    assert checks_site.secret_key(settings).level == Level.FAILURE


def test_queues_that_move_are_well(session: Session, make: Make) -> None:
    make.subscriber(make.mailing_list())
    make.post(make.mailing_list("other"), mail_out=True)
    now = utcnow()
    findings = [
        *checks_queues.incoming(session, now),
        *checks_queues.outgoing(session, now),
        *checks_queues.lists(session, DOMAIN),
    ]
    assert worst(findings)[0] == Level.OK


def _waiting(session: Session, make: Make, post: Post) -> Delivery:
    subscription = make.subscriber(post.mailing_list)
    now = utcnow()
    row = Delivery(
        post_id=post.id,
        subscription_id=subscription.id,
        due_at=now - timedelta(hours=1),
        queued_at=now - timedelta(hours=1),
    )
    session.add(row)
    session.flush()
    return row


def test_mail_that_nobody_sends_is_told_unless_it_is_stopped(session: Session, make: Make) -> None:
    where = make.mailing_list()
    row = _waiting(session, make, make.post(where))
    level, told = worst(checks_queues.outgoing(session, utcnow()))
    assert level == Level.WARNING
    assert "1 waiting" in told
    where.outgoing_stopped = True
    session.flush()
    assert worst(checks_queues.outgoing(session, utcnow()))[0] == Level.OK
    assert worst(checks_queues.lists(session, DOMAIN)) == (
        Level.WARNING,
        "outgoing mail is stopped: ancrage",
    )
    row.state = SendState.FAILED
    session.flush()
    assert "1 given up" in worst(checks_queues.outgoing(session, utcnow()))[1]


def test_a_list_of_another_domain_is_told(session: Session, make: Make) -> None:
    make.mailing_list(domain="other.example.net")
    level, told = worst(checks_queues.lists(session, DOMAIN))
    assert (level, told) == (Level.WARNING, "not at MAIL_DOMAIN: ancrage@other.example.net")


def test_a_mirror_without_a_server_that_checks_senders_is_told(
    session: Session, make: Make
) -> None:
    make.mailing_list("atelier")
    assert list(checks_queues.mirrors(session, "")) == []
    for slug in ("verger", "ancrage"):
        addresses = {
            "upstream_address": f"{slug}@example.net",
            "bridge_address": f"b{slug}@example.org",
        }
        make.mailing_list(slug, mode="mirrored", **addresses)
    session.flush()
    (found,) = checks_queues.mirrors(session, " ")
    assert found.level == Level.WARNING
    assert found.text.endswith("the outside list's: ancrage, verger")
    assert "Set TRUSTED_AUTHSERV" in found.advice
    assert list(checks_queues.mirrors(session, "mx.example.org")) == []


def test_a_late_notice_is_told(session: Session) -> None:
    long_ago = utcnow() - timedelta(hours=1)
    notify(session, NoticeKind.LOGIN, "awa@example.org", "fr", long_ago)
    session.flush()
    assert worst(checks_queues.outgoing(session, utcnow()))[0] == Level.WARNING


def test_a_fault_of_the_smarthost_is_a_failure(session: Session) -> None:
    now = utcnow()
    session.add(SmarthostFault(since=now, last_at=now, reply="554 no"))
    session.flush()
    level, told = worst(checks_queues.outgoing(session, now))
    assert level == Level.FAILURE
    assert "554 no" in told


def test_an_index_that_nobody_fills_is_told(app: Flask, session: Session, make: Make) -> None:
    post = make.post(make.mailing_list())
    session.query(IndexQueue).delete()
    assert checks_site.search(session, search_index(), utcnow()).level == Level.WARNING
    session.add(IndexQueue(post_id=post.id, queued_at=utcnow()))
    session.flush()
    assert checks_site.search(session, search_index(), utcnow()).level == Level.OK
    later = utcnow() + timedelta(hours=1)
    assert checks_site.search(session, search_index(), later).level == Level.WARNING


def test_the_command_tells_a_line_each_and_its_status(run: Run, settings: Settings) -> None:  # noqa: F811
    printed = run("doctor")
    topics = [line.split(":")[0].split(maxsplit=1)[1] for line in printed.out.splitlines()]
    wanted = ("configuration", "secret key", "disk", "database", "search index", "mail in",
              "mail out", "subscriptions", "signing", "smarthost")  # fmt: skip
    assert set(wanted) == set(topics)
    assert all(line.split()[0] in ("ok", "warning", "failure") for line in printed.out.splitlines())
    settings.secret_key_file.chmod(0o644)
    broken = run("doctor", "--json", status=1).json
    assert broken["ok"] is False
    failed = [one for one in broken["findings"] if one["level"] == "failure"]
    assert [one["topic"] for one in failed] == ["secret key"]
    assert "chmod 600" in failed[0]["advice"]
