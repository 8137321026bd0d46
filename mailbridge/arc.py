"""ARC (RFC 8617): what was found out about a mail when it came in, sealed onto its copies.

A copy bears the list's footer, so that its author's own signature no longer holds. A receiver that
trusts this site can read in the seal that it did hold. Where nothing was found out nothing is
sealed, nor onto a chain of others that is broken or was not checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dkim

from forum.domain.headers import Headers
from forum.settings import Settings
from mailbridge.authentication import (
    MethodResult,
    Verdict,
    author_domain,
    own_verdict,
    trusted_results,
)
from mailbridge.dns_text import LookupFailed, TxtLookup
from mailbridge.header_fields import LINE_ENDS
from mailbridge.list_headers import folded
from mailbridge.signing import Signer, relaxed, relaxed_fields

LONGEST_CHAIN: Final = 50
"""RFC 8617, section 4.2.1."""

_NAMES: Final = ("ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal")
"""Of one set, in the order in which seals cover them (section 5.1.1)."""
_INSTANCE: Final = re.compile(rb"(?:\A|;)\s*i\s*=\s*([0-9]{1,2})\s*(?:;|\Z)")
_TOLD: Final = ("header.d", "header.s", "header.from", "smtp.mailfrom")
"""What else a server notes, such as who signed in, is nobody's business."""
_ODD: Final = re.compile(r"[^\w.@/+:-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chain:
    """What is sealed onto the copies of a post, the same for all."""

    instance: int
    """The number of the new set, from 1."""
    results: bytes
    """The new ARC-Authentication-Results field."""
    earlier: tuple[bytes, ...] = ()
    """The fields of earlier sets, oldest set first, each with its line end."""


def chain_of(raw: bytes, settings: Settings, lookup: TxtLookup | None) -> Chain | None:
    """What can be sealed of a message; None where nothing is known of it.

    Args:
        raw: as it came in; any line ends.
        lookup: asks the DNS; None where that is not wanted.
    """
    raw = LINE_ENDS.sub(b"\r\n", raw)
    headers = Headers.of(raw)
    found = trusted_results(headers, settings.trusted_authserv)
    server = settings.trusted_authserv if found else settings.mail_domain
    told = _told(found) if found else _own(raw, headers, lookup)
    earlier = _earlier(headers)
    if not told or earlier is None:
        return None
    if earlier and not _holds(raw, found, lookup):
        return None
    instance = len(earlier) // len(_NAMES) + 1
    if instance > LONGEST_CHAIN:
        return None
    results = folded(_NAMES[0], f"i={instance}; {server}; {'; '.join(told)}")
    return Chain(instance, results, earlier) if results else None


def sealed(chain: Chain, head: bytes, body_digest: bytes, signer: Signer, now: datetime) -> bytes:
    """The ARC fields of one copy, to be put in front.

    Args:
        head: all fields of the copy, line ends CRLF, without the empty line.
        body_digest: as `BodyHash` gives it.
    """
    number = f"i={chain.instance}"
    signature = signer.over(_NAMES[1], number, relaxed_fields(head), body_digest)
    verdict = "pass" if chain.earlier else "none"
    unsigned = (
        f"{_NAMES[2]}: {number}; a=rsa-sha256; t={int(now.timestamp())}; cv={verdict};\r\n"
        f" d={signer.domain}; s={signer.selector};\r\n b="
    ).encode("ascii")
    covered = [*chain.earlier, chain.results, signature, unsigned]
    seal = unsigned + signer.signature(relaxed(field).line for field in covered)
    # RFC 8617, section 5.1: a newer set above the older.
    return b"".join((seal, signature, chain.results, *reversed(chain.earlier)))


def _told(results: Sequence[MethodResult]) -> list[str]:
    """Results as the header writes them, without what could bring a meaning of its own."""
    told = []
    for one in results[:20]:
        known = [
            f"{name}={_plain(value)}"
            for name, value in one.properties
            if name in _TOLD and _plain(value)
        ]
        told.append(" ".join([f"{one.method}={one.result}", *known[:4]]))
    return told


def _plain(value: str) -> str:
    return _ODD.sub("", value)[:200]


def _own(raw: bytes, headers: Headers, lookup: TxtLookup | None) -> list[str]:
    if lookup is None:
        return []
    verdict = own_verdict(raw, headers, lookup)
    if verdict is Verdict.NONE:
        return []
    return [f"dmarc={verdict} header.from={_plain(author_domain(headers))}"]


def _earlier(headers: Headers) -> tuple[bytes, ...] | None:
    """The sets that a message bears, in the order that seals cover; None for an unsound chain."""
    sets: dict[int, dict[str, bytes]] = {}
    known = {name.lower().encode(): name for name in _NAMES}
    for key, value in headers.fields:
        name = known.get(key)
        if name is None:
            continue
        match = _INSTANCE.search(value)
        number = int(match[1]) if match else 0
        same = sets.setdefault(number, {})
        if name in same:
            return None
        same[name] = name.encode() + b":" + value.rstrip(b"\r\n") + b"\r\n"
    if sorted(sets) != list(range(1, len(sets) + 1)):
        return None
    if any(len(same) != len(_NAMES) for same in sets.values()):
        return None
    return tuple(sets[number][name] for number in sorted(sets) for name in _NAMES)


def _holds(raw: bytes, results: Sequence[MethodResult], lookup: TxtLookup | None) -> bool:
    """Whether the chain of a message holds, by the trusted server's word or our own check."""
    words = [one.result for one in results if one.method == "arc"]
    if words:
        return words[0] == "pass"
    if lookup is None:
        return False

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        found = lookup(name.decode("ascii", "replace").rstrip("."))
        return found[0] if found else None

    try:
        verdict, _, _ = dkim.arc_verify(raw, dnsfunc=answer)
    except (dkim.DKIMException, LookupFailed, ValueError, IndexError, KeyError, AssertionError):
        # Also what dkimpy does not foresee in hostile tags.
        return False
    return bool(verdict == dkim.CV_Pass)
