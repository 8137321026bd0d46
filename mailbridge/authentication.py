"""What the site's own mail server found out about a sender (RFC 8601).

Only the Authentication-Results of the configured authserv-id are believed: everybody can write
such a header. No verdict is not a failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.dates import without_comments
from forum.domain.headers import Headers

_METHOD: Final = re.compile(r"([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY: Final = re.compile(
    r"([a-z0-9-]+)\s*\.\s*([a-z0-9_.-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)", re.IGNORECASE
)
_BAD: Final = ("fail", "permerror")


class Verdict(StrEnum):
    """Whether the author's address is theirs, as far as is known."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One `method=result` of an Authentication-Results header."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]
    """For instance `("header.d", "example.org")`."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains it speaks of, lower case."""
        names = ("header.d", "header.i", "header.from", "smtp.mailfrom", "smtp.auth")
        return tuple(
            value.strip('"').rpartition("@")[2].lower().rstrip(".")
            for name, value in self.properties
            if name in names
        )


def verdict(headers: Headers, trusted_authserv: str) -> Verdict:
    """Whether the sender of a message is who From says.

    DMARC's word comes first. Without it a DKIM or SPF pass counts for the author's own domain,
    and their failure only where neither passes.

    Args:
        trusted_authserv: the authserv-id to believe; empty believes none.
    """
    results = trusted_results(headers, trusted_authserv)
    dmarc = [found.result for found in results if found.method == "dmarc"]
    if "pass" in dmarc:
        return Verdict.PASS
    if "fail" in dmarc:
        return Verdict.FAIL
    domain = _author_domain(headers)
    signed = [found for found in results if found.method in ("dkim", "spf", "auth")]
    passing = [found for found in signed if found.result == "pass"]
    if domain and any(_aligned(domain, found) for found in passing):
        return Verdict.PASS
    failing = any(found.result in _BAD for found in signed if found.method != "auth")
    return Verdict.FAIL if failing and not passing else Verdict.NONE


def trusted_results(headers: Headers, trusted_authserv: str) -> tuple[MethodResult, ...]:
    """All results in the topmost block of the trusted server's Authentication-Results.

    Below the first Received header that follows it a sender may have written the same name.
    """
    wanted = trusted_authserv.strip().lower()
    if not wanted:
        return ()
    found: list[MethodResult] = []
    for name, value in headers.fields:
        if name == b"authentication-results":
            found.extend(_parse(value.decode("utf-8", "replace"), wanted))
        elif name == b"received" and found:
            break
    return tuple(found)


def _parse(value: str, wanted: str) -> list[MethodResult]:
    parts = without_comments(" ".join(value[:20_000].split())).split(";")
    server = parts[0].split()
    if not server or server[0].strip('"').lower() != wanted:
        return []
    results: list[MethodResult] = []
    for part in parts[1:]:
        method = _METHOD.match(part.strip())
        if method is None:
            continue
        properties = tuple(
            (f"{kind}.{name}".lower(), text) for kind, name, text in _PROPERTY.findall(part)
        )
        results.append(MethodResult(method[1].lower(), method[2].lower(), properties))
    return results


def _author_domain(headers: Headers) -> str:
    authors = mailboxes(headers.raw("from"))
    return authors[0].key.rpartition("@")[2] if authors else ""


def _aligned(domain: str, found: MethodResult) -> bool:
    """Relaxed alignment (RFC 7489, section 3.1), without a list of public suffixes.

    One domain is the other or lies under it, with at least two labels in common.
    """
    return any(
        other.count(".") >= 1
        and (domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}"))
        for other in found.domains
    )
