"""Who is really writing: what the site's own mail server found out, else what we find ourselves.

Only the Authentication-Results (RFC 8601) of the configured authserv-id are believed: everybody
can write such a header. Where it says nothing and look-ups are allowed, DKIM signatures and the
DMARC policy of the author's domain are asked for. SPF is left to the mail server, which alone
knows the client. No verdict is not a failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.dates import without_comments
from forum.domain.headers import Headers
from mailbridge.dkim_check import Outcome, SignedMessage
from mailbridge.dns_text import LookupFailed, TxtLookup

_METHOD: Final = re.compile(r"([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY: Final = re.compile(
    r"([a-z0-9-]+)\s*\.\s*([a-z0-9_.-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)", re.IGNORECASE
)
_BAD: Final = ("fail", "permerror")
_SIGNATURES: Final = 3
"""How many signatures of the author's domain are checked; each costs a look-up."""
_POLICY: Final = re.compile(rb"\s*(?:(sp)|p)\s*=\s*(none|quarantine|reject)\s*", re.IGNORECASE)


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


def established(raw: bytes, trusted_authserv: str, lookup: TxtLookup | None) -> Verdict:
    """Whether the sender of a message is who From says; never raises.

    The trusted server's word comes first; where it has none, our own check.

    Args:
        trusted_authserv: the authserv-id to believe; empty believes none.
        lookup: asks the DNS; None where that is not wanted.
    """
    headers = Headers.of(raw)
    if lookup is None or trusted_results(headers, trusted_authserv):
        return verdict(headers, trusted_authserv)
    return own_verdict(raw, headers, lookup)


def own_verdict(raw: bytes, headers: Headers, lookup: TxtLookup) -> Verdict:
    """What DKIM and DMARC (RFC 7489) tell when we look ourselves.

    A signature that holds and is aligned with the author's domain passes. Without one it is a
    failure that such a signature was broken, or that the domain asks to quarantine or reject what
    is not authenticated. Where the DNS gives no answer nothing is known.
    """
    domain = author_domain(headers)
    if "." not in domain:
        return Verdict.NONE
    message = SignedMessage(raw)
    signed = [one for one in message.signatures if _is_aligned(domain, one.domain)]
    outcomes = {message.check(one, lookup) for one in signed[:_SIGNATURES]}
    if Outcome.PASS in outcomes:
        return Verdict.PASS
    try:
        strict = outcomes <= {Outcome.FAIL} and asks_for_proof(domain, lookup)
    except LookupFailed:
        strict = False
    return Verdict.FAIL if strict or outcomes == {Outcome.FAIL} else Verdict.NONE


def asks_for_proof(domain: str, lookup: TxtLookup) -> bool:
    """Whether a domain wants mail in its name held or refused that is not authenticated (RFC 7489).

    Without a list of public suffixes the organisation's policy is sought in every parent domain of
    two labels or more (as RFC 7489 does in one).
    """
    labels = domain.split(".")
    for start in range(min(len(labels) - 1, 5)):
        for record in lookup(f"_dmarc.{'.'.join(labels[start:])}"):
            first, *tags = record.split(b";")
            if first.replace(b" ", b"") == b"v=DMARC1":
                wanted = {bool(m[1]): m[2].lower() for m in map(_POLICY.fullmatch, tags) if m}
                # sp= is for the domains below the one that has the record.
                policy = wanted.get(start > 0) or wanted.get(False, b"none")
                return policy in (b"quarantine", b"reject")
    return False


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
    domain = author_domain(headers)
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
    return tuple(
        result
        for name, value in trusted_block(headers, wanted)
        if name == b"authentication-results"
        for result in _parse(value, wanted)
    )


def trusted_block(headers: Headers, trusted_authserv: str) -> tuple[tuple[bytes, bytes], ...]:
    """The fields on top that the trusted server wrote, or left standing: names and values.

    They end at the first Received field below its Authentication-Results; without the latter there
    is no such block.
    """
    wanted = trusted_authserv.strip().lower()
    is_found = False
    for end, (name, value) in enumerate(headers.fields if wanted else ()):
        if name == b"authentication-results":
            is_found = is_found or _is_from(value, wanted)
        elif name == b"received" and is_found:
            return tuple(headers.fields[:end])
    return tuple(headers.fields) if is_found else ()


def _is_from(value: bytes, wanted: str) -> bool:
    server = _parts(value)[0].split()
    return bool(server) and server[0].strip('"').lower() == wanted


def _parts(value: bytes) -> list[str]:
    text = value.decode("utf-8", "replace")[:20_000]
    return without_comments(" ".join(text.split())).split(";")


def _parse(value: bytes, wanted: str) -> list[MethodResult]:
    if not _is_from(value, wanted):
        return []
    parts = _parts(value)
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


def author_domain(headers: Headers) -> str:
    """The domain of the first address in From, lower case; empty where there is none."""
    authors = mailboxes(headers.raw("from"))
    return authors[0].key.rpartition("@")[2] if authors else ""


def _aligned(domain: str, found: MethodResult) -> bool:
    return any(_is_aligned(domain, other) for other in found.domains)


def _is_aligned(domain: str, other: str) -> bool:
    """Relaxed alignment (RFC 7489, section 3.1), without a list of public suffixes.

    One domain is the other or lies under it, with at least two labels in common. Two sisters
    under one organisation are therefore not aligned: no verdict, where a list would know more.
    """
    return other.count(".") >= 1 and (
        domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")
    )
