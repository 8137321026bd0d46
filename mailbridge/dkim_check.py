"""Whether a DKIM signature holds (RFC 6376, RFC 8301, RFC 8463).

dkimpy reads signatures and hashes headers; keys and signatures are checked by `cryptography`,
which is faster and knows Ed25519 too. Bodies are brought into form here, in linear time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import dkim
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError
from dkim.util import InvalidTagValueList, parse_tag_value

from mailbridge.dns_text import LookupFailed, TxtLookup

MAX_HEADER: Final = 200_000
MAX_SIGNATURE: Final = 4_096
_MIN_RSA_BITS: Final = 1024
"""RFC 8301, section 3.2: shorter keys are not to be considered valid."""
_ALGORITHMS: Final = (b"rsa-sha256", b"ed25519-sha256")


class Outcome(StrEnum):
    """What became of one signature."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    """Something signed was changed, or the key was withdrawn."""
    UNKNOWN = "unknown"
    """No answer of the DNS, or a signature that says nothing."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature field, read."""

    index: int
    """0-based, from the top."""
    domain: str
    """d=, lower case."""


class _Unreadable(Exception):
    """A signature or key that says nothing."""


class SignedMessage:
    """A message whose signatures are looked at; never raises, whatever the bytes."""

    def __init__(self, raw: bytes) -> None:
        """Read the header; a message without end or beginning has no signatures."""
        self._message: Any = None
        end = re.search(rb"\r?\n\r?\n", raw[: MAX_HEADER + 4])
        if end is None or raw[:1] in (b" ", b"\t"):
            return
        try:
            self._message = dkim.DKIM(raw)
        except (dkim.DKIMException, IndexError):
            return

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """All that can be read, from the top."""
        found = []
        for index, value in enumerate(self._values()):
            domain = _tags(value).get(b"d", b"").decode("ascii", "replace").lower().rstrip(".")
            if domain:
                found.append(Signature(index, domain))
        return tuple(found)

    def check(self, signature: Signature, lookup: TxtLookup) -> Outcome:
        """Ask for the key of a signature and check it."""
        if len(self._values()[signature.index]) > MAX_SIGNATURE:
            return Outcome.UNKNOWN
        try:
            tags, names, fields = self._message.verify_headerprep(signature.index)
            return self._checked(tags, names, fields[signature.index], lookup)
        except (LookupFailed, _Unreadable, dkim.DKIMException, InvalidCanonicalizationPolicyError):
            return Outcome.UNKNOWN
        except (ValueError, IndexError, KeyError, AssertionError, binascii.Error):
            # What dkimpy does not foresee in hostile tags.
            return Outcome.UNKNOWN

    def _values(self) -> list[bytes]:
        if self._message is None:
            return []
        return [bytes(v) for name, v in self._message.headers if name.lower() == b"dkim-signature"]

    def _checked(
        self, tags: Mapping[bytes, bytes], names: list[bytes], field: Any, lookup: TxtLookup
    ) -> Outcome:
        # RFC 8301: SHA-1 is no signature. RFC 6376, section 8.2: with l= anybody may add text.
        if tags[b"a"] not in _ALGORITHMS or b"l" in tags or b"from" not in names:
            return Outcome.UNKNOWN
        key = _key(tags, lookup)
        if key is None:
            return Outcome.FAIL
        form = CanonicalizationPolicy.from_c_value(tags.get(b"c", b"simple/simple"))
        body = canonical_body(self._message.body, relaxed=form.body_algorithm.name == b"relaxed")
        if hashlib.sha256(body).digest() != base64.b64decode(b"".join(tags[b"bh"].split())):
            return Outcome.FAIL
        hasher = dkim.HashThrough(hashlib.sha256())
        headers = form.canonicalize_headers(self._message.headers)
        # A second From that was not signed must not go unseen (RFC 6376, section 8.15).
        dkim.hash_headers(hasher, form, headers, [*names, b"from"], field, tags)
        content = base64.b64decode(b"".join(tags[b"b"].split()))
        return Outcome.PASS if _holds(key, content, hasher.digest()) else Outcome.FAIL


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """A body in the form that is hashed (RFC 6376, section 3.4), in linear time.

    Args:
        body: Line ends CRLF.
        relaxed: White space at line ends is dropped, other runs of it count as one space.
    """
    if relaxed:
        body = re.sub(rb"[\t ]+", b" ", body).replace(b" \r\n", b"\r\n")
        body = body.removesuffix(b" ") if not body.endswith(b"\r\n") else body
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    if end == 0:
        return b"" if relaxed else b"\r\n"
    return body[:end] + b"\r\n"


def _tags(value: bytes) -> dict[bytes, bytes]:
    if len(value) > MAX_SIGNATURE:
        return {}
    try:
        return dict(parse_tag_value(value))
    except (InvalidTagValueList, IndexError):
        return {}


def _key(
    tags: Mapping[bytes, bytes], lookup: TxtLookup
) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey | None:
    """The signer's key; None where there is none or it was withdrawn (RFC 6376, 3.6.1)."""
    selector, domain = (tags[name].decode("ascii", "replace") for name in (b"s", b"d"))
    records = [_tags(record) for record in lookup(f"{selector}._domainkey.{domain}")]
    record = next((one for one in records if b"p" in one), None)
    if record is None:
        return None
    content = base64.b64decode(b"".join(record[b"p"].split()))
    kind = record.get(b"k", b"rsa").lower()
    if record.get(b"v", b"DKIM1") != b"DKIM1" or kind != tags[b"a"].partition(b"-")[0]:
        raise _Unreadable
    # t=s: the identity must be of the very domain; t=y, a domain that tries DKIM out: no verdict.
    marks = [mark.strip() for mark in record.get(b"t", b"").split(b":")]
    if b"y" in marks:
        raise _Unreadable
    identity = tags.get(b"i", b"@" + tags[b"d"]).rpartition(b"@")[2].lower()
    if b"s" in marks and identity != tags[b"d"].lower():
        return None
    return None if not content else _public_key(kind, content)


def _public_key(kind: bytes, content: bytes) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    try:
        if kind == b"ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(content)
        # Also reads the bare RSAPublicKey of RFC 8017 that RFC 6376 speaks of.
        key = serialization.load_der_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise _Unreadable from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_RSA_BITS:
        raise _Unreadable
    return key


def _holds(
    key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey, signature: bytes, digest: bytes
) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, digest)
        else:
            key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
