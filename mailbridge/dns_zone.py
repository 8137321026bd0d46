"""The records that a site's mail needs in the DNS, as lines of a zone file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from forum.settings import Settings
from mailbridge.signing_keys import KeyFiles, record_name, record_value, zone_strings

SECONDS: Final = 3600
_HERE: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """One record to publish."""

    name: str
    """Without the dot at the end."""
    kind: str
    value: str
    """As zone files write it."""

    def line(self) -> str:
        """The line of a zone file (RFC 1035, section 5)."""
        return f"{self.name}. {SECONDS} IN {self.kind} {self.value}"


def records(settings: Settings) -> list[ZoneRecord]:
    """MX, SPF, DKIM for each selector, DMARC.

    The mail exchanger is taken to be the host of SITE_URL. DMARC begins with reports alone
    (`p=none`): a stricter policy can follow once these show that all mail is signed.

    Raises:
        KeyProblem: a key cannot be read.
    """
    domain = settings.mail_domain
    files = KeyFiles(settings.data_dir)
    dmarc = f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
    return [
        ZoneRecord(domain, "MX", f"10 {_exchanger(settings)}."),
        ZoneRecord(domain, "TXT", zone_strings(_sender_policy(settings))),
        *(
            ZoneRecord(
                record_name(selector, domain),
                "TXT",
                zone_strings(record_value(files.load(selector))),
            )
            for selector in files.selectors()
        ),
        ZoneRecord(f"_dmarc.{domain}", "TXT", zone_strings(dmarc)),
    ]


def _exchanger(settings: Settings) -> str:
    host = urlsplit(settings.site_url).hostname or ""
    named = re.search(r"[a-z]", host) and "." in host and ":" not in host
    return host if named else f"mail.{settings.mail_domain}"


def _sender_policy(settings: Settings) -> str:
    """What may send for the domain: its exchanger, and the smarthost where that is another."""
    host = urlsplit(settings.smarthost).hostname or ""
    if not host or host in _HERE or settings.smarthost.startswith("file:"):
        return "v=spf1 mx ~all"
    if ":" in host:
        return f"v=spf1 mx ip6:{host} ~all"
    kind = "ip4" if re.fullmatch(r"[0-9.]+", host) else "a"
    return f"v=spf1 mx {kind}:{host} ~all"
