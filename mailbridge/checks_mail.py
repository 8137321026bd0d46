"""Checks of the way out and of what the DNS says of the site's mail."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from forum.settings import Settings
from mailbridge.dns_records import Records
from mailbridge.dns_text import LookupFailed
from mailbridge.findings import Finding, failure, ok, warning
from mailbridge.signing_keys import KeyFiles, KeyProblem, record_name, record_value
from mailbridge.smtp_transport import SmtpTransport


def keys(settings: Settings) -> Finding:
    """Whether mail is signed, by a key that only its owner can read."""
    files = KeyFiles(settings.data_dir)
    selector = files.signing()
    if not selector:
        return warning(
            "signing", "no key signs the mail", "Run 'passerelle dkim create' and publish it."
        )
    try:
        key = files.load(selector)
    except KeyProblem as problem:
        return failure(
            "signing", f"mail leaves unsigned: {problem}",
            "Bring the key back from a backup, or run 'passerelle dkim create'.",
        )  # fmt: skip
    modes = [path.stat().st_mode & 0o077 for path in files.directory.glob("*.pem")]
    if any(modes):
        told = f"others can read the keys in {files.directory}"
        return failure("signing", told, f"Run 'chmod 600 {files.directory}/*.pem'.")
    others = [one for one in files.selectors() if one != selector]
    kept = f"; kept: {', '.join(others)}" if others else ""
    return ok("signing", f"{selector} signs, RSA of {key.key_size} bits{kept}")


def smarthost(settings: Settings) -> Finding:
    """Whether outgoing mail finds somebody who takes it; none is sent."""
    if settings.smarthost.startswith("file:"):
        return _maildir(Path(settings.smarthost.removeprefix("file:")))
    parts = urlsplit(settings.smarthost)
    shown = f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.port else (
        f"{parts.scheme}://{parts.hostname}"
    )  # fmt: skip
    try:
        offered = SmtpTransport(settings.smarthost).greet()
    except smtplib.SMTPResponseException as error:
        reply = error.smtp_error
        words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        told = f"{shown} answers {error.smtp_code} {' '.join(words.split())}"
        return failure("smarthost", told, "Look at SMARTHOST, its user and its password.")
    except (smtplib.SMTPException, OSError) as error:
        told = f"{shown} cannot be used: {error}"
        return failure("smarthost", told, "Look at SMARTHOST, and whether it runs.")
    if "8bitmime" not in offered:
        return warning(
            "smarthost", f"{shown} answers, without 8BITMIME",
            "It may have to rewrite mails, which breaks their signatures: use another.",
        )  # fmt: skip
    return ok("smarthost", f"{shown} answers: {', '.join(sorted(offered))}")


def _maildir(directory: Path) -> Finding:
    above = next((one for one in (directory, *directory.absolute().parents) if one.exists()), None)
    if above is None or not os.access(above, os.W_OK):
        told = f"the Maildir {directory} cannot be written"
        return failure("smarthost", told, "Look at SMARTHOST, and at the rights of the directory.")
    return warning(
        "smarthost", f"mail is written to the Maildir {directory} and leaves no further",
        "Set SMARTHOST to a mail server.",
    )  # fmt: skip


def dns(settings: Settings, records: Records) -> Iterator[Finding]:
    """What the DNS says of MAIL_DOMAIN; ends where no answer comes."""
    domain = settings.mail_domain
    if "." not in domain:
        yield warning("DNS", f"MAIL_DOMAIN is {domain}, which is in no DNS", "Set MAIL_DOMAIN.")
        return
    try:
        hosts = records.exchangers(domain)
        yield _exchangers(domain, hosts, records)
        yield _sender_policy(domain, records)
        yield from _keys(settings, records)
        yield _dmarc(domain, records)
        for host in hosts[:3]:
            yield from _reverse(host, records)
    except LookupFailed as problem:
        yield warning("DNS", f"no answer: {problem}", "See whether this machine can ask the DNS.")


def _exchangers(domain: str, hosts: tuple[str, ...], records: Records) -> Finding:
    if hosts:
        lost = [host for host in hosts if not records.addresses(host)]
        if lost:
            told = f"MX of {domain} names {', '.join(lost)}, which has no address"
            return failure("DNS", told, "Give it an A or AAAA record, or name another host.")
        return ok("DNS", f"MX of {domain}: {', '.join(hosts)}")
    advice = "Publish an MX record: 'passerelle doctor --dns' shows one."
    if records.addresses(domain):
        return warning("DNS", f"{domain} has no MX record, only an address", advice)
    told = f"{domain} has neither MX record nor address: nobody can write to the lists"
    return failure("DNS", told, advice)


def _sender_policy(domain: str, records: Records) -> Finding:
    found = [one for one in records.txt(domain) if one.lower().split(b" ")[0] == b"v=spf1"]
    if not found:
        told = f"{domain} has no SPF record"
        return warning("DNS", told, "Publish one: 'passerelle doctor --dns' shows it.")
    if len(found) > 1:
        # RFC 7208, section 4.5.
        told = f"{domain} has {len(found)} SPF records, which counts as an error"
        return failure("DNS", told, "Make them one.")
    policy = found[0].decode("ascii", "replace")
    if policy.lower().rstrip().endswith(("+all", " all")):
        told = f"SPF of {domain} lets everybody send: {policy}"
        return warning("DNS", told, "End it with ~all or -all.")
    return ok("DNS", f"SPF of {domain}: {policy}")


def _keys(settings: Settings, records: Records) -> Iterator[Finding]:
    files = KeyFiles(settings.data_dir)
    signing = files.signing()
    for selector in files.selectors():
        name = record_name(selector, settings.mail_domain)
        try:
            wanted = record_value(files.load(selector))
        except KeyProblem:
            continue  # Told of above.
        published = [_without_space(one) for one in records.txt(name)]
        if _without_space(wanted.encode()) in published:
            yield ok("DNS", f"DKIM record {name}")
            continue
        told = f"{name} holds another key" if published else f"{name} is not there"
        advice = f"Publish what 'passerelle dkim show {selector}' prints."
        if selector == signing:
            yield failure("DNS", f"DKIM record {told}: signatures do not hold", advice)
        else:
            yield warning("DNS", f"DKIM record {told}", advice)


def _without_space(record: bytes) -> bytes:
    return b"".join(record.split()).rstrip(b";")


def _dmarc(domain: str, records: Records) -> Finding:
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = [one for one in records.txt(name) if one.replace(b" ", b"").startswith(b"v=DMARC1")]
        if found:
            return ok("DNS", f"DMARC record {name}: {found[0].decode('ascii', 'replace')}")
    told = f"{domain} has no DMARC record"
    return warning("DNS", told, "Publish one: 'passerelle doctor --dns' shows it.")


def _reverse(host: str, records: Records) -> Iterator[Finding]:
    """Whether the addresses of a host point back to it: many servers refuse mail otherwise."""
    for address in records.addresses(host)[:4]:
        names = records.names_of(address)
        if any(address in records.addresses(name) for name in names[:4]):
            yield ok("DNS", f"{address} points to {names[0]}, and back")
            continue
        told = f"{address} of {host} points to no name that points back to it"
        yield warning(
            "DNS", told, "If mail leaves from it, have its provider set the reverse record."
        )
